//! The header: the file's key, sealed for each recipient, under a MAC.

use std::io::Read;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use chacha20poly1305::{
    ChaCha20Poly1305, Key, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use zeroize::Zeroizing;

use super::{
    AgeError, Identity, Recipient,
    kdf::{hkdf, hmac},
    random,
};

/// The most recipients of one file.
pub const RECIPIENTS_MAX: usize = 20;
/// The longest header that is read, in bytes: room for some hundred recipients of any kind.
const HEADER_BYTES_MAX: usize = 64 * 1024;

const FIRST_LINE: &str = "age-encryption.org/v1";
const WRAP: &str = "age-encryption.org/v1/X25519";
const END: &str = "---";

pub(super) type FileKey = Zeroizing<[u8; 16]>;

/// A new file key and the header that gives it to the recipients.
pub(super) fn make(recipients: &[Recipient]) -> Result<(FileKey, String), AgeError> {
    if !(1..=RECIPIENTS_MAX).contains(&recipients.len()) {
        return Err(AgeError::NoRecipients);
    }
    let key: FileKey = Zeroizing::new(random()?);
    let mut header = format!("{FIRST_LINE}\n");
    for recipient in recipients {
        let ephemeral = Identity::generate()?;
        let share = ephemeral.recipient().0;
        let shared =
            ephemeral.agree(recipient.0).ok_or_else(|| AgeError::Recipient(recipient.to_string()))?;
        let wrap = wrapping(&shared, &share, &recipient.0);
        // One key, one message: the nonce may be zero, as the format says. The cipher refuses nothing this short.
        let body = wrap.encrypt(&Nonce::default(), &key[..]).map_err(|_| AgeError::NoRecipients)?;
        header.extend(["-> X25519 ", &BASE64.encode(share), "\n", &BASE64.encode(body), "\n"]);
    }
    header.push_str(END);
    let mac = mac(&key, &header);
    header.extend([" ", &BASE64.encode(mac), "\n"]);
    Ok((key, header))
}

/// Reads a header and opens the file key with the identity.
pub(super) fn open(from: &mut dyn Read, identity: &Identity) -> Result<FileKey, AgeError> {
    let mut read = Lines { from, left: HEADER_BYTES_MAX };
    let mut header = String::new();
    if read.line()? != FIRST_LINE {
        return Err(AgeError::Form("its first line is another one"));
    }
    header.push_str(FIRST_LINE);
    header.push('\n');
    let mut found = None;
    let mut line = read.line()?;
    while let Some(stanza) = line.strip_prefix("-> ") {
        let arguments: Vec<&str> = stanza.split(' ').collect();
        let mut body = String::new();
        let mut text = format!("{line}\n");
        loop {
            let part = read.line()?;
            text.push_str(&part);
            text.push('\n');
            body.push_str(&part);
            // A body ends with its first line that is not full.
            if part.len() < 64 {
                break;
            }
        }
        header.push_str(&text);
        if let (["X25519", share], None) = (arguments.as_slice(), &found) {
            found = unwrap(share, &body, identity)?;
        }
        line = read.line()?;
    }
    let given = line.strip_prefix("--- ").ok_or(AgeError::Form("its header has no end"))?;
    let key = found.ok_or(AgeError::OtherKey)?;
    header.push_str(END);
    if BASE64.encode(mac(&key, &header)) == given {
        Ok(key)
    } else {
        Err(AgeError::Changed("its header does not fit its key"))
    }
}

/// The file key of a stanza; none when it is for another key.
fn unwrap(share: &str, body: &str, identity: &Identity) -> Result<Option<FileKey>, AgeError> {
    const BAD: AgeError = AgeError::Form("a recipient in its header cannot be read");
    let share: [u8; 32] = BASE64.decode(share).ok().and_then(|share| share.try_into().ok()).ok_or(BAD)?;
    let body = BASE64.decode(body).map_err(|_| BAD)?;
    if body.len() != 32 {
        return Err(BAD);
    }
    let shared = identity.agree(share).ok_or(BAD)?;
    let wrap = wrapping(&shared, &share, &identity.recipient().0);
    let Ok(key) = wrap.decrypt(&Nonce::default(), &body[..]) else { return Ok(None) };
    Ok(<[u8; 16]>::try_from(key).ok().map(Zeroizing::new))
}

fn wrapping(shared: &[u8; 32], share: &[u8; 32], recipient: &[u8; 32]) -> ChaCha20Poly1305 {
    let key = Zeroizing::new(hkdf(shared, &[&share[..], recipient].concat(), WRAP));
    ChaCha20Poly1305::new(Key::from_slice(&key[..]))
}

fn mac(key: &FileKey, header: &str) -> [u8; 32] {
    hmac(&hkdf(&key[..], b"", "header"), &[header.as_bytes()])
}

/// Lines of the header, byte by byte, so that nothing of what follows it is taken.
struct Lines<'a> {
    from: &'a mut dyn Read,
    left: usize,
}

impl Lines<'_> {
    fn line(&mut self) -> Result<String, AgeError> {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            if self.left == 0 || self.from.read(&mut byte)? == 0 {
                return Err(AgeError::Form("its header does not end"));
            }
            self.left -= 1;
            match byte {
                [b'\n'] => break,
                [byte] => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|_| AgeError::Form("its header is no text"))
    }
}
