//! A publisher's secret key, in minisign's file form, in the clear or under a password.
//!
//! ```text
//! untrusted comment: TEXT
//! base64("Ed" ‖ kdf, 2 ‖ "B2" ‖ salt, 32 ‖ opslimit, u64 ‖ memlimit, u64 ‖ secret, 104)
//! secret = key id, 8 ‖ seed, 32 ‖ public key, 32 ‖ BLAKE2b-256("Ed" ‖ key id ‖ seed ‖ public key), 32
//! ```
//!
//! Numbers have the small end first. `kdf` is two zero bytes for a key in the clear; then salt and
//! limits are zeros, and minisign leaves zeros for the hash too. It is `Sc` for a key under a
//! password; then `secret` is combined by exclusive or with scrypt's output of 104 bytes.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use ed25519_dalek::{Signer as _, SigningKey};

use super::{PLAIN, Publisher, SignError, UNTRUSTED, exact};

const KDF_NONE: [u8; 2] = [0, 0];
const KDF_SCRYPT: [u8; 2] = *b"Sc";
const HASH_BLAKE2B: [u8; 2] = *b"B2";
const FILE_BYTES: usize = 158;
const SECRET_BYTES: usize = 104;
/// Longest secret key file that is read, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// What a password is stretched with: scrypt with N = 2^17, r = 8, p = 1 (OWASP's first choice):
/// 128 MiB, some 0.4 s. minisign's own choice is 1 GiB, which a small box does not have.
const OPS_LIMIT: u64 = 1 << 22;
const MEMORY_LIMIT: u64 = 1 << 27;
/// minisign's own settings: more is not read, or a key file could stop the machine.
const OPS_LIMIT_MAX: u64 = 1 << 25;
const MEMORY_LIMIT_MAX: u64 = 1 << 30;

/// A publisher's secret key. Never shown; wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey {
    key_id: [u8; 8],
    key: SigningKey,
}

impl SecretKey {
    /// A new key pair.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<SecretKey, SignError> {
        let (mut seed, mut key_id) = ([0; 32], [0; 8]);
        random(&mut seed)?;
        random(&mut key_id)?;
        Ok(SecretKey { key_id, key: SigningKey::from_bytes(&seed) })
    }

    /// Reads a secret key file of minisign or of [`write_key_pair`].
    ///
    /// Cost: nothing for one in the clear; under a password as much memory and time as its maker
    /// chose, up to 1 GiB.
    ///
    /// # Errors
    /// Another form; a password that is missing or wrong.
    pub fn parse(text: &str, password: Option<&str>) -> Result<SecretKey, SignError> {
        let form = |why| SignError::Form { what: "a secret key", why };
        if text.len() > TEXT_BYTES_MAX {
            return Err(form("it is too long"));
        }
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let [comment, encoded] = lines.as_slice() else { return Err(form("it has not two lines")) };
        if !comment.starts_with(UNTRUSTED) {
            return Err(form("line 1 is no untrusted comment"));
        }
        let bytes: [u8; FILE_BYTES] = exact(encoded).ok_or(form("line 2 is not 158 bytes of base64"))?;
        let file = KeyFile::split(&bytes).ok_or(form("line 2"))?;
        if file.algorithm != PLAIN || file.hash != HASH_BLAKE2B {
            return Err(form("it names another algorithm"));
        }
        let mut secret = file.secret;
        match file.kdf {
            KDF_NONE => {}
            KDF_SCRYPT => {
                let password = password.ok_or(SignError::PasswordNeeded)?;
                stretch(password, &file.salt, file.ops_limit, file.memory_limit, &mut secret)?;
            }
            _ => return Err(form("it is encrypted in a way that is not known")),
        }
        let (key_id, pair, hash) = split_secret(&secret).ok_or(form("line 2"))?;
        // What tells a wrong password. A key in the clear that minisign wrote has zeros there.
        let unhashed = file.kdf == KDF_NONE && hash == [0; 32];
        if !unhashed && hash != checksum(key_id, &pair) {
            return Err(SignError::Password);
        }
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| SignError::Password)?;
        Ok(SecretKey { key_id, key })
    }

    /// The text of its file, under a password or in the clear.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn to_file(&self, password: Option<&str>) -> Result<String, SignError> {
        let pair = self.key.to_keypair_bytes();
        let hash = if password.is_some() { checksum(self.key_id, &pair) } else { [0; 32] };
        let mut secret = [0; SECRET_BYTES];
        for (place, byte) in secret.iter_mut().zip(self.key_id.iter().chain(&pair).chain(&hash)) {
            *place = *byte;
        }
        let (mut salt, mut limits, mut kdf) = ([0; 32], (0, 0), KDF_NONE);
        if let Some(password) = password {
            random(&mut salt)?;
            (kdf, limits) = (KDF_SCRYPT, (OPS_LIMIT, MEMORY_LIMIT));
            stretch(password, &salt, OPS_LIMIT, MEMORY_LIMIT, &mut secret)?;
        }
        let (ops, memory) = (limits.0.to_le_bytes(), limits.1.to_le_bytes());
        let bytes = [&PLAIN[..], &kdf, &HASH_BLAKE2B, &salt, &ops, &memory, &secret].concat();
        let kind = if password.is_some() { "encrypted " } else { "" };
        Ok(format!("{UNTRUSTED}minisign {kind}secret key\n{}\n", STANDARD.encode(bytes)))
    }

    /// The public half.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.key_id, &self.key.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.publisher())
    }
}

