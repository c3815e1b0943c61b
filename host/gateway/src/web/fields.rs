//! The fields of a form that was sent.

use bytes::Bytes;
use http::StatusCode;

use crate::problem::Problem;

/// Largest form in bytes.
pub(crate) const FORM_BYTES_MAX: usize = 64 << 10;
/// Most fields of a form.
const FIELDS_MAX: usize = 500;

/// What was typed and chosen, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// From a body of `application/x-www-form-urlencoded`, or a query.
    pub fn parse(body: &Bytes) -> Result<Self, Problem> {
        let fields: Vec<_> = form_urlencoded::parse(body)
            .take(FIELDS_MAX + 1)
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        if fields.len() > FIELDS_MAX {
            let detail = format!("A form has at most {FIELDS_MAX} fields.");
            return Err(Problem::host(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-many-fields",
                "Too many fields",
                detail,
            ));
        }
        Ok(Self(fields))
    }

    /// What was typed, without spaces around it; empty where there is no such field.
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// All values of a field, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The same as it was typed: passwords may begin with a space.
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_are_read_and_a_flood_of_them_is_refused() {
        let fields = Fields::parse(&Bytes::from_static(b"name=+Ada+&password=%20x&agree=on")).unwrap();
        assert_eq!((fields.text("name"), fields.exact("password"), fields.text("none")), ("Ada", " x", ""));
        let flood = "a=1&".repeat(501);
        assert!(Fields::parse(&Bytes::from(flood)).is_err());
        assert!(Fields::parse(&Bytes::from_static(b"%ff%fe=&&&=")).is_ok());
    }
}
