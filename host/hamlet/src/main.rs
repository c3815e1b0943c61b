//! `hamlet`: the command line of a community's host.
//!
//! It is thin: it opens folders, starts the gateway and calls functions over HTTP like any member.
//! It knows no plugin by name.

mod acme;
mod background;
mod backup;
mod call;
mod caretaker;
mod certificate;
mod client;
mod community;
mod confirm;
mod demo;
mod doctor;
mod door;
mod export;
mod house;
mod invite;
mod keeper;
mod member;
mod names;
mod output;
mod paging;
mod plugin;
mod rehearsal;
mod release;
mod restore;
mod serve;
mod service;
mod session;
mod setup;
mod token;
mod update;
mod verify;
mod village;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use call::Outcome;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Values of components are many small pieces: this allocator gives and takes them twice as fast as the C library's
/// (measured: host/BENCHMARKS.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where a newcomer begins.
const BEGIN: &str = "\
Begin with `hamlet demo` in a checkout, or with a community of your own:
  hamlet setup                                             in a browser, or:
  hamlet init --name \"Oak Street\" --steward ada \"Ada Lovelace\"
  hamlet run";

/// An operating system for a community: its people, its plugins, its books, on one box.
#[derive(Debug, Parser)]
#[command(name = "hamlet", version, max_term_width = 100, after_help = BEGIN)]
struct Cli {
    /// The community's folder.
    #[arg(long, global = true, env = "HAMLET_HOME", default_value = ".hamlet", value_name = "FOLDER")]
    home: PathBuf,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a demo village: build its plugins, replay its history, show five things, and go on serving it.
    Demo(demo::DemoArgs),
    /// Begin on a fresh box: serve a page on which the community is founded, from a phone or a computer.
    Setup(setup::SetupArgs),
    /// Make a new community in a folder, without a browser.
    Init(community::InitArgs),
    /// Serve one or more communities, chosen by host name.
    Run(serve::RunArgs),
    /// Write, build, install and list plugins.
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Add, list and remove members.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Make, list and revoke API tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Call a function of a plugin.
    #[command(disable_help_flag = true)]
    Call(call::CallArgs),
    /// Verify the whole community, or check receipts, checkpoints and proofs, offline.
    Verify(verify::VerifyArgs),
    /// Print the receipt of a command: the proof that it is in the community's history.
    Receipt(verify::ReceiptArgs),
    /// Print a signed checkpoint of now. Whoever keeps it can show later that the past was rewritten.
    Checkpoint {
        /// Print the community's public key instead, with which checkpoints and receipts are checked.
        #[arg(long)]
        key: bool,
    },
    /// Make an encrypted backup of everything, also while the host runs; make its key; try a backup out.
    Backup(backup::BackupArgs),
    /// Make a community of a backup, in a new folder.
    Restore(restore::RestoreArgs),
    /// Write everything out in open formats, for leaving or for looking. The host must be stopped.
    Export {
        /// A new folder.
        to: PathBuf,
    },
    /// Look for what is wrong with a community's folder and say what to do.
    Doctor,
    /// Stop the host that `hamlet run --background` started.
    Stop,
    /// Keep the host running on this box: a systemd service with as few rights as it needs.
    #[command(subcommand)]
    Service(service::ServiceCommand),
    /// Pack or check a release: the host and its plugins as one signed archive.
    #[command(subcommand)]
    Release(release::ReleaseCommand),
    /// Change to a newer release, and back to this one if that does not answer well.
    Update(update::UpdateArgs),
    /// Print a completion script for a shell, for example: source <(hamlet completions bash).
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A demo sets the clock, which a host warns of.
    serve::start_tracing(if matches!(cli.command, Command::Demo(_)) { "error" } else { "warn" });
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(2),
        Err(error) => {
            eprintln!("hamlet: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<Outcome> {
    let home = cli.home.as_path();
    match cli.command {
        Command::Demo(args) => demo::run(home, &args),
        Command::Setup(args) => setup::run(home, &args),
        Command::Init(args) => community::init(home, &args),
        Command::Run(args) => serve::run(home, &args),
        Command::Plugin(command) => plugin::run(home, &command),
        Command::Member(command) => member::run(home, &command),
        Command::Token(command) => token::run(home, &command),
        Command::Call(args) if args.plugin.is_empty() => Ok(explain("call")),
        Command::Call(args) => call::run(home, &args),
        Command::Verify(args) => verify::run(home, &args),
        Command::Receipt(args) => verify::receipt(home, &args),
        Command::Checkpoint { key } => verify::checkpoint(home, key),
        Command::Backup(args) => backup::run(home, &args),
        Command::Restore(args) => restore::run(home, &args),
        Command::Export { to } => export::run(home, &to),
        Command::Doctor => doctor::run(home),
        Command::Stop => background::stop(home),
        Command::Service(command) => service::run(home, &command),
        Command::Release(command) => release::run(&command),
        Command::Update(args) => update::run(home, &args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "hamlet", &mut script);
            output::say(&String::from_utf8(script)?);
            Ok(Outcome::Done)
        }
    }
}

/// An error with its causes, each said once: many of them quote the one below.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            let colon = if text.is_empty() { "" } else { ": " };
            text.extend([colon, &cause]);
        }
    }
    without_error_numbers(&text)
}

/// What the system says, without the number that it has for it, which says nothing to people.
fn without_error_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.bytes().all(|digit| digit.is_ascii_digit()) => said.push_str(rest),
            _ => said.extend([" (os error ", part]),
        }
    }
    said
}

/// Prints the help of a command that has no `--help` of its own making.
fn explain(name: &str) -> Outcome {
    let mut cli = Cli::command();
    cli.build();
    if let Some(command) = cli.find_subcommand_mut(name) {
        output::say(&command.render_long_help().to_string());
    }
    Outcome::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once_when_the_error_above_quotes_it() {
        let error = anyhow::anyhow!("it is in use").context("the store: it is in use").context("not served");
        assert_eq!(told(&error), "not served: the store: it is in use");
    }

    #[test]
    fn the_systems_number_of_an_error_is_left_out() {
        let told = without_error_numbers("a: No such file (os error 2), b: Read-only (os error 30)");
        assert_eq!(told, "a: No such file, b: Read-only");
        assert_eq!(without_error_numbers("x (os error y"), "x (os error y");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
