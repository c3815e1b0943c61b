//! What the host's own pages say: their Fluent files, one for each group of pages, the same names in each language.
//! How they are spoken is `hamlet_pages::words`'.

use hamlet_pages::words::Own;
pub(crate) use hamlet_pages::words::{Say, Words};

/// The languages in the binary.
pub(crate) const OWN: &[Own] = &[Own { tag: "en", files: ENGLISH }, Own { tag: "es", files: SPANISH }];

const ENGLISH: &[&str] = &[
    include_str!("../../words/en/host.ftl"),
    include_str!("../../words/en/people.ftl"),
    include_str!("../../words/en/care.ftl"),
    include_str!("../../words/en/name.ftl"),
    include_str!("../../words/en/moderation.ftl"),
];
const SPANISH: &[&str] = &[
    include_str!("../../words/es/host.ftl"),
    include_str!("../../words/es/people.ftl"),
    include_str!("../../words/es/care.ftl"),
    include_str!("../../words/es/name.ftl"),
    include_str!("../../words/es/moderation.ftl"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use hamlet_pages::words::variables;

    use super::*;

    #[test]
    fn spanish_says_all_that_english_says_with_the_same_variables() {
        assert_eq!(variables(ENGLISH).unwrap(), variables(SPANISH).unwrap());
    }

    /// Every id in the sources of the pages is in the files, and nothing is in the files that no page says.
    #[test]
    fn every_message_that_a_page_says_is_there_and_no_other() {
        let mut sources = String::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources += &fs::read_to_string(path).unwrap();
                }
            }
        }
        let unsaid: Vec<_> = variables(ENGLISH)
            .unwrap()
            .into_keys()
            .filter(|id| !sources.contains(&format!("\"{id}\"")))
            .collect();
        assert!(unsaid.is_empty(), "no page says {unsaid:?}");
        let english = variables(ENGLISH).unwrap();
        for marker in [".t(\"", ".with(\"", ".count(\""] {
            for part in sources.split(marker).skip(1) {
                let id = part.split('"').next().unwrap();
                assert!(id.contains('\\') || english.contains_key(id), "`{id}` is in no file");
            }
        }
    }
}
