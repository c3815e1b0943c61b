//! A demo community as data: who lives there, what they did, and what a visitor is shown.
//!
//! The format is described at the head of `examples/village/village.toml`. This file reads it and
//! fills in its words; it runs nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::community::{Persona, TourCard};

/// A demo community.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Village {
    /// Folders of the plugins to build and install, relative to the checkout.
    pub plugins: Vec<String>,
    /// The host name under which the gateway serves it.
    pub host: String,
    /// What it is called.
    pub community: Named,
    /// Who lives there.
    #[serde(rename = "party")]
    pub parties: Vec<Party>,
    /// What they did, in order of time.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What they do again and again; each turn becomes a step.
    #[serde(rename = "habit", default)]
    pub habits: Vec<Habit>,
    /// What a visitor is shown.
    #[serde(rename = "story", default)]
    pub stories: Vec<Story>,
    /// What a visitor could do next.
    pub next: Option<String>,
    /// As whom a visitor looks around in a browser.
    #[serde(rename = "persona", default)]
    pub personas: Vec<Persona>,
    /// What a visitor is led through in a browser.
    #[serde(default)]
    pub tour: Vec<TourCard>,
}

/// What people did, in a file of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default, rename = "habit")]
    habits: Vec<Habit>,
    #[serde(default, rename = "step")]
    steps: Vec<Step>,
}

/// A community's own words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// Its IANA time zone.
    pub zone: String,
    /// Its language, BCP 47.
    pub language: String,
    /// When it began, RFC 3339.
    pub founded: String,
}

/// Somebody who lives there. The first one is the first steward.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// `person`, `household` or `organisation`.
    pub kind: String,
    /// Short name.
    pub handle: String,
    /// Full name.
    pub name: String,
    /// Groups to join.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Handles of the persons who may act for it.
    #[serde(default)]
    pub acting: Vec<String>,
}

/// A call that somebody makes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When, RFC 3339.
    pub at: String,
    /// The handle of who makes it.
    #[serde(rename = "as")]
    pub acting: String,
    /// Plugin and function.
    pub call: String,
    /// Once for each party of this kind.
    pub each: Option<String>,
    /// But not for these.
    #[serde(default)]
    pub except: Vec<String>,
    /// Keeps the answer under this name.
    pub save: Option<String>,
    /// The arguments, or the fields of the only argument.
    #[serde(default)]
    pub with: Map<String, Value>,
}

/// What people do again and again, taking turns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Habit {
    /// The first time, RFC 3339.
    pub from: String,
    /// Hours between two times; each is some minutes late, as people are.
    pub every_hours: u32,
    /// How often.
    pub times: u32,
    /// The handles of those who take turns.
    #[serde(rename = "as")]
    pub acting: Vec<String>,
    /// Plugin and function.
    pub call: String,
    /// The arguments; `{as}` is whose turn it is.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// What else is given, by turns.
    #[serde(default)]
    pub turns: Vec<Map<String, Value>>,
}

/// Most times of one habit.
const TIMES_MAX: u32 = 5_000;

impl Habit {
    /// Each time as a step.
    fn steps(&self) -> Result<Vec<Step>> {
        let from: Timestamp = self.from.parse().with_context(|| format!("`{}` is no time", self.from))?;
        if self.acting.is_empty() || self.times > TIMES_MAX {
            return Err(anyhow!("a habit is somebody's, and at most {TIMES_MAX} times"));
        }
        let mut steps = Vec::new();
        for (number, acting) in (0..self.times).zip(self.acting.iter().cycle()) {
            let late = number * 37 % 53;
            let after = i64::from(self.every_hours) * i64::from(number) * 60 + i64::from(late);
            let at = from.checked_add(jiff::SignedDuration::from_mins(after))?;
            let mut with = self.with.clone();
            if let Some(turn) = self.turns.get(number as usize % self.turns.len().max(1)) {
                with.extend(turn.clone());
            }
            let said =
                Words { here: BTreeMap::from([("as".to_owned(), acting.clone())]), ..Words::default() };
            for value in with.values_mut() {
                if let Value::String(text) = value {
                    *text = said.text(text);
                }
            }
            let (acting, call) = (acting.clone(), self.call.clone());
            steps.push(Step { at: at.to_string(), acting, call, with, ..Step::default() });
        }
        Ok(steps)
    }
}

/// Something that a visitor is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it shows.
    pub title: String,
    /// Commands to run, in order.
    pub run: Vec<Shown>,
}

/// One command of a story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// A shell command; `kill -9` of the host and a new start when it is `KILL`.
    pub command: String,
    /// The exit status that it must have.
    #[serde(default)]
    pub exit: i32,
    /// What its output must contain.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Keeps the output under this name.
    pub keep: Option<String>,
    /// The output must be exactly what was kept under this name.
    pub same: Option<String>,
}

