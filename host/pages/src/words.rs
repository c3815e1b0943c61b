//! The words that the host itself says in pages: labels of its elements, errors of fields, names of months.
//!
//! A table by language, complete for each of [`Language`]; a test looks. What a plugin says is the plugin's.

/// A language of the host's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// The language of a tag such as `es-MX`; English where there is none.
    pub fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next() {
            Some(first) if first.eq_ignore_ascii_case("es") => Self::Spanish,
            _ => Self::English,
        }
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        self.pick("en", "es")
    }

    /// One of two words.
    pub fn pick(self, english: &'static str, spanish: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }

    /// What is between whole and fraction.
    pub fn decimal(self) -> char {
        match self {
            Self::English => '.',
            Self::Spanish => ',',
        }
    }

    /// What is between thousands, and from how many digits on.
    pub fn thousands(self) -> (char, usize) {
        match self {
            Self::English => (',', 4),
            // The Academy's thin space, from ten thousand on.
            Self::Spanish => ('\u{202f}', 5),
        }
    }

    /// The name of a month, 1 to 12.
    pub fn month(self, month: i8) -> &'static str {
        const ENGLISH: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        const SPANISH: [&str; 12] = [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ];
        let at = usize::try_from(month).unwrap_or(0).wrapping_sub(1);
        let names = match self {
            Self::English => ENGLISH,
            Self::Spanish => SPANISH,
        };
        names.get(at).copied().unwrap_or_default()
    }

    /// So long ago, or so long from now.
    pub fn relative(self, count: i64, unit: Unit) -> String {
        let many = count.abs();
        let name = match (self, unit, many) {
            (Self::English, Unit::Now, _) => return "just now".to_owned(),
            (Self::Spanish, Unit::Now, _) => return "ahora mismo".to_owned(),
            (Self::English, Unit::Minute, 1) => "minute",
            (Self::English, Unit::Minute, _) => "minutes",
            (Self::English, Unit::Hour, 1) => "hour",
            (Self::English, Unit::Hour, _) => "hours",
            (Self::English, Unit::Day, 1) if count < 0 => return "yesterday".to_owned(),
            (Self::English, Unit::Day, 1) => return "tomorrow".to_owned(),
            (Self::English, Unit::Day, _) => "days",
            (Self::Spanish, Unit::Minute, 1) => "minuto",
            (Self::Spanish, Unit::Minute, _) => "minutos",
            (Self::Spanish, Unit::Hour, 1) => "hora",
            (Self::Spanish, Unit::Hour, _) => "horas",
            (Self::Spanish, Unit::Day, 1) if count < 0 => return "ayer".to_owned(),
            (Self::Spanish, Unit::Day, 1) => return "mañana".to_owned(),
            (Self::Spanish, Unit::Day, _) => "días",
        };
        match (self, count < 0) {
            (Self::English, true) => format!("{many} {name} ago"),
            (Self::English, false) => format!("in {many} {name}"),
            (Self::Spanish, true) => format!("hace {many} {name}"),
            (Self::Spanish, false) => format!("dentro de {many} {name}"),
        }
    }
}

/// A unit of a relative time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Less than a minute.
    Now,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// A calendar day.
    Day,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_the_first_part_of_a_tag() {
        for (tag, language) in
            [("es", "es"), ("es-MX", "es"), ("ES_es", "es"), ("en-GB", "en"), ("", "en"), ("qps", "en")]
        {
            assert_eq!(Language::of(tag).tag(), language, "{tag}");
        }
    }

    #[test]
    fn every_month_has_a_name() {
        for language in [Language::English, Language::Spanish] {
            assert!((1..=12).all(|month| !language.month(month).is_empty()));
            assert_eq!((language.month(0), language.month(13)), ("", ""));
        }
    }
}
