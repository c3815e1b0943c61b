//! Bytes of a row, written and read in a fixed order.
//!
//! Every row begins with a format version. Numbers are little-endian in values (big-endian in
//! keys, which must sort). A reader never panics: bytes that are not a row are `Damaged`.

/// The format that this code writes; another one is `Damaged` until it learns to read it.
const VERSION: u8 = 1;

/// These bytes are not a row of the kind that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// What a reader gives.
pub type Read<T> = Result<T, Damaged>;

/// Writes a row.
pub struct Writer(Vec<u8>);

impl Writer {
    /// A row that will be about `capacity` bytes long.
    pub fn new(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.push(VERSION);
        Self(bytes)
    }

    /// The finished row.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// At most 255 bytes of text; all texts of the ledger's rows are validated to be shorter.
    pub fn text(&mut self, text: &str) {
        self.u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(text.as_bytes().get(..255).unwrap_or(text.as_bytes()));
    }
}

/// Reads a row in the order in which it was written.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of a row that has this version.
    pub fn new(bytes: &'a [u8]) -> Read<Self> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => Ok(Self(rest)),
            _ => Err(Damaged),
        }
    }

    /// Checks that nothing is left over.
    pub fn finish(self) -> Read<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Read<u8> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Read<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn i64(&mut self) -> Read<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub fn u128(&mut self) -> Read<u128> {
        self.array().map(u128::from_le_bytes)
    }

    fn slice(&mut self, length: usize) -> Read<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(head)
    }

    pub fn text(&mut self) -> Read<String> {
        let length = usize::from(self.u8()?);
        let bytes = self.slice(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Damaged)
    }
}