impl Village {
    /// Reads `village.toml` in `folder`.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("village.toml");
        let text =
            fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        let mut village: Self =
            toml::from_str(&text).with_context(|| format!("`{}` is not a village", path.display()))?;
        for name in ["life.toml", "board.toml"] {
            let path = folder.join(name);
            if let Ok(text) = fs::read_to_string(&path) {
                let part: Part = toml::from_str(&text)
                    .with_context(|| format!("`{}` is no part of a village", path.display()))?;
                village.habits.extend(part.habits);
                village.steps.extend(part.steps);
            }
        }
        for habit in std::mem::take(&mut village.habits) {
            village.steps.extend(habit.steps()?);
        }
        // The clock never goes back; what is written at the same time stays in its order.
        let mut timed = Vec::new();
        for step in village.steps {
            let at: Timestamp = step.at.parse().with_context(|| format!("`{}` is no time", step.at))?;
            timed.push((at, step));
        }
        timed.sort_by_key(|(at, _)| *at);
        village.steps = timed.into_iter().map(|(_, step)| step).collect();
        Ok(village)
    }
}

/// What the words of a village stand for while it is built.
#[derive(Debug, Default)]
pub struct Words {
    /// `$name` and `$name.field`.
    pub values: BTreeMap<String, Value>,
    /// `{word}` inside texts.
    pub here: BTreeMap<String, String>,
}

impl Words {
    /// A value with every `$name` and `{word}` in it replaced.
    pub fn fill(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(path) => self.look_up(path)?,
                None => Value::String(self.text(text)),
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.fill(field)?)))
                    .collect::<Result<_>>()?,
            ),
            other => other.clone(),
        })
    }

    /// A text with every `{word}` and `{$name.field}` in it replaced.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, replacement) in &self.here {
            text = text.replace(&format!("{{{word}}}"), replacement);
        }
        for (name, value) in &self.values {
            let mut replace = |path: String, value: &Value| {
                if let Value::String(word) = value {
                    text = text.replace(&format!("{{${path}}}"), word);
                }
            };
            match value {
                Value::Object(fields) => {
                    for (field, value) in fields {
                        replace(format!("{name}.{field}"), value);
                    }
                }
                other => replace(name.clone(), other),
            }
        }
        text
    }

    fn look_up(&self, path: &str) -> Result<Value> {
        let mut parts = path.split('.');
        let name = parts.next().unwrap_or_default();
        let mut value = self.values.get(name).ok_or_else(|| anyhow!("nothing is called `${name}`"))?;
        for part in parts {
            value = value.get(part).ok_or_else(|| anyhow!("`${path}` has no `{part}`"))?;
        }
        Ok(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_habit_is_a_step_for_each_turn() {
        let habit: Habit = toml::from_str(
            "from = '2026-01-31T08:00:00Z'\nevery-hours = 24\ntimes = 3\nas = ['ada', 'ben']\ncall = 'x pay'\n\
             with = { payer = '@{as}' }\nturns = [{ amount = '1' }, { amount = '2' }, { amount = '3' }]",
        )
        .unwrap();
        let steps = habit.steps().unwrap();
        let shown: Vec<_> = steps
            .iter()
            .map(|step| {
                (step.at.as_str(), step.acting.as_str(), Value::Object(step.with.clone()).to_string())
            })
            .collect();
        let with = |payer: &str, amount: &str| json!({ "payer": payer, "amount": amount }).to_string();
        assert_eq!(
            shown,
            [
                ("2026-01-31T08:00:00Z", "ada", with("@ada", "1")),
                ("2026-02-01T08:37:00Z", "ben", with("@ben", "2")),
                ("2026-02-02T08:21:00Z", "ada", with("@ada", "3")),
            ]
        );
        assert!(Habit { acting: Vec::new(), ..habit }.steps().is_err());
    }

    #[test]
    fn words_are_replaced_at_any_depth() {
        let words = Words {
            values: BTreeMap::from([("thing".to_owned(), json!({"id": "07", "n": 3}))]),
            here: BTreeMap::from([("handle".to_owned(), "ada".to_owned())]),
        };
        let filled = words.fill(&json!({"a": ["$thing.id", "$thing.n"], "b": {"c": "of:{handle}"}})).unwrap();
        assert_eq!(filled, json!({"a": ["07", 3], "b": {"c": "of:ada"}}));
        assert_eq!(words.text("--id {$thing.id} {handle}"), "--id 07 ada");
        assert!(words.fill(&json!("$nobody.id")).unwrap_err().to_string().contains("nobody"));
    }
}
