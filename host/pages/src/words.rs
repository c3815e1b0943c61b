//! What the host itself says on pages, in the viewer's language: Fluent files, `en` and `es` in the binary, more from
//! the folder `languages` of a community (`languages/TAG/*.ftl`), without a rebuild.
//!
//! The words of elements, forms and values are here (`words/TAG/elements.ftl`), those of the host's own pages come
//! from the gateway.
//!
//! A language that lacks a message falls back to English. Two made-up ones are for tests: `en-XA` accents every
//! word, so that what is not in a file is seen, and `ar-XB` is English set from right to left.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::{CharacterDirection, LanguageIdentifier};

const ENGLISH: &str = include_str!("../words/en/elements.ftl");
const SPANISH: &str = include_str!("../words/es/elements.ftl");

/// Files of a language that are in the binary.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// Its tag (BCP 47).
    pub tag: &'static str,
    /// Fluent files.
    pub files: &'static [&'static str],
}

/// Languages that are for tests only: nobody is offered them, who names one gets it.
const MADE_UP: [&str; 2] = ["en-XA", "ar-XB"];
/// Largest file that is read from a folder of languages, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Longest `Accept-Language` that is looked at, in bytes.
const ACCEPT_BYTES_MAX: usize = 200;

type Bundle = FluentBundle<FluentResource>;

/// One language.
struct Language {
    tag: LanguageIdentifier,
    /// What it calls itself.
    name: String,
    bundle: Bundle,
}

/// All languages of a community.
pub struct Words {
    languages: BTreeMap<String, Arc<Language>>,
    english: Arc<Language>,
}

impl Words {
    /// Those in the binary, `own` among them, and those in a folder of the community.
    ///
    /// What cannot be read in the folder is left out and logged: a translator's mistake must not stop a host.
    pub fn new(own: &[Own], folder: Option<&Path>) -> Self {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        texts.insert("en".into(), vec![ENGLISH.into()]);
        texts.insert("es".into(), vec![SPANISH.into()]);
        for Own { tag, files } in own {
            texts.entry((*tag).into()).or_default().extend(files.iter().map(|&text| text.to_owned()));
        }
        for tag in MADE_UP {
            let english = texts.get("en").cloned().unwrap_or_default();
            texts.insert(tag.into(), english);
        }
        for (tag, more) in folder.map(read_folder).unwrap_or_default() {
            texts.entry(tag).or_default().extend(more);
        }
        let languages: BTreeMap<String, Arc<Language>> = texts
            .into_iter()
            .filter_map(|(tag, texts)| Some((tag.clone(), Arc::new(Language::new(&tag, texts)?))))
            .collect();
        let english = languages.get("en").map_or_else(|| Arc::new(Language::empty()), Arc::clone);
        Self { languages, english }
    }

    /// Speaks the first language that can be spoken: what she chose, what her browser asks for, the community's.
    pub fn say(&self, chosen: Option<&str>, accepted: Option<&str>, community: &str) -> Say {
        if let Some(language) = chosen.and_then(|tag| self.languages.get(tag)) {
            return self.speak(language);
        }
        let accepted = accepted.unwrap_or_default();
        let accepted = if accepted.len() > ACCEPT_BYTES_MAX { "" } else { accepted };
        let mut wanted = parse_accepted_languages(accepted);
        wanted.extend(community.parse::<LanguageIdentifier>().ok());
        let offered: Vec<&LanguageIdentifier> = self.offered().map(|language| &language.tag).collect();
        let english = &self.english.tag;
        let found = negotiate_languages(&wanted, &offered, Some(&english), NegotiationStrategy::Lookup);
        let tag = found.first().map(ToString::to_string).unwrap_or_default();
        self.speak(self.languages.get(&tag).unwrap_or(&self.english))
    }

    fn speak(&self, language: &Arc<Language>) -> Say {
        Say { language: Arc::clone(language), english: Arc::clone(&self.english) }
    }

