//! The host's secret of one community: 32 random bytes in `keys/host.key`, from which other keys are derived.
//!
//! It authenticates cached machine code (J6), makes the pseudonyms of callers in the journal, and what crates above the
//! kernel authenticate (`Kernel::key_for`: by what a browser is known). It is
//! no party's key. Lost, the cache is compiled again and old pseudonyms no longer match new ones; leaked, pseudonyms
//! can be resolved by trying all members, and whoever may also write the cache can run code in the host.

use std::io::Write as _;
use std::path::Path;

use crate::config::Entropy;
use crate::kernel::OpenError;

const LENGTH: usize = 32;

pub(crate) struct HostSecret([u8; LENGTH]);

impl HostSecret {
    /// Reads the secret of a folder, or makes it.
    pub(crate) fn open(dir: &Path, entropy: &dyn Entropy) -> Result<Self, OpenError> {
        let keys = dir.join("keys");
        let path = keys.join("host.key");
        let fail = |error| OpenError::File { path: path.clone(), error };
        std::fs::create_dir_all(&keys).map_err(fail)?;
        match std::fs::read(&path) {
            Ok(bytes) => match <[u8; LENGTH]>::try_from(bytes.as_slice()) {
                Ok(secret) => Ok(Self(secret)),
                Err(_) => Err(OpenError::Other(format!(
                    "{} should hold {LENGTH} bytes and holds {}: bring it back from a backup of the keys",
                    path.display(),
                    bytes.len()
                ))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = Self::random(entropy);
                secret.write(&keys, &path).map_err(fail)?;
                Ok(secret)
            }
            Err(error) => Err(fail(error)),
        }
    }

    /// A secret that dies with the process.
    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        let mut secret = [0; LENGTH];
        entropy.fill(&mut secret);
        Self(secret)
    }

    /// A key for one purpose.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; LENGTH] {
        blake3::derive_key(purpose, &self.0)
    }

    /// Written beside and renamed, so that a crash leaves a whole secret or none.
    fn write(&self, keys: &Path, path: &Path) -> std::io::Result<()> {
        let beside = keys.join("host.key.new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(&self.0)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        std::fs::File::open(keys)?.sync_all()
    }
}

impl Drop for HostSecret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}
