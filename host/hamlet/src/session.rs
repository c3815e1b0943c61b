//! What the command line remembers of one community: where it answers and whose tokens it holds.
//!
//! The file `cli.toml` in the community's folder, readable by its owner alone. It holds secrets:
//! whoever reads it is whoever it names.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::community;

/// The name of the file inside a community's folder.
const FILE: &str = "cli.toml";

/// Where a community answers, and tokens by the handle of whom they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Where the host listens, for example `http://127.0.0.1:8750`.
    pub url: String,
    /// The host name by which the gateway knows this community.
    pub host: String,
    /// Whose token is used when `--as` is not given.
    pub default: Option<String>,
    /// Tokens by handle.
    #[serde(default)]
    pub tokens: BTreeMap<String, String>,
}

impl Session {
    /// Reads the session of the community in `home`.
    pub fn load(home: &Path) -> Result<Self> {
        let path = home.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| community::unreadable(home, &path, error))?;
        toml::from_str(&text).with_context(|| format!("`{}` cannot be read", path.display()))
    }

    /// Writes it, readable by the owner alone.
    pub fn save(&self, home: &Path) -> Result<()> {
        let path = home.join(FILE);
        let partial: PathBuf = home.join(format!("{FILE}.new"));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .with_context(|| format!("`{}` cannot be written", partial.display()))?;
        file.write_all(toml::to_string(self)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, &path)?;
        Ok(())
    }

    /// The token to use: that of `handle`, else the default's.
    pub fn token(&self, handle: Option<&str>) -> Result<Option<&str>> {
        let Some(handle) = handle.or(self.default.as_deref()) else {
            return Ok(None);
        };
        if let Some(token) = self.tokens.get(handle) {
            return Ok(Some(token));
        }
        let known: Vec<_> = self.tokens.keys().map(String::as_str).collect();
        bail!(
            "no token of `{handle}` is kept here. Kept are: {}. Make one with `hamlet token create {handle} \
             --save`: her very first as a steward, a later one as the holder of the box while the host is stopped",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    }
}
