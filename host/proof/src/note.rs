//! Checkpoints: what a log was at one moment, signed (C2SP tlog-checkpoint in a C2SP signed-note).
//!
//! ```text
//! village.example/log                             origin: the key's name
//! 20852163                                        leaves
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=    tree head
//! EXTENSION LINES, if any
//!
//! — village.example/log Az3grlgtzPICa5OS…         base64(key id:4 ‖ Ed25519 over all above the empty line)
//! ```
//!
//! Other signatures (a neighbour's, as a witness) may stand in further lines and are passed over.
//! A note is text of at most 64 KiB; nothing of it is believed before its signature is.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    hash::Hash,
    signer::{KeyError, Signer, Verifier, check_name},
};

/// The longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// The most signatures that a note may carry.
pub const SIGNATURES_MAX: usize = 100;

const DASH: &str = "\u{2014} ";

/// Why a checkpoint is not believed.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// It is not of the form.
    #[error("this is not a signed checkpoint: {0}")]
    Form(&'static str),
    /// The key did not sign it.
    #[error("the checkpoint carries no signature by {0}")]
    Unsigned(String),
    /// It was altered after it was signed, or signed by a forger.
    #[error("the checkpoint's signature by {0} is wrong: it was altered, or another key signed it")]
    Forged(String),
    /// It is of another log.
    #[error("the checkpoint is of {found:?}, not of {wanted:?}")]
    OtherOrigin {
        /// Of which.
        found: String,
        /// Of which it should be.
        wanted: String,
    },
    /// The key cannot sign this.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of the key that signs it.
    pub origin: String,
    /// Its leaves.
    pub size: u64,
    /// Its tree head.
    pub root: Hash,
    /// Further lines, none of them empty.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// What is signed.
    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The signed note. About 50 µs.
    pub fn sign(&self, signer: &Signer) -> Result<String, NoteError> {
        check_name(&self.origin)?;
        if self.origin != signer.name() {
            let (found, wanted) = (self.origin.clone(), signer.name().to_owned());
            return Err(NoteError::OtherOrigin { found, wanted });
        }
        if self.extensions.iter().any(|line| line.is_empty() || line.contains(|c: char| c < ' ')) {
            return Err(NoteError::Form("an extension line is empty or has control characters"));
        }
        let text = self.text();
        let mut signature = signer.id().to_vec();
        signature.extend_from_slice(&signer.sign(text.as_bytes()));
        let note = format!("{text}\n{DASH}{} {}\n", signer.name(), STANDARD.encode(signature));
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Form("it is longer than 64 KiB"));
        }
        Ok(note)
    }

    /// Checks the signature, then reads the checkpoint. About 60 µs.
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Form("it is longer than 64 KiB"));
        }
        if note.chars().any(|character| character < ' ' && character != '\n') {
            return Err(NoteError::Form("it has control characters"));
        }
        let cut = note.rfind("\n\n").ok_or(NoteError::Form("no empty line parts text and signatures"))? + 1;
        let (text, signatures) = note.split_at(cut);
        let signatures = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let signatures = signatures.ok_or(NoteError::Form("the last line does not end"))?;
        check_signatures(text, signatures, verifier)?;
        let checkpoint = Self::parse(text)?;
        if checkpoint.origin != verifier.name() {
            let (found, wanted) = (checkpoint.origin, verifier.name().to_owned());
            return Err(NoteError::OtherOrigin { found, wanted });
        }
        Ok(checkpoint)
    }

    fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let mut line =
            || lines.next().filter(|line| !line.is_empty()).ok_or(NoteError::Form("a line is missing"));
        let (origin, size, root) = (line()?, line()?, line()?);
        let size: u64 = size
            .parse()
            .ok()
            .filter(|number: &u64| number.to_string() == size)
            .ok_or(NoteError::Form("the number of leaves is no plain number"))?;
        let root = root.parse().map_err(|_| NoteError::Form("the tree head is no hash"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(NoteError::Form("an extension line is empty"));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }
}

/// One signature by the key must be there, and every one that claims to be by it must be right.
fn check_signatures(text: &str, signatures: &str, verifier: &Verifier) -> Result<(), NoteError> {
    const FORM: NoteError = NoteError::Form("a signature line is not of the form");
    let name = verifier.name();
    let mut signed = false;
    for (count, line) in signatures.split('\n').enumerate() {
        if count == SIGNATURES_MAX {
            return Err(NoteError::Form("it has more than 100 signatures"));
        }
        let (by, signature) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(FORM)?;
        let bytes = STANDARD.decode(signature).map_err(|_| FORM)?;
        let (id, signature) = bytes.split_first_chunk::<4>().ok_or(FORM)?;
        if by != name || *id != verifier.id() {
            continue;
        }
        let right = signature.try_into().is_ok_and(|signature| verifier.verifies(text.as_bytes(), signature));
        if !right {
            return Err(NoteError::Forged(name.to_owned()));
        }
        signed = true;
    }
    if signed { Ok(()) } else { Err(NoteError::Unsigned(name.to_owned())) }
}
