//! What the pages for stewards ask of the program around the gateway: the disk, the certificate, copies.
//!
//! The gateway has no files of its own beside the kernel's; whoever runs it gives it a [`Caretaker`], or none, and then
//! the pages say so. Everything here may take long and is called on threads that may wait.

use std::fs::File;

/// A box and its folder, as far as people see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoxState {
    /// Bytes that are free on the disk of the community's folder, and all; none: nobody can tell.
    pub disk: Option<(u64, u64)>,
    /// When the certificate ends, in microseconds since 1970; none: no HTTPS here, or it cannot be read.
    pub certificate_ends: Option<u64>,
}

/// A copy that lies in the folder of copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The file's name, without its folder.
    pub file: String,
    /// When it was made, in microseconds since 1970.
    pub made: u64,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The copies of a community.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// Where they lie, as whoever holds the box named it.
    pub folder: String,
    /// They lie on the same disk as what they are copies of.
    pub same_disk: bool,
    /// One is made when the newest is so old, in hours; 0: none by itself.
    pub every_hours: u32,
    /// So many are kept; 0: all.
    pub keep: u32,
    /// For so many keys the next one is locked; 0: none can be made.
    pub recipients: usize,
    /// Those that are there, oldest first.
    pub there: Vec<Copy>,
    /// The file of keys beside them, which every restore needs; none: there is none yet.
    pub keys: Option<String>,
}

/// A new key for copies.
#[derive(Debug)]
pub struct NewKey {
    /// Its public half.
    pub recipient: String,
    /// The secret itself, to be printed: it is kept nowhere.
    pub secret: String,
}

/// Whoever keeps the box.
pub trait Caretaker: Send + Sync {
    /// Looks at disk and certificate.
    fn look(&self) -> BoxState;

    /// The copies and their plan.
    fn copies(&self) -> Copies;

    /// Makes a copy now, and notes in the community how it went. The sentence is for stewards.
    ///
    /// # Errors
    /// Why none was made, in a sentence.
    fn make_copy(&self) -> Result<String, String>;

    /// A copy, or the file of keys, to be sent away; none: there is no such file.
    fn open_copy(&self, file: &str) -> Option<File>;

    /// Restores a copy beside the community, verifies all of it, deletes it again, and notes how it went. `secret` opens
    /// it, is used once and is not kept.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    fn try_copy(&self, file: &str, secret: &str) -> Result<String, String>;

    /// Makes a key. Nothing of it is kept here.
    ///
    /// # Errors
    /// There is no randomness.
    fn new_key(&self) -> Result<NewKey, String>;
}