/// Writes a key pair to two new files: the secret one readable by its owner only. Nothing that is
/// there already is replaced: a publisher who loses a key can never again upgrade her plugins.
///
/// # Errors
/// A file exists or cannot be written.
pub fn write_key_pair(
    key: &SecretKey,
    password: Option<&str>,
    secret_path: &Path,
    public_path: &Path,
) -> Result<(), SignError> {
    let text = key.to_file(password)?;
    write_new(secret_path, &text, 0o600)?;
    write_new(public_path, &key.publisher().to_file(), 0o644)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), SignError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| SignError::Write { path: path.to_owned(), source })
}

struct KeyFile {
    algorithm: [u8; 2],
    kdf: [u8; 2],
    hash: [u8; 2],
    salt: [u8; 32],
    ops_limit: u64,
    memory_limit: u64,
    secret: [u8; SECRET_BYTES],
}

impl KeyFile {
    fn split(bytes: &[u8; FILE_BYTES]) -> Option<KeyFile> {
        let (algorithm, rest) = bytes.split_first_chunk::<2>()?;
        let (kdf, rest) = rest.split_first_chunk::<2>()?;
        let (hash, rest) = rest.split_first_chunk::<2>()?;
        let (salt, rest) = rest.split_first_chunk::<32>()?;
        let (ops, rest) = rest.split_first_chunk::<8>()?;
        let (memory, rest) = rest.split_first_chunk::<8>()?;
        Some(KeyFile {
            algorithm: *algorithm,
            kdf: *kdf,
            hash: *hash,
            salt: *salt,
            ops_limit: u64::from_le_bytes(*ops),
            memory_limit: u64::from_le_bytes(*memory),
            secret: rest.try_into().ok()?,
        })
    }
}

fn split_secret(secret: &[u8; SECRET_BYTES]) -> Option<([u8; 8], [u8; 64], [u8; 32])> {
    let (key_id, rest) = secret.split_first_chunk::<8>()?;
    let (pair, hash) = rest.split_first_chunk::<64>()?;
    Some((*key_id, *pair, hash.try_into().ok()?))
}

fn checksum(key_id: [u8; 8], pair: &[u8; 64]) -> [u8; 32] {
    let hash = Blake2b::<U32>::new().chain_update(PLAIN).chain_update(key_id).chain_update(pair);
    hash.finalize().into()
}

/// Combines `secret` with the stretched password, which encrypts and decrypts.
fn stretch(
    password: &str,
    salt: &[u8; 32],
    ops_limit: u64,
    memory_limit: u64,
    secret: &mut [u8; SECRET_BYTES],
) -> Result<(), SignError> {
    let (log_n, r, p) = work(ops_limit, memory_limit).ok_or(SignError::Work)?;
    let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| SignError::Work)?;
    let mut stream = [0; SECRET_BYTES];
    scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut stream).map_err(|_| SignError::Work)?;
    for (byte, mask) in secret.iter_mut().zip(stream) {
        *byte ^= mask;
    }
    Ok(())
}

/// scrypt's log2(N), r and p from libsodium's two limits, by libsodium's rule.
fn work(ops_limit: u64, memory_limit: u64) -> Option<(u8, u32, u32)> {
    const R: u64 = 8;
    if ops_limit > OPS_LIMIT_MAX || memory_limit > MEMORY_LIMIT_MAX {
        return None;
    }
    let ops_limit = ops_limit.max(32_768);
    // The smallest power of two, from 2^1, that is more than half of what is allowed.
    let log_n = |n_max: u64| (1..63_u8).find(|log| (1_u64 << log) > n_max / 2);
    if ops_limit < memory_limit / 32 {
        return Some((log_n(ops_limit / (R * 4))?, 8, 1));
    }
    let log_n = log_n(memory_limit / (R * 128))?;
    let rp_max = (ops_limit / 4) >> log_n;
    Some((log_n, 8, u32::try_from(rp_max / R).ok()?))
}

fn random(bytes: &mut [u8]) -> Result<(), SignError> {
    getrandom::fill(bytes).map_err(|error| SignError::Random(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_follows_libsodium_for_minisigns_setting_and_for_ours() {
        assert_eq!(work(1 << 25, 1 << 30), Some((20, 8, 1)));
        assert_eq!(work(OPS_LIMIT, MEMORY_LIMIT), Some((17, 8, 1)));
        assert_eq!(work(1 << 26, 1 << 30), None);
        assert_eq!(work(1 << 25, 1 << 31), None);
    }

    #[test]
    fn work_stays_small_whatever_a_key_file_says() {
        for ops in (0..=25).map(|log| 1_u64 << log) {
            for memory in (0..=30).map(|log| 1_u64 << log) {
                let Some((log_n, r, p)) = work(ops, memory) else { continue };
                let bytes = (u64::from(r) * 128) << log_n;
                assert!(bytes <= MEMORY_LIMIT_MAX, "{ops} {memory}: {bytes}");
                assert!(u64::from(p) <= OPS_LIMIT_MAX);
            }
        }
    }
}
