//! The words of a plugin's pages, in several languages: [Fluent](https://projectfluent.org) files that are part of it.
//!
//! ```
//! use hamlet_sdk::Words;
//!
//! const WORDS: &[(&str, &[&str])] = &[("en", &["bread = { $count } loaves"]), ("es", &["bread = { $count } panes"])];
//! assert_eq!(Words::of("es-MX", WORDS).with("bread", &[("count", "3")]), "3 panes");
//! assert_eq!(Words::of("fr", WORDS).with("bread", &[("count", "3")]), "3 loaves");
//! assert_eq!(Words::of("en", WORDS).say("cake"), "⟦cake⟧");
//! ```

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

/// Languages (BCP 47, without a region) with the texts of their Fluent files, the language to fall back to first.
pub type Languages<'a> = &'a [(&'a str, &'a [&'a str])];

/// The words of one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
    decimal: char,
}

/// Languages that write a comma between whole and fraction, of those that have been tried.
const WITH_COMMA: [&str; 6] = ["ca", "de", "es", "fr", "it", "pt"];

impl Words {
    /// Those of a locale such as `es-MX`; of the first language where there are none.
    ///
    /// Cost: reading the files of that language, some tens of microseconds for a hundred lines.
    #[must_use]
    pub fn of(locale: &str, languages: Languages<'_>) -> Self {
        let wanted = locale.split('-').next().unwrap_or_default();
        let found = languages.iter().find(|(language, _)| *language == wanted).or(languages.first());
        let (language, files) = found.copied().unwrap_or_default();
        let mut bundle = FluentBundle::default();
        // The names and numbers in these sentences do not need marks around them.
        bundle.set_use_isolating(false);
        for text in files {
            // What of a file cannot be read is left out; `messages` is for a test that all of it can be.
            let resource = match FluentResource::try_new((*text).to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            bundle.add_resource_overriding(resource);
        }
        Self { bundle, decimal: if WITH_COMMA.contains(&language) { ',' } else { '.' } }
    }

    /// Whether there is such a message.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// A message.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A message with what it speaks of. One that is not there is shown as `⟦id⟧`, for a test to find.
    #[must_use]
    pub fn with(&self, id: &str, variables: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return format!("⟦{id}⟧");
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in variables {
            arguments.set((*name).to_owned(), (*value).to_owned());
        }
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// What is between whole and fraction.
    #[must_use]
    pub fn decimal(&self) -> char {
        self.decimal
    }
}

/// The messages of a Fluent file, each with the variables that it names, both in order: for a test that all languages say
/// the same.
///
/// # Errors
/// The file cannot be read: what the parser says.
pub fn messages(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| format!("{errors:?}"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let message = |line: &str| {
        let (id, said) = line.split_once(" = ").ok_or_else(|| format!("more than one line: {line}"))?;
        let variables = said.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next());
        let mut variables: Vec<String> = variables.map(str::to_owned).collect();
        variables.sort();
        Ok((id.to_owned(), variables))
    };
    let mut messages = lines.map(message).collect::<Result<Vec<_>, String>>()?;
    messages.sort();
    Ok(messages)
}
