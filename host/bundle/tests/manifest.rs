//! Manifests: what is read, and the sentence for each mistake.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use hamlet_bundle::{Access, Kind, Manifest};
use proptest::prelude::*;

const SHOP: &str = r#"
name = "shop"
version = "0.1.0"
title = "The stall"
publisher = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
minimum-host = "0.1.0"
storage = "64 MiB"
stateless = true
bulk = true
schedules = true
subscribes = ["example:shop/news@0.1.0"]

[[export]]
interface = "example:shop/stall@0.1.0"
[export.functions]
sell = { kind = "command", access = ["member", "group:bakers"], reentrant = true, long = true }
sales = { kind = "query", access = ["public", "plugin", "device", "decision", "neighbour", "console"] }

[[import]]
interface = "hamlet:host/storage@0.1.0"
reason = "keeps the list of sales"

[[emits]]
interface = "example:shop/events@0.1.0"
audience = { sold = "buyers" }

[[grantable]]
kind = "spend"
title = "Spend from a jar"

[static]
folder = "../pages"
size = "3 MiB"
types = { stl = "model/stl" }

[migration]
migrates-from = ">=0.0.1, <0.1.0"
reads-as-is = "~0.1"
interface = "example:shop/upkeep@0.1.0"
function = "take-over"

[build]
command = ["npm", "run", "build"]
artifact = "dist/shop.wasm"
wit = "../wit/shop"
world = "shop"
"#;

#[test]
fn a_whole_manifest_is_read() {
    let manifest = Manifest::parse(SHOP).unwrap();
    assert_eq!(manifest.storage, 64 << 20);
    assert!(manifest.stateless && manifest.bulk && manifest.schedules);
    let sell = manifest.rule("example:shop/stall@0.1.0", "sell").unwrap();
    assert_eq!(sell.kind, Kind::Command);
    assert_eq!(sell.access, [Access::Member, Access::Group("bakers".into())]);
    assert!(sell.reentrant && sell.long);
    let sales = manifest.rule("example:shop/stall@0.1.0", "sales").unwrap();
    assert_eq!(sales.access.len(), 6);
    assert_eq!(manifest.rule("example:shop/stall@0.2.0", "sell"), None);
    assert!(manifest.asks_for("hamlet:host/storage@0.1.0"));
    assert!(manifest.asks_for("example:shop/events@0.1.0"));
    assert!(!manifest.asks_for("hamlet:host/clock@0.1.0"));
    assert_eq!(manifest.emits[0].audience["sold"], "buyers");
    assert_eq!(manifest.build.command, ["npm", "run", "build"]);
    assert_eq!(manifest.minimum_host.unwrap().to_string(), "0.1.0");
    assert!(manifest.publisher.unwrap().to_string().starts_with("RWQf6LRCGA9i"));
    let rules = manifest.static_files.unwrap();
    assert_eq!((rules.folder.as_str(), rules.size), ("../pages", 3 << 20));
    assert_eq!(rules.types["stl"], "model/stl");
    let migration = manifest.migration.unwrap();
    assert!(migration.migrates_from.matches(&"0.0.9".parse().unwrap()));
    assert!(migration.reads_as_is.unwrap().matches(&"0.1.7".parse().unwrap()));
    assert_eq!(
        (migration.interface.as_str(), migration.function.as_str()),
        ("example:shop/upkeep@0.1.0", "take-over")
    );
}

#[test]
fn what_is_left_out_has_a_careful_default() {
    let manifest = Manifest::parse("name = \"a\"\nversion = \"1.0.0\"\ntitle = \"A\"").unwrap();
    assert_eq!(manifest.storage, 16 << 20);
    assert!(!manifest.stateless && !manifest.bulk && !manifest.schedules);
    assert!(manifest.exports.is_empty());
    assert!(manifest.publisher.is_none() && manifest.migration.is_none() && manifest.static_files.is_none());
    assert_eq!(manifest.build.wit, "wit");
}

