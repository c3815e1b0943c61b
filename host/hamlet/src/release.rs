//! `hamlet release`: a host with its plugins as one signed archive, for boxes without a compiler.
//!
//! The archive is a plain tar, `hamlet-VERSION-ARCH.tar`, and beside it stands its signature in minisign's form. A box
//! opens it with nothing but `tar`; from then on `hamlet update` takes only archives that the same key signed.
//!
//! ```text
//! hamlet-0.1.0-x86_64/hamlet           the host
//! hamlet-0.1.0-x86_64/release.toml     version and architecture
//! hamlet-0.1.0-x86_64/release.pub      the key that signs the next ones
//! hamlet-0.1.0-x86_64/plugins/*.hamlet signed bundles
//! hamlet-0.1.0-x86_64/INSTALL.md       what to type on the box
//! ```

pub mod archive;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use hamlet_bundle::{Publisher, SecretKey, Signature, Version, sign, verify_file};
use serde::{Deserialize, Serialize};

use crate::call::Outcome;
use crate::output;
use crate::plugin::publish::{password, read_text};
use archive::Archive;

/// What stands in `release.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// The host's version, a semantic one.
    pub version: String,
    /// For which processor.
    pub arch: String,
}

impl ReleaseFile {
    /// Its name in a folder of a release.
    pub const NAME: &str = "release.toml";

    /// Of this program.
    pub fn own() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), arch: std::env::consts::ARCH.to_owned() }
    }

    /// Its version as one that can be compared.
    pub fn version(&self) -> Result<Version> {
        Version::parse(&self.version).with_context(|| format!("`{}` is no version", self.version))
    }

    /// Reads that of a release's folder.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(Self::NAME);
        let text = read_text(&path)?;
        toml::from_str(&text).with_context(|| format!("`{}` cannot be read", path.display()))
    }

    /// The folder within the archive.
    pub fn folder(&self) -> String {
        format!("hamlet-{}-{}", self.version, self.arch)
    }
}

/// What to do with releases.
#[derive(Debug, Subcommand)]
pub enum ReleaseCommand {
    /// Pack this very program and signed plugins into one archive, and sign it. `host/release` calls it.
    Pack(PackArgs),
    /// Check an archive's signature and say what is in it.
    Check(CheckArgs),
}

/// Packs a release.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// Signed plugins, of `hamlet plugin pack`.
    bundles: Vec<PathBuf>,
    /// The secret key that signs it, of `hamlet plugin keygen` or of minisign.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A file with the secret key's password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The program to pack: this one when left out, as it was built.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The folder for the archive and its signature.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
}

/// Checks a release.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The archive; its signature stands beside it, `.minisig`.
    archive: PathBuf,
    /// The public key: a file, or the text itself.
    #[arg(long, value_name = "KEY")]
    key: String,
}

/// Runs `hamlet release`.
pub fn run(command: &ReleaseCommand) -> Result<Outcome> {
    match command {
        ReleaseCommand::Pack(args) => pack(args),
        ReleaseCommand::Check(args) => check(args),
    }
}

fn pack(args: &PackArgs) -> Result<Outcome> {
    let password = password(args.password_file.as_deref())?;
    let key = SecretKey::parse(&read_text(&args.key)?, password.as_deref())
        .with_context(|| args.key.display().to_string())?;
    for bundle in &args.bundles {
        verify_file(bundle).with_context(|| format!("`{}` is not packed", bundle.display()))?;
    }
    let release = ReleaseFile::own();
    let program = match &args.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    let bytes = archive::build(&release, &program, &key.publisher(), &args.bundles)?;
    let comment = format!("hamlet {} for {}", release.version, release.arch);
    let signature = sign(&bytes, &key, &comment, "signature of a hamlet release")?;
    let path = args.out.join(format!("{}.tar", release.folder()));
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    for (path, bytes) in [(&path, &bytes), (&signature_path(&path), &signature.to_text().into_bytes())] {
        fs::write(path, bytes).with_context(|| path.display().to_string())?;
    }
    // What is handed out was read as a box reads it.
    open(&path, &key.publisher())?;
    output::say(&path.display().to_string());
    println!("{} bytes, {} plugins, signed by {}", bytes.len(), args.bundles.len(), key.publisher().groups());
    Ok(Outcome::Done)
}

fn check(args: &CheckArgs) -> Result<Outcome> {
    let publisher = read_key(&args.key)?;
    let archive = open(&args.archive, &publisher)?;
    println!("The signature is good: {}.", publisher.groups());
    println!("hamlet {} for {}", archive.release.version, archive.release.arch);
    for name in archive.files.keys() {
        output::say(name);
    }
    Ok(Outcome::Done)
}

/// A public key: a file of it, or its text.
pub fn read_key(key: &str) -> Result<Publisher> {
    let path = Path::new(key);
    let text = if path.exists() { read_text(path)? } else { key.to_owned() };
    Publisher::parse(&text).with_context(|| format!("`{key}` is no public key"))
}

/// Where the signature of an archive stands.
pub fn signature_path(archive: &Path) -> PathBuf {
    archive.with_added_extension("minisig")
}

/// Reads an archive and checks it. Nothing in it is looked at before its signature was found good.
///
/// # Errors
/// It is not there, too large, signed by another key or changed; or it is none of ours.
pub fn open(path: &Path, publisher: &Publisher) -> Result<Archive> {
    let signature = signature_path(path);
    for file in [path, &signature] {
        if !file.exists() {
            bail!("`{}` is not there", file.display());
        }
    }
    let size = fs::metadata(path)?.len();
    if size > archive::BYTES_MAX {
        bail!("`{}` is larger than any release: {size} bytes", path.display());
    }
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Signature::parse(&read_text(&signature)?)?.verify(publisher, &bytes).with_context(|| {
        format!("`{}` is not from who published this host; it is left alone", path.display())
    })?;
    archive::parse(&bytes).with_context(|| format!("`{}` is no release of hamlet", path.display()))
}