    fn offered(&self) -> impl Iterator<Item = &Arc<Language>> {
        self.languages
            .iter()
            .filter(|(tag, _)| !MADE_UP.contains(&tag.as_str()))
            .map(|(_, language)| language)
    }

    /// The languages to choose from: tag, and what each calls itself.
    pub fn choices(&self) -> Vec<(String, String)> {
        self.offered().map(|language| (language.tag.to_string(), language.name.clone())).collect()
    }

    /// Whether a language of this tag can be spoken.
    pub fn has(&self, tag: &str) -> bool {
        self.languages.contains_key(tag)
    }
}

impl Language {
    fn new(tag: &str, texts: Vec<String>) -> Option<Self> {
        let id: LanguageIdentifier = tag.parse().ok()?;
        let mut bundle = Bundle::new_concurrent(vec![id.clone()]);
        // The marks around what is put in would be copied with numbers and codes.
        bundle.set_use_isolating(false);
        if tag == "en-XA" {
            bundle.set_transform(Some(accented));
        }
        for text in texts {
            let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
                tracing::warn!(tag, ?errors, "parts of a language's file are left out");
                resource
            });
            // A later file says it better.
            bundle.add_resource_overriding(resource);
        }
        let mut language = Self { tag: id, name: tag.to_owned(), bundle };
        if let Some(name) = language.message("language-name", None) {
            language.name = name;
        }
        Some(language)
    }

    fn empty() -> Self {
        let tag = LanguageIdentifier::default();
        Self { bundle: Bundle::new_concurrent(vec![tag.clone()]), name: String::new(), tag }
    }

    fn message(&self, id: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(id, tag = %self.tag, ?errors, "a message could not be said whole");
        }
        Some(text)
    }
}

/// The files of a folder by language.
fn read_folder(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Some(tag) = entry.file_name().to_str().and_then(|tag| tag.parse::<LanguageIdentifier>().ok())
        else {
            continue;
        };
        let mut files: Vec<_> = fs::read_dir(entry.path()).into_iter().flatten().flatten().collect();
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let path = file.path();
            let small = file.metadata().is_ok_and(|about| about.is_file() && about.len() <= FILE_BYTES_MAX);
            if !small || path.extension().is_none_or(|end| end != "ftl") {
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) => found.entry(tag.to_string()).or_default().push(text),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a language's file cannot be read");
                }
            }
        }
    }
    found
}

/// Accents every vowel.
fn accented(text: &str) -> Cow<'_, str> {
    let accent = |letter| match letter {
        'a' => 'á',
        'e' => 'é',
        'i' => 'í',
        'o' => 'ö',
        'u' => 'ü',
        'A' => 'Å',
        'E' => 'É',
        'I' => 'Î',
        'O' => 'Ø',
        'U' => 'Û',
        other => other,
    };
    Cow::Owned(text.chars().map(accent).collect())
}

/// Speaks one language.
#[derive(Clone)]
pub struct Say {
    language: Arc<Language>,
    english: Arc<Language>,
}

impl Say {
    /// A message that has no variables.
    pub fn t(&self, id: &str) -> String {
        self.message(id, None)
    }

    /// A message with its variables.
    pub fn with(&self, id: &str, variables: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in variables {
            arguments.set(*name, (*value).to_owned());
        }
        self.message(id, Some(&arguments))
    }

    /// A message with one number, on which its form may depend.
    pub fn count(&self, id: &str, number: u64) -> String {
        let mut arguments = FluentArgs::new();
        // Counts of people and things: far below where a double stops being exact.
        arguments.set("count", u32::try_from(number).unwrap_or(u32::MAX));
        self.message(id, Some(&arguments))
    }

    fn message(&self, id: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let said = self.language.message(id, arguments);
        said.or_else(|| self.english.message(id, arguments)).unwrap_or_else(|| {
            tracing::error!(id, "a page says what no language knows");
            id.to_owned()
        })
    }