/// What is changed in the manifest above, and what the refusal must say.
#[test]
fn every_mistake_is_refused_with_a_sentence_that_names_it() {
    let rows = [
        ("name = \"shop\"", "name = \"Shop\"", "the name \"Shop\" cannot be used"),
        ("name = \"shop\"", "name = \"host\"", "is not `host`"),
        ("name = \"shop\"", "name = \"shop-\"", "cannot be used"),
        ("version = \"0.1.0\"", "version = \"0.1\"", "the version \"0.1\" is not one like 0.1.0"),
        ("title = \"The stall\"", "title = \"  \"", "title must be a text"),
        ("\"64 MiB\"", "\"64 MB\"", "storage = \"64 MB\" is not a size"),
        ("\"64 MiB\"", "\"99999999999999999999 MiB\"", "is not a size"),
        ("\"64 MiB\"", "\"2 TiB\"", "is not a size"),
        ("stateless", "statless", "unknown field `statless`"),
        ("kind = \"command\"", "kind = \"order\"", "kind \"order\" does not exist"),
        ("\"group:bakers\"", "\"group:\"", "access \"group:\" does not exist"),
        ("\"group:bakers\"", "\"schedule\"", "access \"schedule\" does not exist"),
        ("[\"member\", \"group:bakers\"]", "[]", "nobody could call it"),
        ("\"group:bakers\"", "\"member\"", "access lists member twice"),
        ("access = [\"member\"", "acess = [\"member\"", "unknown field `acess`"),
        ("stall@0.1.0", "stall", "export: \"example:shop/stall\" does not name an interface"),
        ("host/storage@0.1.0", "host/storage@one", "import: "),
        ("reason = \"keeps the list of sales\"", "", "has no reason"),
        ("\"keeps the list of sales\"", "\" \"", "has no reason"),
        ("example:shop/events@0.1.0", "hamlet:host/storage@0.1.0", "import lists hamlet:host/storage"),
        ("sold = ", "Sold = ", "\"Sold\" is not a name"),
        ("kind = \"spend\"", "kind = \"Spend it\"", "\"Spend it\" is not a name"),
        ("artifact = \"dist/shop.wasm\"", "", "needs both `command` and `artifact`"),
        ("\"dist/shop.wasm\"", "\"/dist/shop.wasm\"", "relative to the plugin's folder"),
        ("[\"npm\", \"run\", \"build\"]", "[]", "needs both `command` and `artifact`"),
        ("title = \"The stall\"", "title = 7", "plugin.toml cannot be read"),
        ("RWQf6LRCGA9i53", "RWQf6LRCGA9i", "publisher: this is not a public key"),
        ("RWQf6LRCGA9i53", "RUQf6LRCGA9i53", "publisher: this is not a public key"),
        ("minimum-host = \"0.1.0\"", "minimum-host = \"1\"", "the version \"1\" is not one"),
        ("minimum-host", "minimum_host", "unknown field `minimum_host`"),
        ("\"../pages\"", "\"/srv/pages\"", "[static] folder = \"/srv/pages\""),
        ("\"3 MiB\"", "\"65 MiB\"", "[static] size = \"65 MiB\""),
        ("stl = ", "html = ", "[static.types] html"),
        ("stl = ", "STL = ", "[static.types] STL"),
        ("model/stl", "model", "[static.types] stl"),
        ("model/stl", "model/stl; x=y", "[static.types] stl"),
        ("\">=0.0.1, <0.1.0\"", "\"old\"", "migrates-from = \"old\" is not a range"),
        ("\">=0.0.1, <0.1.0\"", "\"\"", "it is empty"),
        ("\">=0.0.1, <0.1.0\"", "\"*\"", "migrates-from admits 0.1.0 itself"),
        ("\"~0.1\"", "\"~\"", "reads-as-is = \"~\" is not a range"),
        ("upkeep@0.1.0", "upkeep", "migration: \"example:shop/upkeep\" does not name"),
        ("take-over", "Take over", "\"Take over\" is not a name"),
        (
            "example:shop/upkeep@0.1.0\"\nfunction = \"take-over\"",
            "example:shop/stall@0.1.0\"\nfunction = \"sell\"",
            "stall@0.1.0 sell is called by the host alone",
        ),
    ];
    for (from, to, expected) in rows {
        assert!(SHOP.contains(from), "{from}");
        let error = Manifest::parse(&SHOP.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = Manifest::parse(&text);
    }

    /// Texts near a real manifest reach further than noise does.
    #[test]
    fn a_manifest_with_any_one_place_overwritten_never_panics(
        at in 0..SHOP.len(),
        length in 0..20_usize,
        with in "\\PC{0,10}",
    ) {
        let end = (at + length).min(SHOP.len());
        let text = format!("{}{with}{}", &SHOP[..at], &SHOP[end..]);
        let _ = Manifest::parse(&text);
    }

    #[test]
    fn arbitrary_values_in_the_right_places_never_panic(name: String, version: String, size: String) {
        let quote = |text: &str| toml::Value::from(text).to_string();
        let text = format!(
            "name = {}\nversion = {}\ntitle = \"x\"\nstorage = {}",
            quote(&name), quote(&version), quote(&size),
        );
        let _ = Manifest::parse(&text);
    }
}
