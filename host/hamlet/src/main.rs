//! `hamlet`: the command line of a community's host.
//!
//! It is thin: it opens folders, starts the gateway and calls functions over HTTP like any member.
//! It knows no plugin by name.

mod call;
mod client;
mod community;
mod demo;
mod doctor;
mod door;
mod member;
mod output;
mod plugin;
mod serve;
mod session;
mod token;
mod village;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use call::Outcome;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Values of components are many small pieces: this allocator gives and takes them twice as fast as the C library's
/// (measured: host/BENCHMARKS.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An operating system for a community.
#[derive(Debug, Parser)]
#[command(name = "hamlet", version, about, max_term_width = 100)]
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
    /// Make a new community in a folder.
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
    /// Look for what is wrong with a community's folder and say what to do.
    Doctor,
    /// Print a completion script for a shell.
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
            eprintln!("hamlet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<Outcome> {
    let home = cli.home.as_path();
    match cli.command {
        Command::Demo(args) => demo::run(home, &args),
        Command::Init(args) => community::init(home, &args),
        Command::Run(args) => serve::run(home, &args),
        Command::Plugin(command) => plugin::run(home, &command),
        Command::Member(command) => member::run(home, &command),
        Command::Token(command) => token::run(home, &command),
        Command::Call(args) => call::run(home, &args),
        Command::Doctor => doctor::run(home),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "hamlet", &mut io::stdout());
            Ok(Outcome::Done)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
