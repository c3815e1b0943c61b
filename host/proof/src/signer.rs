//! Keys of signed notes (C2SP signed-note, Ed25519, type 0x01), in the text forms that Go's
//! `golang.org/x/mod/sumdb/note` and the transparency tools read:
//!
//! ```text
//! public   NAME+ID+BASE64          ID = SHA-256(NAME ‖ 0x0A ‖ 0x01 ‖ public key)[:4] as eight hex digits
//! secret   PRIVATE+KEY+NAME+ID+BASE64            BASE64 = 0x01 ‖ public key, or 0x01 ‖ seed
//! ```
//!
//! The public text is what a community prints, and what `hamlet verify` and `hamlet-verify.py` are given.
//! Whoever reads the secret file can sign a second history; that alone deceives nobody who kept a
//! checkpoint of the first.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Ed25519, as signed notes number it.
const ED25519: u8 = 1;
const SECRET_WORDS: &str = "PRIVATE+KEY+";
/// Longer than any key file that this module writes.
const FILE_BYTES_MAX: u64 = 4096;
/// The longest name, in bytes: it stands in every checkpoint and receipt.
pub const NAME_BYTES_MAX: usize = 255;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The name does not fit into a signed note.
    #[error("{0:?} cannot name a key: 1 to 255 bytes without spaces, plus signs or control characters")]
    Name(String),
    /// The text is no key of a signed note.
    #[error("this is not a key of signed checkpoints: {0}")]
    Text(&'static str),
    /// The key file is somebody else's to read.
    #[error("{} may be read by others than its owner (mode {mode:o}); chmod 600 it, and think about who read it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is another community's.
    #[error("{} is the key of {found:?}, not of {wanted:?}", path.display())]
    OtherName {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose was wanted.
        wanted: String,
    },
    /// The operating system refused.
    #[error("the key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No randomness for a new key.
    #[error("the system gives no randomness for a new key: {0}")]
    Randomness(String),
}

/// Which key signed: the first bytes of a hash over name and key. Not a proof of anything.
pub(crate) type KeyId = [u8; 4];

/// A community's signing key, with its name.
pub struct Signer {
    name: String,
    key: SigningKey,
    id: KeyId,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.verifier())
    }
}

impl Signer {
    /// A new key from the system's randomness.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Randomness(error.to_string()))?;
        Self::from_seed(name, &seed)
    }

    /// The key with this seed: for tests that must give the same bytes each time.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key = SigningKey::from_bytes(seed);
        let id = key_id(name, &key.verifying_key());
        Ok(Self { name: name.to_owned(), key, id })
    }

    /// Reads the key file, or makes one at the first start (mode 0600, flushed with its folder). A key that
    /// others may read, or one with another name, is refused.
    pub fn load_or_create(path: &Path, name: &str) -> Result<Self, KeyError> {
        match Self::load(path)? {
            Some(signer) if signer.name == name => Ok(signer),
            Some(signer) => {
                let (found, wanted) = (signer.name, name.to_owned());
                Err(KeyError::OtherName { path: path.to_owned(), found, wanted })
            }
            None => {
                let signer = Self::generate(name)?;
                signer.write(path)?;
                Ok(signer)
            }
        }
    }

    /// Reads the key file, whatever its key is called: a log keeps its name when the community changes its host
    /// name, since every receipt carries it. None where there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Open { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Self::from_text(text.trim_end()).map(Some)
    }

    /// Keeps it in a key file that is not there yet (mode 0600, flushed with its folder).
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        self.write_file(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })
    }

    /// Written beside and then linked into place, so that a key file is whole and never replaced.
    fn write_file(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let beside = path.with_extension("new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        writeln!(file, "{}", self.secret_text())?;
        file.sync_all()?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        linked?;
        File::open(folder)?.sync_all()
    }

    /// The secret text form, for a key file and its backup.
    pub fn secret_text(&self) -> String {
        format!("{SECRET_WORDS}{}", key_text(&self.name, self.id, &self.key.to_bytes()))
    }

    /// Reads the secret text form.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let rest =
            text.strip_prefix(SECRET_WORDS).ok_or(KeyError::Text("it does not begin with PRIVATE+KEY"))?;
        let (name, id, seed) = parse_key(rest)?;
        let signer = Self::from_seed(name, &seed)?;
        if signer.id == id { Ok(signer) } else { Err(KeyError::Text("its number does not fit the key")) }
    }

    /// Whose key it is: a schema-less URL such as `village.example/log`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }

    /// The public half.
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), key: self.key.verifying_key(), id: self.id }
    }
}

/// A community's public key, with its name. As text (`Display`, `FromStr`) it is the public form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
    id: KeyId,
}

impl Verifier {
    /// Whose key it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Strict: a signature has one form only, and weak keys sign nothing.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&key_text(&self.name, self.id, &self.key.to_bytes()))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, bytes) = parse_key(text)?;
        check_name(name)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Text("its bytes are no point"))?;
        if key_id(name, &key) != id {
            return Err(KeyError::Text("its number does not fit the key"));
        }
        Ok(Self { name: name.to_owned(), key, id })
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |character: char| character.is_whitespace() || character.is_control() || character == '+';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(bad) {
        return Err(KeyError::Name(name.to_owned()));
    }
    Ok(())
}

fn key_id(name: &str, key: &VerifyingKey) -> KeyId {
    let mut hasher = Sha256::new_with_prefix(name);
    hasher.update([b'\n', ED25519]);
    hasher.update(key.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

fn key_text(name: &str, id: KeyId, key: &[u8; 32]) -> String {
    let mut bytes = vec![ED25519];
    bytes.extend_from_slice(key);
    format!("{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(bytes))
}

/// Name, id and the 32 bytes. Base64 may hold plus signs, names may not.
fn parse_key(text: &str) -> Result<(&str, KeyId, [u8; 32]), KeyError> {
    const PARTS: KeyError = KeyError::Text("it has not three parts between plus signs");
    let (name, rest) = text.split_once('+').ok_or(PARTS)?;
    let (id, key) = rest.split_once('+').ok_or(PARTS)?;
    let digits = id.len() == 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = u32::from_str_radix(id, 16)
        .ok()
        .filter(|_| digits)
        .ok_or(KeyError::Text("its number is no number"))?;
    let bytes = STANDARD.decode(key).map_err(|_| KeyError::Text("its last part is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519, key)) => {
            let key = key.try_into().map_err(|_| KeyError::Text("it has not 32 bytes"))?;
            Ok((name, id.to_be_bytes(), key))
        }
        _ => Err(KeyError::Text("it is not an Ed25519 key")),
    }
}