    /// A month's name, 1 to 12.
    pub fn month(&self, month: i8) -> String {
        self.t(&format!("month-{month}"))
    }

    /// The language's tag, for `lang`.
    pub fn tag(&self) -> String {
        self.language.tag.to_string()
    }

    /// For `dir`.
    pub fn direction(&self) -> &'static str {
        match self.language.tag.character_direction() {
            CharacterDirection::RTL => "rtl",
            _ => "ltr",
        }
    }
}

/// Each message of a language's files with its variables: so a test sees that languages say the same.
///
/// # Errors
/// What cannot be read, or is there twice.
pub fn variables(files: &[&str]) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut found = BTreeMap::new();
    for text in files {
        let parsed = fluent_syntax::parser::parse(*text).map_err(|(_, errors)| format!("{errors:?}"))?;
        for entry in parsed.body {
            let Entry::Message(message) = entry else { continue };
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                variables_of(pattern, &mut variables);
            }
            if found.insert(message.id.name.to_owned(), variables).is_some() {
                return Err(format!("{} is there twice", message.id.name));
            }
        }
    }
    Ok(found)
}

fn variables_of(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        let (Expression::Inline(inline) | Expression::Select { selector: inline, .. }) = expression;
        if let InlineExpression::VariableReference { id } = inline {
            found.insert(id.name.to_owned());
        }
        if let Expression::Select { variants, .. } = expression {
            for variant in variants {
                variables_of(&variant.value, found);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Speaks a language that is in the binary.
    pub(crate) fn speak(tag: &str) -> Say {
        Words::new(&[], None).say(Some(tag), None, "")
    }

    #[test]
    fn spanish_says_all_that_english_says_with_the_same_variables() {
        assert_eq!(variables(&[ENGLISH]).unwrap(), variables(&[SPANISH]).unwrap());
    }

    const HOST: Own =
        Own { tag: "en", files: &["sign-in = Sign in\nsign-out = Sign out\npassword = Password\n"] };

    #[test]
    fn the_language_is_what_she_chose_then_what_her_browser_asks_for_then_the_communitys() {
        let words = Words::new(&[HOST], None);
        let long = "es,".repeat(1_000);
        let tag = |chosen, accepted, community| words.say(chosen, accepted, community).tag();
        assert_eq!(tag(None, None, "es"), "es");
        assert_eq!(tag(None, Some("es-MX,es;q=0.9,en;q=0.8"), "en"), "es");
        assert_eq!(tag(Some("en"), Some("es"), "es"), "en");
        assert_eq!(tag(Some("xx"), Some("de"), "fr"), "en");
        assert_eq!(tag(None, Some(long.as_str()), "en"), "en");
        assert_eq!(tag(None, Some("en-XA"), "es"), "en", "made-up ones are not offered");
        assert!(words.say(Some("en-XA"), None, "").t("sign-in").contains('í'));
        assert_eq!(words.say(Some("ar-XB"), None, "").direction(), "rtl");
    }

    #[test]
    fn a_folder_adds_a_language_and_mends_a_word_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let put = |place: &str, text: &str| {
            let path = folder.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("eo/host.ftl", "language-name = Esperanto\nsign-in = Ensaluti\n");
        put("es/ours.ftl", "sign-in = Pasa\n");
        put("eo/broken.ftl", "sign-out = Elsaluti\n= = =\n");
        put("not a tag/x.ftl", "sign-in = no\n");
        let words = Words::new(&[HOST], Some(folder.path()));
        let say = words.say(None, Some("eo"), "en");
        assert_eq!((say.t("sign-in"), say.t("sign-out")), ("Ensaluti".into(), "Elsaluti".into()));
        assert_eq!(say.t("password"), "Password", "English where it says nothing");
        assert_eq!(words.say(Some("es"), None, "").t("sign-in"), "Pasa");
        assert!(words.choices().contains(&("eo".into(), "Esperanto".into())));
    }
}
