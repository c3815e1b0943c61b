//! A demo community as data: who lives there, what they did, and what a visitor is shown.
//!
//! The format is described at the head of `examples/village/village.toml`. This file reads it and
//! fills in its words; it runs nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::community::Persona;

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
    /// What a visitor is shown.
    #[serde(rename = "story", default)]
    pub stories: Vec<Story>,
    /// What a visitor could do next.
    pub next: Option<String>,
    /// As whom a visitor looks around in a browser.
    #[serde(rename = "persona", default)]
    pub personas: Vec<Persona>,
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
#[derive(Debug, Deserialize)]
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
    /// Keeps the answer under this name.
    pub save: Option<String>,
    /// The arguments, or the fields of the only argument.
    #[serde(default)]
    pub with: Map<String, Value>,
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
        toml::from_str(&text).with_context(|| format!("`{}` is not a village", path.display()))
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
