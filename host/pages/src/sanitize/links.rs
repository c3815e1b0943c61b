//! Where links, pictures and forms of a plugin's page may lead.
//!
//! An address is read by the URL standard's own algorithm, against the plugin's root: `pay` is `/p/shop/pay`
//! wherever it stands. What stays inside the plugin keeps path and query; of the rest `https:`, `mailto:` and
//! `tel:` stay; all else (`javascript:`, `data:`, `//host`, another plugin, the host's own pages) is no link.

use url::Url;

use crate::PREFIX;

/// Longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 2_000;
/// Longest id, in characters.
const ID_LENGTH_MAX: usize = 100;
/// Longest name of a field, in characters.
const NAME_LENGTH_MAX: usize = 200;
/// A host name that nobody can have (RFC 2606), to read relative addresses against.
const NOWHERE: &str = "plugin.invalid";
/// Hex digits of a blob's name.
const BLOB_DIGITS: usize = 64;

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A page of the same plugin: path, query and fragment, beginning with `/p/{plugin}/`.
    Inside(String),
    /// A place on the same page: `#p_id`.
    Here(String),
    /// Another site, a mail address, a telephone number.
    Outside(String),
}

impl Target {
    /// What is written into the page.
    pub fn into_text(self) -> String {
        match self {
            Self::Inside(text) | Self::Here(text) | Self::Outside(text) => text,
        }
    }
}

/// Where an address of a plugin's page leads; none: nowhere that is allowed.
pub(super) fn target(plugin: &str, href: &str) -> Option<Target> {
    if href.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let href = href.trim_matches(|letter: char| letter <= ' ');
    if let Some(fragment) = href.strip_prefix('#') {
        return id(fragment).map(|id| Target::Here(format!("#{id}")));
    }
    let root = format!("/p/{plugin}/");
    let base = Url::parse(&format!("https://{NOWHERE}{root}")).ok()?;
    let url = base.join(href).ok()?;
    match url.scheme() {
        "https" if url.host_str() == Some(NOWHERE) => {
            // Credentials or a port make it another address than the one that is shown.
            let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
            if !plain || !url.path().starts_with(&root) || is_ambiguous(url.path()) {
                return None;
            }
            let mut text = url.path().to_owned();
            if let Some(query) = url.query() {
                text.push('?');
                text.push_str(query);
            }
            if let Some(id) = url.fragment().and_then(id) {
                text.push('#');
                text.push_str(&id);
            }
            Some(Target::Inside(text))
        }
        "https" => {
            let plain = url.username().is_empty() && url.password().is_none() && url.host_str().is_some();
            plain.then(|| Target::Outside(url.into()))
        }
        "mailto" => {
            let known = |letter: char| letter.is_ascii_alphanumeric() || "._+-@".contains(letter);
            let address = url.path();
            let good = address.chars().all(known) && address.matches('@').count() == 1;
            good.then(|| Target::Outside(format!("mailto:{address}")))
        }
        "tel" => {
            let known = |letter: char| letter.is_ascii_digit() || "+-.()".contains(letter);
            let number = url.path();
            let good = !number.is_empty() && number.chars().all(known);
            good.then(|| Target::Outside(format!("tel:{number}")))
        }
        _ => None,
    }
}

/// A path that whoever decodes it once more would read as another: with `%2f`, `%5c`, or dots that lead upwards.
fn is_ambiguous(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.contains("..") || path.contains("%2f") || path.contains("%5c") || path.contains("%00")
}

/// An address as a page of this plugin, its path beginning with `/p/{plugin}/`; none when it leads elsewhere.
///
/// What a form gives as the page to go to afterwards comes back from a browser, so it is read here again.
pub fn inside(plugin: &str, href: &str) -> Option<String> {
    match target(plugin, href)? {
        Target::Inside(text) => Some(text),
        Target::Here(_) | Target::Outside(_) => None,
    }
}

/// A picture: a blob that the plugin itself serves.
pub(super) fn blob(plugin: &str, src: &str) -> Option<String> {
    let path = inside(plugin, src)?;
    let hash = path.strip_prefix(&format!("/p/{plugin}/blob/"))?;
    let good = hash.len() == BLOB_DIGITS
        && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    good.then_some(path)
}

/// A static file of the plugin: an address below `static/`, without a query.
pub(super) fn statics(plugin: &str, src: &str) -> Option<String> {
    let path = inside(plugin, src)?;
    let file = path.strip_prefix(&format!("/p/{plugin}/static/"))?;
    (!file.is_empty() && !file.contains(['?', '#'])).then_some(path)
}

/// What a form does: `function`, `interface.function`, or a page of the plugin, whose address has a `/`.
pub(super) fn action(plugin: &str, action: &str) -> Option<String> {
    let action = action.trim_matches(|letter: char| letter <= ' ');
    if action.contains('/') {
        let path = inside(plugin, action)?;
        let end = path.find(['?', '#']).unwrap_or(path.len());
        return path.get(..end).map(str::to_owned);
    }
    let mut names = action.split('.');
    let (first, second, third) = (names.next()?, names.next(), names.next());
    let good = kebab(first) && second.is_none_or(kebab) && third.is_none();
    good.then(|| action.to_owned())
}

