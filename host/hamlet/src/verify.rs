//! `hamlet verify`, `hamlet receipt`, `hamlet checkpoint`: what a community can prove, and checking it (J3).
//!
//! Checking needs no host, no network and nobody's word: a receipt, the community's public key, and this program
//! (or `hamlet-verify.py`). Whoever doubts the stewards checks on a machine of her own, with the key that stood on
//! a printed sheet.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hamlet_kernel::ReceiptFor;
use hamlet_kernel::proofs::LOG_KEY_FILE;
use hamlet_proof::{Checkpoint, Consistency, Receipt, Signer, Verifier};
use hamlet_store::StoreError;
use hamlet_store::proof::Verified;

use crate::call::Outcome;
use crate::client::{Client, Problem};
use crate::session::Session;
use crate::{community, output};

/// What `hamlet verify` was asked to do.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Receipts, consistency proofs and checkpoints to check; without any, the whole community in the folder is
    /// verified.
    pub files: Vec<PathBuf>,
    /// A checkpoint that was kept (from a receipt, a statement, a neighbour): show that history only grew since.
    #[arg(long, value_name = "CHECKPOINT")]
    pub against: Vec<PathBuf>,
    /// The community's public key, or a file with it; that of the community in the folder when left out.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// What `hamlet receipt` was asked to do.
#[derive(Debug, clap::Args)]
pub struct ReceiptArgs {
    /// Which command: the two numbers in `Hamlet-Receipt` of its answer, for example 1204/0.
    #[arg(value_name = "BATCH/COMMAND", value_parser = place)]
    pub command: (u64, u32),
    /// As whom to ask: a receipt is for whoever gave the command; a steward sees that it was given.
    #[arg(long = "as", value_name = "HANDLE")]
    pub person: Option<String>,
}

fn place(text: &str) -> Result<(u64, u32), String> {
    let parts =
        text.split_once('/').and_then(|(batch, command)| Some((batch.parse().ok()?, command.parse().ok()?)));
    parts.ok_or_else(|| "two numbers with a slash between, as in 1204/0".to_owned())
}

/// Runs `hamlet verify`.
pub fn run(home: &Path, args: &VerifyArgs) -> Result<Outcome> {
    let key = key(home, args.key.as_deref())?;
    let mut wrong = 0;
    for file in &args.files {
        match check_file(file, &key) {
            Ok(said) => output::say(&said),
            Err(error) => {
                wrong += 1;
                output::say(&format!("WRONG: `{}`: {error:#}", file.display()));
            }
        }
    }
    if args.files.is_empty() || !args.against.is_empty() {
        wrong += whole(home, args, &key)?;
    }
    match wrong {
        0 => Ok(Outcome::Done),
        1 => bail!("one thing is wrong. Keep what you have: the checkpoints and receipts are the evidence"),
        wrong => bail!(
            "{wrong} things are wrong. Keep what you have: the checkpoints and receipts are the evidence"
        ),
    }
}

/// The key that was given, or the community's own.
fn key(home: &Path, given: Option<&str>) -> Result<Verifier> {
    let Some(given) = given else {
        let path = home.join("keys").join(LOG_KEY_FILE);
        return match Signer::load(&path)? {
            Some(signer) => Ok(signer.verifier()),
            None => bail!(
                "there is no community with a key in `{}`. Say which public key to check with: `--key`, with \
                 what `hamlet checkpoint --key` printed there",
                home.display()
            ),
        };
    };
    let text = if Path::new(given).is_file() { read(Path::new(given))? } else { given.to_owned() };
    Ok(text.trim().parse()?)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))
}

/// One receipt, consistency proof or checkpoint.
fn check_file(path: &Path, key: &Verifier) -> Result<String> {
    let text = read(path)?;
    if !text.trim_start().starts_with('{') {
        let checkpoint = Checkpoint::open(&text, key)?;
        return Ok(format!("A checkpoint of {} commands, signed by {}.", checkpoint.size, checkpoint.origin));
    }
    if text.contains("hamlet-consistency") {
        let (old, new) = Consistency::from_json(&text)?.verify(key)?;
        return Ok(format!("History only grew, from {} commands to {}.", old.size, new.size));
    }
    let receipt = Receipt::from_json(&text)?;
    let checkpoint = receipt.verify(key)?;
    let leaf = &receipt.leaf;
    Ok(format!(
        "The receipt holds: `{}` of `{}` {}, command {} of batch {}, is number {} of the {} commands that {} signed. \
         It shows {} of its {} parts.",
        leaf.function,
        leaf.plugin,
        leaf.version,
        leaf.index,
        leaf.sequence,
        receipt.number,
        checkpoint.size,
        checkpoint.origin,
        receipt.items.len(),
        leaf.items
    ))
}

