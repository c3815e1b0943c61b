//! Asking a person for her consent on the terminal (W2).

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;
use serde_json::Value;

use crate::client::Problem;

/// Shows what would be done with her will, and gives the code when she agrees.
pub fn confirm(problem: &Problem, yes: bool) -> Result<Option<String>> {
    let needs = problem.document.get("needs").and_then(Value::as_array).cloned().unwrap_or_default();
    eprintln!("This needs your consent:");
    for need in &needs {
        let text = |field: &str| need.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        eprintln!("  - {} ({} {})", text("sentence"), text("kind"), text("thing"));
    }
    let agreed = yes || (io::stdin().is_terminal() && asked()?);
    let code = problem.document.get("code").and_then(Value::as_str).map(str::to_owned);
    if !agreed {
        eprintln!("Nothing was done. Say yes with `--yes`.");
    }
    Ok(code.filter(|_| agreed))
}

fn asked() -> Result<bool> {
    eprint!("Do it? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
