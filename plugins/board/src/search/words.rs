//! What a word is, and in which forms it is found.

use rust_stemmers::{Algorithm, Stemmer};

/// Longest word, in letters; what is longer is cut.
const LETTERS_MAX: usize = 40;

/// Words that are in every text, and so find nothing.
const STOP_WORDS: &[&str] = &[
    "a", "al", "an", "and", "are", "as", "at", "be", "but", "by", "can", "como", "con", "de", "del", "el",
    "en", "es", "esta", "este", "for", "from", "ha", "has", "have", "he", "i", "if", "in", "is", "it", "la",
    "las", "le", "lo", "los", "me", "mi", "my", "no", "not", "o", "of", "on", "or", "para", "pero", "por",
    "que", "se", "she", "si", "sin", "so", "su", "than", "that", "the", "there", "they", "this", "to", "tu",
    "un", "una", "was", "we", "who", "will", "with", "y", "ya", "you", "your",
];

/// The words of a text that count, in lower case, with their accents.
pub(super) fn of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && !is_mark(letter));
    let letters =
        |word: &str| word.chars().filter(|letter| !is_mark(*letter)).take(LETTERS_MAX).collect::<String>();
    let words = words.map(letters).filter(|word| !word.is_empty()).map(|word| word.to_lowercase());
    words.filter(|word| STOP_WORDS.binary_search(&fold(word).as_str()).is_err())
}

/// Whether this is an accent by itself, which belongs to the letter before it (Unicode's combining diacritical marks).
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// What a word is found by: itself and its stem in each language (Snowball), all without accents, as people leave them
/// out. Two words are forms of one another where they share one of these.
pub(super) fn forms(word: &str) -> Vec<String> {
    let stem = |language| fold(&Stemmer::create(language).stem(word));
    let mut forms = vec![fold(word), stem(Algorithm::English), stem(Algorithm::Spanish)];
    forms.sort();
    forms.dedup();
    forms
}

/// Without the accents of Latin letters. Others stay as they are.
fn fold(word: &str) -> String {
    word.chars().map(plain).collect()
}

const fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(one: &str, other: &str) -> bool {
        let forms_of_other = forms(other);
        forms(one).iter().any(|form| forms_of_other.contains(form))
    }

    #[test]
    fn forms_of_a_word_find_one_another() {
        for (one, other) in [
            ("bicycle", "bicycles"),
            ("mending", "mended"),
            ("bakes", "baking"),
            ("panes", "pan"),
            ("panadería", "panaderia"),
            ("estación", "estaciones"),
            ("arreglo", "arreglar"),
            ("jardín", "jardin"),
        ] {
            assert!(share(one, other), "{one} {other}");
        }
        for (one, other) in [("bread", "broad"), ("pan", "paz"), ("bike", "hike")] {
            assert!(!share(one, other), "{one} {other}");
        }
    }

    #[test]
    fn words_are_what_is_between_other_signs() {
        assert_eq!(of("The Bread, ¡y el pan! 25kg").collect::<Vec<_>>(), ["bread", "pan", "25kg"]);
        assert_eq!(of("jardi\u{301}n").collect::<Vec<_>>(), ["jardin"]);
        assert!(STOP_WORDS.is_sorted());
    }
}