/// The whole community in the folder; the number of things that are wrong.
fn whole(home: &Path, args: &VerifyArgs, key: &Verifier) -> Result<usize> {
    let mut wrong = 0;
    let mut checkpoints = Vec::new();
    for file in &args.against {
        match against(file, key) {
            Ok(checkpoint) => checkpoints.push(checkpoint),
            Err(error) => {
                wrong += 1;
                output::say(&format!("WRONG: `{}`: {error:#}", file.display()));
            }
        }
    }
    match hamlet_store::proof::verify(&home.join("data"), &checkpoints) {
        Ok(seen) => {
            wrong += seen.findings.len();
            output::say(&told(&seen));
        }
        Err(StoreError::Locked(_)) if !args.against.is_empty() => {
            return Ok(wrong + over_http(home, args, key)?);
        }
        Err(StoreError::Locked(_)) => bail!(
            "the host is running. Stop it to verify every byte; while it runs, `hamlet verify --against \
             CHECKPOINT` shows that history only grew since a checkpoint that you kept"
        ),
        Err(StoreError::Io { .. }) if !home.join("data").exists() => {
            return Err(community::unreadable(home, home, std::io::ErrorKind::NotFound.into()));
        }
        Err(error) => return Err(error.into()),
    }
    for blob in hamlet_kernel::blobs::damaged(home)? {
        wrong += 1;
        output::say(&format!("WRONG: `{}` is not what its name says: the file was changed", blob.display()));
    }
    Ok(wrong)
}

/// A checkpoint, or the one that a receipt or a consistency proof carries.
fn against(path: &Path, key: &Verifier) -> Result<Checkpoint> {
    let text = read(path)?;
    Ok(Checkpoint::open(&note_in(&text)?, key)?)
}

fn note_in(text: &str) -> Result<String> {
    Ok(if !text.trim_start().starts_with('{') {
        text.to_owned()
    } else if text.contains("hamlet-consistency") {
        Consistency::from_json(text)?.new
    } else {
        Receipt::from_json(text)?.checkpoint
    })
}

/// What a verification saw, in sentences.
pub fn told(seen: &Verified) -> String {
    let mut lines: Vec<String> = seen.findings.iter().map(|finding| format!("WRONG: {finding}")).collect();
    lines.extend(seen.notes.iter().map(|note| format!("Note: {note}")));
    if seen.findings.is_empty() {
        lines.push(format!(
            "All is as it must be: batches {} to {} with {} commands, {} leaves, {} rows of the state.",
            seen.batches.0, seen.batches.1, seen.commands, seen.leaves, seen.rows
        ));
    }
    if seen.checkpoints > 0 {
        let kept = match seen.checkpoints {
            1 => "the checkpoint that was kept".to_owned(),
            many => format!("each of {many} checkpoints that were kept"),
        };
        lines.push(format!("History only grew since {kept}."));
    }
    lines.join("\n")
}

/// With a running host: asks it for the proof, and believes nothing but the proof.
fn over_http(home: &Path, args: &VerifyArgs, key: &Verifier) -> Result<usize> {
    let client = Client::new(&Session::load(home)?, None)?;
    let mut wrong = 0;
    for file in &args.against {
        let shown = (|| {
            let old = note_in(&read(file)?)?;
            Checkpoint::open(&old, key)?;
            let proof =
                client.post_text("/api/proofs/consistency", &old)?.map_err(|problem| refused(&problem))?;
            let proof = Consistency::from_json(&proof)?;
            if proof.old != old {
                bail!("the host answered with a proof for another checkpoint");
            }
            let (old, new) = proof.verify(key)?;
            anyhow::Ok(format!("History only grew, from {} commands to {}.", old.size, new.size))
        })();
        match shown {
            Ok(said) => output::say(&said),
            Err(error) => {
                wrong += 1;
                output::say(&format!("WRONG: `{}`: {error:#}", file.display()));
            }
        }
    }
    Ok(wrong)
}

fn refused(problem: &Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.sentence())
}

/// Runs `hamlet receipt`: prints the document, to be kept in a file.
pub fn receipt(home: &Path, args: &ReceiptArgs) -> Result<Outcome> {
    let (sequence, command) = args.command;
    let client = Client::new(&Session::load(home)?, args.person.as_deref())?;
    let text = if client.healthy() {
        let path = format!("/api/proofs/receipt?sequence={sequence}&command={command}");
        client.get_text(&path)?.map_err(|problem| refused(&problem))?
    } else {
        let kernel = community::open(home)?.kernel;
        let made = kernel.receipt(sequence, command, ReceiptFor::Holder);
        kernel.shutdown();
        made?.to_json()
    };
    output::say(text.trim_end());
    Ok(Outcome::Done)
}

/// Runs `hamlet checkpoint`.
pub fn checkpoint(home: &Path, key: bool) -> Result<Outcome> {
    if key {
        output::say(&self::key(home, None)?.to_string());
        return Ok(Outcome::Done);
    }
    let client = Client::new(&Session::load(home)?, None)?;
    let note = if client.healthy() {
        client.get_text("/api/proofs/checkpoint")?.map_err(|problem| refused(&problem))?
    } else {
        let kernel = community::open(home)?.kernel;
        let note = kernel.checkpoint();
        kernel.shutdown();
        note?
    };
    output::say(note.trim_end());
    Ok(Outcome::Done)
}
