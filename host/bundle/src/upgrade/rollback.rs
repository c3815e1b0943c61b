//! Going back to the version before: what would be lost.

use semver::Version;

use super::Release;

/// What happened since the upgrade, counted by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RollbackNumbers {
    /// The generation of rows in use (J4).
    pub generation: u32,
    /// The generation that the earlier version used; the same if nothing was migrated.
    pub previous_generation: u32,
    /// Commands of the plugin that were committed since.
    pub commands: u64,
    /// Rows of the plugin that were written or removed since.
    pub rows: u64,
}

/// What going back would mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackPlan {
    /// The plugin's name.
    pub name: String,
    /// The version that answers now.
    pub from: Version,
    /// The version that would answer again.
    pub to: Version,
    /// The numbers that it was planned with.
    pub numbers: RollbackNumbers,
}

impl RollbackPlan {
    /// Whether data goes back to an earlier generation.
    pub fn switches_data(&self) -> bool {
        self.numbers.generation != self.numbers.previous_generation
    }

    /// How many written rows would be lost: all since the switch, if data goes back; else none.
    pub fn rows_lost(&self) -> u64 {
        if self.switches_data() { self.numbers.rows } else { 0 }
    }

    /// The plan for people, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let RollbackPlan { name, from, to, numbers } = self;
        let mut lines = vec![format!("`{name}` would go back from {from} to {to}.")];
        if !self.switches_data() {
            lines.push(format!(
                "Nothing that was written is lost: the data stays as {from} left it. {to} may not understand \
                 what is new in it."
            ));
        } else if numbers.rows == 0 {
            lines.push(format!(
                "Its data goes back to what {to} had. Nothing was written since; nothing is lost."
            ));
        } else {
            lines.push(format!(
                "Its data goes back to what {to} had. What was written since is lost: {} in {}.",
                counted(numbers.rows, "row"),
                counted(numbers.commands, "command")
            ));
        }
        lines
    }
}

/// Plans to go back from the installed version to the one before it.
pub fn plan_rollback(
    installed: Release<'_>,
    previous: Release<'_>,
    numbers: RollbackNumbers,
) -> RollbackPlan {
    RollbackPlan {
        name: installed.manifest.name.clone(),
        from: installed.manifest.version.clone(),
        to: previous.manifest.version.clone(),
        numbers,
    }
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
