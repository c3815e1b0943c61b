//! The payload: 64 KiB at a time, each under its number, the last one marked, so that nothing can be moved,
//! left out or cut off unnoticed.

use std::io::{self, Read, Write};

use chacha20poly1305::{
    ChaCha20Poly1305, Key, Nonce, Tag,
    aead::{AeadInPlace as _, KeyInit as _},
};
use zeroize::Zeroizing;

use super::{AgeError, Identity, Recipient, header, kdf::hkdf, random};

const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 16;

struct Chunks {
    cipher: ChaCha20Poly1305,
    /// The next chunk's number: 2^64 of 64 KiB are never reached.
    number: u64,
}

impl Chunks {
    fn new(key: &header::FileKey, nonce: &[u8; NONCE_BYTES]) -> Self {
        let key = Zeroizing::new(hkdf(&key[..], nonce, "payload"));
        Self { cipher: ChaCha20Poly1305::new(Key::from_slice(&key[..])), number: 0 }
    }

    fn nonce(&self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        let number = (u128::from(self.number) << 8 | u128::from(last)).to_be_bytes();
        for (to, from) in nonce.iter_mut().zip(number.iter().skip(4)) {
            *to = *from;
        }
        nonce.into()
    }
}

/// Encrypts what is written to it. [`Self::finish`] is what makes the file whole: without it, it opens as cut off.
pub struct Writer<W: Write> {
    to: W,
    chunks: Chunks,
    waiting: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a file for these recipients.
    pub fn new(mut to: W, recipients: &[Recipient]) -> Result<Self, AgeError> {
        let (key, header) = header::make(recipients)?;
        let nonce = random()?;
        to.write_all(header.as_bytes())?;
        to.write_all(&nonce)?;
        Ok(Self {
            to,
            chunks: Chunks::new(&key, &nonce),
            waiting: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES),
        })
    }

    /// Ends the file; gives what it was written to.
    pub fn finish(mut self) -> Result<W, AgeError> {
        self.seal(true)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last);
        let sealed = self.chunks.cipher.encrypt_in_place_detached(&nonce, b"", &mut self.waiting);
        // The cipher refuses only more than 256 GiB.
        let tag = sealed.map_err(|_| io::Error::other("a chunk cannot be encrypted"))?;
        self.waiting.extend_from_slice(&tag);
        self.to.write_all(&self.waiting)?;
        self.waiting.clear();
        self.chunks.number += 1;
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk is sealed only when more follows: the last one may be full.
        if self.waiting.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.waiting.len());
        self.waiting.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // What waits goes with its chunk: a shorter one would be the last.
        self.to.flush()
    }
}

/// Decrypts a file. A change or a cut is an error of kind `InvalidData`; nothing of a chunk is given before it is
/// known to be right. The end is only believed after the last chunk.
pub struct Reader<R: Read> {
    from: R,
    chunks: Chunks,
    /// What was read of the file and not looked at: at most one byte more than a chunk.
    ahead: Vec<u8>,
    plain: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Opens a file with an identity.
    pub fn new(mut from: R, identity: &Identity) -> Result<Self, AgeError> {
        let key = header::open(&mut from, identity)?;
        let mut nonce = [0; NONCE_BYTES];
        from.read_exact(&mut nonce).map_err(|_| AgeError::Changed("it ends with its header"))?;
        let chunks = Chunks::new(&key, &nonce);
        Ok(Self { from, chunks, ahead: Vec::new(), plain: Vec::new(), given: 0, ended: false })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        const WHOLE: usize = CHUNK_BYTES + TAG_BYTES;
        // Whoever reads on after an error meets it again, and never an end.
        self.plain.clear();
        self.given = 0;
        let wanted = WHOLE + 1 - self.ahead.len();
        Read::take(&mut self.from, wanted as u64).read_to_end(&mut self.ahead)?;
        let last = self.ahead.len() <= WHOLE;
        let rest = if last { Vec::new() } else { self.ahead.split_off(WHOLE) };
        self.plain = std::mem::replace(&mut self.ahead, rest);
        let length = self.plain.len().checked_sub(TAG_BYTES).ok_or_else(|| changed("it is cut off"))?;
        // Only a file of nothing may end with a chunk of nothing.
        if length == 0 && self.chunks.number > 0 {
            return Err(changed("its last chunk is empty"));
        }
        let tag = self.plain.split_off(length);
        let nonce = self.chunks.nonce(last);
        let opened =
            self.chunks.cipher.decrypt_in_place_detached(&nonce, b"", &mut self.plain, Tag::from_slice(&tag));
        if opened.is_err() {
            self.plain.clear();
            return Err(changed("a chunk does not open"));
        }
        self.ended = last;
        self.chunks.number += 1;
        Ok(())
    }
}

fn changed(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, AgeError::Changed(why))
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() && !self.ended {
            self.next_chunk()?;
        }
        let rest = self.plain.get(self.given..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(from), Some(to)) = (rest.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.given += length;
        Ok(length)
    }
}
