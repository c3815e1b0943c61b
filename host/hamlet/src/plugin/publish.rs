//! `hamlet plugin keygen`, `pack`, `unpack`, `check`: a publisher's side of bundles.
//!
//! Nothing here opens a community's folder: these work on any machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hamlet_bundle::{
    BUNDLE_BYTES_MAX, Release, SecretKey, Verified, Version, bundle_file_name, load, pack, plan_install,
    save, split, verify, verify_file, write_key_pair,
};

use crate::output;

/// Largest key or password file that is read, in bytes.
const KEY_BYTES_MAX: u64 = 4096;

/// Makes a publisher's key pair.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// Where: FILE.key is the secret half, FILE.pub the public one. Both are minisign's.
    #[arg(default_value = "publisher", value_name = "FILE")]
    name: PathBuf,
    /// A file with a password under which the secret key is kept; in the clear when left out.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Packs a built plugin into one signed file.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// The folder that `hamlet plugin build` made.
    folder: PathBuf,
    /// The publisher's secret key, of `hamlet plugin keygen` or of minisign.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A file with the secret key's password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Where to put the bundle; NAME-VERSION.hamlet in the current folder when left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Opens a bundle into a folder, after checking it.
#[derive(Debug, Args)]
pub struct UnpackArgs {
    /// The bundle.
    bundle: PathBuf,
    /// A new folder; NAME-VERSION in the current one when left out.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Checks a bundle and says what it would ask for.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The bundle.
    bundle: PathBuf,
}

/// Runs `hamlet plugin keygen`.
pub fn keygen(args: &KeygenArgs) -> Result<()> {
    let key = SecretKey::generate()?;
    let password = password(args.password_file.as_deref())?;
    let (secret, public) = (args.name.with_added_extension("key"), args.name.with_added_extension("pub"));
    write_key_pair(&key, password.as_deref(), &secret, &public)?;
    let publisher = key.publisher();
    println!("publisher {publisher}");
    println!("to read aloud: {}", publisher.groups());
    println!("Keep {} secret, and a copy of it elsewhere: who loses it can never", secret.display());
    println!("upgrade her plugins again. {} is for everybody.", public.display());
    Ok(())
}

/// Runs `hamlet plugin pack`.
pub fn pack_folder(args: &PackArgs) -> Result<()> {
    let password = password(args.password_file.as_deref())?;
    let key = SecretKey::parse(&read_text(&args.key)?, password.as_deref())
        .with_context(|| args.key.display().to_string())?;
    let package = load(&args.folder)?;
    let bundle = pack(&package, &key)?;
    // What is handed out was read as a stranger's host reads it.
    let verified = verify(&bundle)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(bundle_file_name(&package.manifest)));
    fs::write(&out, &bundle).with_context(|| out.display().to_string())?;
    output::say(&out.display().to_string());
    println!("{} bytes, SHA-256 {}", bundle.len(), verified.sha256);
    println!("published by {} ({})", verified.publisher.groups(), verified.publisher);
    Ok(())
}

/// Runs `hamlet plugin unpack`. Beside the folder it leaves the payload and its signature as two
/// files that minisign and tar read.
pub fn unpack(args: &UnpackArgs) -> Result<()> {
    let size = fs::metadata(&args.bundle).with_context(|| args.bundle.display().to_string())?.len();
    if size > BUNDLE_BYTES_MAX {
        bail!("{}: a bundle has at most {BUNDLE_BYTES_MAX} bytes", args.bundle.display());
    }
    let bundle = fs::read(&args.bundle).with_context(|| args.bundle.display().to_string())?;
    let verified = verify(&bundle).with_context(|| args.bundle.display().to_string())?;
    let name = format!("{}-{}", verified.manifest().name, verified.manifest().version);
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(&name));
    if fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; choose another folder", out.display());
    }
    save(&out, &verified.package)?;
    let (signature, payload) = split(&bundle)?;
    let tar = out.with_added_extension("tar");
    let minisig = out.with_added_extension("tar.minisig");
    for (path, bytes) in [(&tar, payload), (&minisig, signature.as_bytes())] {
        fs::write(path, bytes).with_context(|| path.display().to_string())?;
    }
    say_publisher(&verified);
    output::say(&out.display().to_string());
    println!("To check with minisign: minisign -V -P {} -m {}", verified.publisher, tar.display());
    Ok(())
}

/// Runs `hamlet plugin check`.
pub fn check(args: &CheckArgs) -> Result<()> {
    let verified = verify_file(&args.bundle).with_context(|| args.bundle.display().to_string())?;
    say_publisher(&verified);
    println!("SHA-256 {}", verified.sha256);
    let host = Version::parse(env!("CARGO_PKG_VERSION"))?;
    let release = Release { publisher: Some(&verified.publisher), manifest: verified.manifest() };
    for sentence in plan_install(release, &host)?.sentences() {
        println!("{sentence}");
    }
    Ok(())
}

fn say_publisher(verified: &Verified) {
    println!("The signature is good. Publisher: {} ({})", verified.publisher.groups(), verified.publisher);
}

/// The first line of a password file: passwords on a command line are seen by everybody on the box.
pub fn password(file: Option<&Path>) -> Result<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let text = read_text(file)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Some(line.to_owned())),
        _ => bail!("{} holds no password", file.display()),
    }
}

/// A key, a password or a few settings.
pub fn read_text(path: &Path) -> Result<String> {
    let about = || path.display().to_string();
    if fs::metadata(path).with_context(about)?.len() > KEY_BYTES_MAX {
        bail!("{} is too long", path.display());
    }
    fs::read_to_string(path).with_context(about)
}
