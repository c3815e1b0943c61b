//! What a demo's stories run on: a host that can be killed, and a shell in which `hamlet` is this program.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::client::Client;
use crate::session::Session;

/// How long the host may take to answer after a start.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The running host of the demo, killed when this is dropped.
pub struct Host {
    child: Child,
    home: PathBuf,
}

impl Host {
    /// Starts it and waits until it answers.
    pub fn start(home: &Path) -> Result<Self> {
        let begun = Instant::now();
        let child = Command::new(env::current_exe()?)
            // The village's history was made with its clock set; the box's own clock is right.
            .args(["--home".as_ref(), home.as_os_str(), "run".as_ref()])
            .args(["--confirm-clock", "--end-with-parent"])
            .stdout(Stdio::null())
            .spawn()
            .context("the host does not start")?;
        let mut host = Self { child, home: home.to_path_buf() };
        let client = Client::new(&Session::load(home)?, None)?;
        while !client.healthy() {
            if let Some(status) = host.child.try_wait()? {
                bail!("the host ended by itself ({status}). Is another one running on this address?");
            }
            if begun.elapsed() > START_TIMEOUT {
                bail!("the host did not answer within {} s", START_TIMEOUT.as_secs());
            }
            thread::sleep(Duration::from_millis(5));
        }
        println!("the host answers after {} ms", begun.elapsed().as_millis());
        Ok(host)
    }

    /// `kill -9`, then a new start.
    pub fn kill_and_start(&mut self) -> Result<()> {
        println!("  $ kill -9 {}", self.child.id());
        self.child.kill()?;
        self.child.wait()?;
        println!("  $ hamlet run &");
        *self = Self::start(&self.home.clone())?;
        Ok(())
    }

    /// Waits until it ends.
    pub fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command in which `hamlet` is this program and the folder is the demo's.
pub fn shell(home: &Path, command: &str) -> Result<(i32, String)> {
    let program = env::current_exe()?;
    let folder = program.parent().context("this program is nowhere")?.to_path_buf();
    let mut paths = vec![folder];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}; }} 2>&1")])
        .env("PATH", env::join_paths(paths)?)
        .env("HAMLET_HOME", home)
        .stdin(Stdio::null())
        .output()
        .context("the shell does not start")?;
    Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned()))
}
