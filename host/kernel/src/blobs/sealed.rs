//! Sealed blobs: a file about a person or a household, encrypted under that party's key (C6), so that destroying the
//! key erases it wherever it was copied to.
//!
//! ```text
//! file   := header:[u8;40]  chunk*
//! header := "HAMLETSB"  format:u8 = 1  party:u128be  nonce:[u8;15]
//! chunk  := XChaCha20-Poly1305 of 64 KiB (the last: 0 to 64 KiB); nonce = the header's ‖ number:u64be ‖ last:u8
//! ```
//!
//! Associated data is the header. A blob is named by the hash of this file, not of what it holds: the name tells
//! nothing, and two people's equal pictures have different names. Ranges are opened chunk by chunk. Unlike a sealed
//! value it is bound to no plugin: it is sealed before any plugin has its name, and whoever was given that may read.

use std::io::{Read, Seek, SeekFrom};

use chacha20poly1305::aead::AeadInPlace as _;
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hamlet_reflect::Id;

use super::BlobError;

/// What is put behind the name of a sealed blob's file.
pub(super) const ENDING: &str = ".sealed";
const MAGIC: [u8; 8] = *b"HAMLETSB";
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 40;
const NONCE_BYTES: usize = 15;
const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const WHOLE_BYTES: u64 = (CHUNK_BYTES + TAG_BYTES) as u64;

pub(super) struct Header {
    pub party: Id,
    bytes: [u8; HEADER_BYTES],
}

impl Header {
    pub fn new(party: Id) -> Result<Self, BlobError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| std::io::Error::other(error.to_string()))?;
        let bytes = [&MAGIC[..], &[FORMAT], &party.0.to_be_bytes(), &nonce].concat();
        Ok(Self { party, bytes: bytes.try_into().map_err(|_| BlobError::Damaged)? })
    }

    pub fn read(from: &mut impl Read) -> Result<Self, BlobError> {
        let mut bytes = [0; HEADER_BYTES];
        from.read_exact(&mut bytes).map_err(|_| BlobError::Damaged)?;
        let party = bytes.strip_prefix(&MAGIC).and_then(|rest| rest.strip_prefix(&[FORMAT]));
        let party = party.and_then(|rest| rest.first_chunk()).ok_or(BlobError::Damaged)?;
        Ok(Self { party: Id(u128::from_be_bytes(*party)), bytes })
    }

    fn nonce(&self, number: u64, last: bool) -> XNonce {
        let prefix = self.bytes.last_chunk::<NONCE_BYTES>().copied().unwrap_or_default();
        let mut nonce = [0; 24];
        let parts = prefix.into_iter().chain(number.to_be_bytes()).chain([u8::from(last)]);
        nonce.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        nonce.into()
    }
}

/// How many bytes a sealed file of this length holds.
pub(super) fn plain_length(file_bytes: u64) -> Result<u64, BlobError> {
    let body = file_bytes.checked_sub(HEADER_BYTES as u64).ok_or(BlobError::Damaged)?;
    let chunks = body.div_ceil(WHOLE_BYTES);
    body.checked_sub(chunks * TAG_BYTES as u64).filter(|_| chunks > 0).ok_or(BlobError::Damaged)
}

/// Seals what is read through it.
pub(super) struct Sealing<'a> {
    from: &'a mut dyn Read,
    cipher: &'a XChaCha20Poly1305,
    header: Header,
    number: u64,
    /// Sealed, and not read yet.
    out: Vec<u8>,
    given: usize,
    /// The next chunk, so that it is known whether it is the last.
    next: Vec<u8>,
    ended: bool,
}

impl<'a> Sealing<'a> {
    pub fn new(
        from: &'a mut dyn Read,
        cipher: &'a XChaCha20Poly1305,
        header: Header,
    ) -> std::io::Result<Self> {
        let next = chunk(from)?;
        let out = header.bytes.to_vec();
        Ok(Self { from, cipher, header, number: 0, out, given: 0, next, ended: false })
    }
}

fn chunk(from: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
    from.take(CHUNK_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Read for Sealing<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.out.len() && !self.ended {
            let following = chunk(self.from)?;
            self.out = std::mem::replace(&mut self.next, following);
            self.ended = self.next.is_empty();
            let nonce = self.header.nonce(self.number, self.ended);
            let sealed = self.cipher.encrypt_in_place_detached(&nonce, &self.header.bytes, &mut self.out);
            // The cipher refuses only more than 256 GiB.
            let tag = sealed.map_err(|_| std::io::Error::other("a chunk cannot be sealed"))?;
            self.out.extend_from_slice(&tag);
            (self.given, self.number) = (0, self.number + 1);
        }
        let rest = self.out.get(self.given..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(from), Some(to)) = (rest.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.given += length;
        Ok(length)
    }
}

/// At most `length` bytes from `offset`, which is at or before the end `total`.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    cipher: &XChaCha20Poly1305,
    header: &Header,
    total: u64,
    range: (u64, u64),
) -> Result<Vec<u8>, BlobError> {
    let (offset, length) = range;
    let end = offset.saturating_add(length).min(total);
    let last_chunk = total.saturating_sub(1) / CHUNK_BYTES as u64;
    let mut out = Vec::new();
    let mut at = offset;
    if total == 0 {
        // A file that was cut behind its header would pass for an empty one.
        open_chunk(file, cipher, header, 0, true)?;
    }
    while at < end {
        let number = at / CHUNK_BYTES as u64;
        let body = open_chunk(file, cipher, header, number, number == last_chunk)?;
        let begin = usize::try_from(at - number * CHUNK_BYTES as u64).unwrap_or(usize::MAX);
        let wanted = usize::try_from(end - at).unwrap_or(usize::MAX);
        let piece = body.get(begin..).filter(|piece| !piece.is_empty()).ok_or(BlobError::Damaged)?;
        let piece = piece.get(..wanted).unwrap_or(piece);
        out.extend_from_slice(piece);
        at += piece.len() as u64;
    }
    Ok(out)
}

/// One chunk, known to be right.
fn open_chunk(
    file: &mut (impl Read + Seek),
    cipher: &XChaCha20Poly1305,
    header: &Header,
    number: u64,
    last: bool,
) -> Result<Vec<u8>, BlobError> {
    file.seek(SeekFrom::Start(HEADER_BYTES as u64 + number * WHOLE_BYTES))?;
    let mut body = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
    file.by_ref().take(WHOLE_BYTES).read_to_end(&mut body)?;
    let length = body.len().checked_sub(TAG_BYTES).ok_or(BlobError::Damaged)?;
    let tag = body.split_off(length);
    cipher
        .decrypt_in_place_detached(
            &header.nonce(number, last),
            &header.bytes,
            &mut body,
            Tag::from_slice(&tag),
        )
        .map_err(|_| BlobError::Damaged)?;
    Ok(body)
}