fn kebab(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

/// An id with the host's prefix.
pub(super) fn id(id: &str) -> Option<String> {
    let bare = crate::bare(id);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good = (1..=ID_LENGTH_MAX).contains(&bare.len()) && bare.bytes().all(known);
    good.then(|| format!("{PREFIX}{bare}"))
}

/// Several ids, each with the prefix.
pub(super) fn ids(list: &str) -> Option<String> {
    let ids: Vec<String> = list.split_ascii_whitespace().take(20).filter_map(id).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The name of a field, with the prefix: kebab-case names and numbers with dots between them, and `~` at the end.
pub(super) fn name(name: &str) -> Option<String> {
    let bare = crate::bare(name);
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.~".contains(&byte);
    let good = (1..=NAME_LENGTH_MAX).contains(&bare.len()) && bare.bytes().all(known);
    good.then(|| format!("{PREFIX}{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_a_link_leads_into_its_own_plugin_or_plainly_outside() {
        let inside = |text: &str| Some(Target::Inside(text.to_owned()));
        let outside = |text: &str| Some(Target::Outside(text.to_owned()));
        let rows = [
            ("pay", inside("/p/shop/pay")),
            ("./pay?to=rosa&x=1#end", inside("/p/shop/pay?to=rosa&x=1#p_end")),
            ("/p/shop/pay#p_end", inside("/p/shop/pay#p_end")),
            ("", inside("/p/shop/")),
            ("?from=2026-01-01", inside("/p/shop/?from=2026-01-01")),
            ("#end", Some(Target::Here("#p_end".to_owned()))),
            ("https://example.org/a b", outside("https://example.org/a%20b")),
            ("mailto:rosa@example.org", outside("mailto:rosa@example.org")),
            ("tel:+43-1-234", outside("tel:+43-1-234")),
            ("../garden/vote", None),
            ("/p/shop/../../steward", None),
            ("/p/shop/%2e%2e/%2E%2e/steward", None),
            ("..%2f..%2fsteward", None),
            ("a%5C..%5Cb", None),
            ("/p/shop", None),
            ("/p/shopx/", None),
            ("/", None),
            ("//evil.example/p/shop/", None),
            ("\\\\evil.example\\p\\shop\\", None),
            ("/\\evil.example", None),
            ("https:evil", inside("/p/shop/evil")),
            ("https://rosa:secret@example.org/", None),
            ("https://plugin.invalid:444/p/shop/", None),
            ("http://example.org/", None),
            ("javascript:alert(1)", None),
            (" \u{1}java\tscript\n:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("blob:https://x/y", None),
            ("file:///etc/passwd", None),
            ("mailto:rosa@example.org?bcc=all@example.org", outside("mailto:rosa@example.org")),
            ("mailto:a@b@c", None),
        ];
        for (href, expected) in rows {
            let got = target("shop", href);
            if href.starts_with("//") || href.starts_with("\\\\") || href.starts_with("/\\") {
                // Another host by https is a link outside, shown as such.
                assert!(
                    matches!(&got, Some(Target::Outside(text)) if text.starts_with("https://evil.example")),
                    "{href}: {got:?}"
                );
                continue;
            }
            assert_eq!(got, expected, "{href}");
        }
    }

    #[test]
    fn p1_a_form_names_a_function_or_a_page_of_its_plugin() {
        let rows = [
            ("pay", Some("pay")),
            ("transfers.pay", Some("transfers.pay")),
            ("./statement", Some("/p/shop/statement")),
            ("./statement?x#y", Some("/p/shop/statement")),
            ("a.b.c", None),
            ("", None),
            ("https://evil.example/x", None),
            ("//evil.example/x", None),
            ("/sign-in", None),
            ("javascript:alert(1)", None),
            ("pay now", None),
        ];
        for (given, expected) in rows {
            assert_eq!(action("shop", given).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn a_picture_is_a_blob_of_its_own_plugin() {
        let hash = "0123456789abcdef".repeat(4);
        let path = format!("/p/shop/blob/{hash}");
        assert_eq!(blob("shop", &format!("blob/{hash}")), Some(path.clone()));
        assert_eq!(blob("shop", &path), Some(path.clone()));
        for bad in [
            format!("{path}?x"),
            format!("https://example.org/p/shop/blob/{hash}"),
            format!("/p/other/blob/{hash}"),
            "blob/abc".to_owned(),
            "data:image/png;base64,AAAA".to_owned(),
        ] {
            assert_eq!(blob("shop", &bad), None, "{bad}");
        }
    }

    #[test]
    fn a_prefix_is_put_once() {
        assert_eq!(id("main").as_deref(), Some("p_main"));
        assert_eq!(id("p_main").as_deref(), Some("p_main"));
        assert_eq!(name("to.0.name").as_deref(), Some("p_to.0.name"));
        assert_eq!(ids("a  b <").as_deref(), Some("p_a p_b"));
        assert_eq!(
            (id(""), id("a b"), name("a\"b"), name("csrf").as_deref()),
            (None, None, None, Some("p_csrf"))
        );
    }
}
