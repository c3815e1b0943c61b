//! The file of keys beside the backups: one, replaced each time, so that no destroyed key outlives the next backup.
//!
//! An age file with one JSON document. Parties are 32 hex digits; keys are base64; a destroyed one is `null`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hamlet_kernel::Kernel;
use hamlet_kernel::proofs::LOG_KEY_FILE;
use hamlet_kernel::sealed::{Carried, PartyKeys};
use hamlet_proof::Signer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::age::{Identity, Reader, Recipient, Writer};
use crate::error::BackupError;

const FORMAT: u32 = 1;
const HOST_KEY_FILE: &str = "host.key";
const SESSION_FILE: &str = "cli.toml";
/// The longest document that is read, in bytes: a million parties.
const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// The keys of one community.
#[derive(Serialize, Deserialize)]
pub struct Keys {
    /// The form of this document.
    #[serde(rename = "hamlet_keys")]
    form: u32,
    /// The newest checkpoint when they were gathered.
    pub checkpoint: String,
    /// The log's signing key, in its text form.
    log: String,
    /// The host's secret.
    host: String,
    /// What the command line holds: tokens. Empty where there is none.
    session: String,
    parties: BTreeMap<String, Option<String>>,
}

impl Drop for Keys {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.log.zeroize();
        self.host.zeroize();
        self.session.zeroize();
        self.parties.values_mut().flatten().for_each(zeroize::Zeroize::zeroize);
    }
}

impl Keys {
    pub(crate) fn gather(kernel: &Kernel, home: &Path) -> Result<Self, BackupError> {
        let read = |name: &str| {
            let path = home.join("keys").join(name);
            fs::read(&path).map_err(BackupError::file(&path))
        };
        let log = String::from_utf8_lossy(&read(LOG_KEY_FILE)?).trim_end().to_owned();
        let host = BASE64.encode(Zeroizing::new(read(HOST_KEY_FILE)?));
        let session = fs::read_to_string(home.join(SESSION_FILE)).unwrap_or_default();
        let parties = kernel
            .carry_keys()?
            .into_iter()
            .map(|one| (format!("{}", one.party), one.key.map(|key| BASE64.encode(key.as_slice()))));
        let checkpoint = kernel.checkpoint()?;
        Ok(Self { form: FORMAT, checkpoint, log, host, session, parties: parties.collect() })
    }

    /// The log's key.
    pub(crate) fn signer(&self) -> Result<Signer, BackupError> {
        Signer::from_text(&self.log).map_err(|error| BackupError::Form(error.to_string()))
    }

    /// Ids of parties whose keys were destroyed.
    pub fn erased(&self) -> Vec<String> {
        self.parties.iter().filter(|(_, key)| key.is_none()).map(|(party, _)| party.clone()).collect()
    }

    /// Forgets the keys of these parties, and remembers that they were destroyed; how many it still had.
    pub(crate) fn erase(&mut self, parties: impl IntoIterator<Item = String>) -> usize {
        let mut had = 0;
        for party in parties {
            had += usize::from(self.parties.insert(party, None).flatten().is_some());
        }
        had
    }

    /// Encrypts them into a file, beside and then renamed. Then the old one's bytes are overwritten.
    pub(crate) fn write(&self, path: &Path, recipients: &[Recipient]) -> Result<(), BackupError> {
        let failed = || BackupError::file(path);
        let beside = path.with_extension("new");
        let mut options = File::options();
        let file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(failed())?;
        let mut writer = Writer::new(file, recipients)?;
        let document = Zeroizing::new(serde_json::to_vec(self).map_err(std::io::Error::from)?);
        writer.write_all(&document)?;
        writer.finish()?.sync_all().map_err(failed())?;
        let old = path.with_extension("old");
        if path.exists() {
            fs::rename(path, &old).map_err(failed())?;
        }
        fs::rename(&beside, path).map_err(failed())?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed())?;
        if old.exists() {
            scrub(&old).and_then(|()| fs::remove_file(&old)).map_err(BackupError::file(&old))?;
        }
        Ok(())
    }

    /// Puts them where a kernel finds them.
    pub(crate) fn put(&self, home: &Path) -> Result<(), BackupError> {
        let form = |what: &str| BackupError::Form(format!("{what} among the keys is damaged"));
        let folder = home.join("keys");
        fs::create_dir_all(&folder).map_err(BackupError::file(&folder))?;
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(BackupError::file(&folder))?;
        let path = folder.join(LOG_KEY_FILE);
        self.signer()?.write(&path).map_err(|error| BackupError::Form(error.to_string()))?;
        let host = Zeroizing::new(BASE64.decode(&self.host).map_err(|_| form("the host's secret"))?);
        private(&folder.join(HOST_KEY_FILE), &host)?;
        if !self.session.is_empty() {
            private(&home.join(SESSION_FILE), self.session.as_bytes())?;
        }
        let carried = self.parties.iter().map(|(party, key)| {
            let wrong = || form("the key of a party");
            let decode = |key: &String| {
                let bytes = Zeroizing::new(BASE64.decode(key).map_err(|_| wrong())?);
                <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| wrong())
            };
            let party = party.parse().map_err(|_| wrong())?;
            Ok(Carried { party, key: key.as_ref().map(decode).transpose()? })
        });
        PartyKeys::restore(home, &carried.collect::<Result<Vec<_>, BackupError>>()?)?;
        Ok(())
    }
}

/// Opens a file of keys.
///
/// # Errors
/// It does not open with this identity, or holds something else.
pub fn read_keys(path: &Path, identity: &Identity) -> Result<Keys, BackupError> {
    let file = File::open(path).map_err(BackupError::file(path))?;
    let mut document = Zeroizing::new(Vec::new());
    Reader::new(std::io::BufReader::new(file), identity)?
        .take(DOCUMENT_BYTES_MAX)
        .read_to_end(&mut document)?;
    let keys: Keys = serde_json::from_slice(&document)
        .map_err(|error| BackupError::Form(format!("the file of keys cannot be read: {error}")))?;
    if keys.form > FORMAT {
        return Err(BackupError::Newer("its keys".to_owned()));
    }
    Ok(keys)
}

fn private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let failed = || BackupError::file(path);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed())?;
    file.write_all(bytes).map_err(failed())?;
    file.sync_all().map_err(failed())
}

/// Overwrites a file in place. On flash and on copying file systems old blocks may survive below it: there only
/// the encryption of the file protects, and a fresh identity.
fn scrub(path: &Path) -> std::io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    let length = file.metadata()?.len();
    std::io::copy(&mut std::io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}
