//! Forms with a file in them (`multipart/form-data`, RFC 7578), read whole and small.
//!
//! Only what browsers send for our own forms: parts with a name, one of them with a file's name. What is not so is
//! refused, never guessed. The body is bounded by whoever reads it. If it is wrong, a picture is taken for a field.

use bytes::Bytes;

/// Most parts of a form.
const PARTS_MAX: usize = 64;
/// Longest head of a part, in bytes.
const HEAD_BYTES_MAX: usize = 2_048;
/// Longest boundary that RFC 2046 allows, in bytes.
const BOUNDARY_BYTES_MAX: usize = 70;

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The field's name.
    pub name: String,
    /// Whether it is a file.
    pub file: bool,
    /// What was typed, or what is in the file.
    pub body: Bytes,
}

/// The boundary that a content type names; none: it is no such form.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= BOUNDARY_BYTES_MAX).then_some(value)
}

/// The parts, in order; none where it is not whole. Cost: in proportion to the body.
pub(crate) fn parse(boundary: &str, body: &Bytes) -> Option<Vec<Part>> {
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = opening.len();
    if !body.starts_with(opening.as_bytes()) {
        return None;
    }
    let mut parts = Vec::new();
    loop {
        let rest = body.get(at..)?;
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        if !rest.starts_with(b"\r\n") || parts.len() >= PARTS_MAX {
            return None;
        }
        let head_from = at + 2;
        let head_end = head_from + find(body.get(head_from..)?, b"\r\n\r\n")?;
        let head = body.get(head_from..head_end).filter(|head| head.len() <= HEAD_BYTES_MAX)?;
        let from = head_end + 4;
        // An empty part's line break is both the end of its head and the beginning of the next boundary.
        let to = from + find(body.get(from..)?, between.as_bytes())?;
        let (name, file) = names(std::str::from_utf8(head).ok()?)?;
        parts.push(Part { name, file, body: body.slice(from..to) });
        at = to + between.len();
    }
}

/// The field's name in a part's head, and whether a file is named.
fn names(head: &str) -> Option<(String, bool)> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let parameter = |wanted: &str| {
        disposition.split(';').skip(1).find_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            (name == wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    Some((parameter("name")?, parameter("filename").is_some()))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn form(parts: &[(&str, bool, &[u8])]) -> Bytes {
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = if *file { "; filename=\"a;b.png\"" } else { "" };
            let head = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--XyZ--\r\n");
        body.into()
    }

    #[test]
    fn fields_and_a_file_come_back_as_they_were_sent() {
        let body =
            form(&[("csrf", false, b"abc"), ("picture", true, b"\r\n--Xy\x00\xff"), ("empty", false, b"")]);
        let parts = parse("XyZ", &body).unwrap();
        assert_eq!(parts.len(), 3);
        assert_eq!((parts[0].name.as_str(), parts[0].file, &parts[0].body[..]), ("csrf", false, &b"abc"[..]));
        assert_eq!((parts[1].file, &parts[1].body[..]), (true, &b"\r\n--Xy\x00\xff"[..]));
        assert!(parts[2].body.is_empty());
        assert_eq!(boundary("multipart/form-data; boundary=XyZ"), Some("XyZ"));
        assert_eq!(boundary("Multipart/Form-Data; charset=x; boundary=\"a b\""), Some("a b"));
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let body = form(&[("a", false, b"1")]);
        for length in 0..body.len() - 4 {
            assert_eq!(parse("XyZ", &body.slice(..length)), None, "{length} bytes");
        }
        assert_eq!(parse("other", &body), None);
        let many: Vec<_> = (0..65).map(|_| ("a", false, &b"1"[..])).collect();
        assert_eq!(parse("XyZ", &form(&many)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), boundary in "[a-z]{1,3}") {
            let _ = parse(&boundary, &Bytes::from(bytes));
        }

        #[test]
        fn a_changed_form_is_read_or_refused(at in 0_usize..120, byte in any::<u8>()) {
            let mut body = form(&[("csrf", false, b"abc"), ("picture", true, b"xyz")]).to_vec();
            if let Some(place) = body.get_mut(at) {
                *place = byte;
            }
            let _ = parse("XyZ", &Bytes::from(body));
        }
    }
}
