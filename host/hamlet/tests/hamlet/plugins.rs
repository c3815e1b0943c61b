//! Signed bundles on the command line: made, installed on a running host, upgraded, granted and removed.

use std::fs;
use std::path::Path;

use hamlet_bundle::{BuildOptions, Built, Manifest, Package, save};

use crate::common::Place;

impl Place {
    /// A built guest, with another manifest.
    fn built(&self, guest: &str, name: &str, change: impl Fn(String) -> String) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel/tests/guests").join(guest);
        let out = self.path(&format!("{name}-built"));
        let options = BuildOptions { out: Some(out), ..BuildOptions::default() };
        let Built { package, .. } = hamlet_bundle::build(&folder, &options, &mut |_| {}).unwrap();
        let manifest_text = change(package.manifest_text.clone());
        let manifest = Manifest::parse(&manifest_text).unwrap();
        let to = self.path(name);
        save(&to, &Package { manifest, manifest_text, ..package }).unwrap();
        to.to_str().unwrap().to_owned()
    }

    /// A bundle of it, signed by a publisher.
    fn bundle(&self, folder: &str, publisher: &str) -> String {
        if !self.path(&format!("{publisher}.key")).exists() {
            self.hamlet(&["plugin", "keygen", publisher]).with(0, &["publisher RW"]);
        }
        let out = format!("{folder}.{publisher}.hamlet");
        let key = format!("{publisher}.key");
        self.hamlet(&["plugin", "pack", folder, "--key", &key, "--out", &out]).with(0, &["published by"]);
        out
    }
}

fn version(to: &'static str) -> impl Fn(String) -> String {
    move |text| text.replace("version = \"0.1.0\"", &format!("version = \"{to}\""))
}

#[test]
fn a_signed_plugin_is_installed_on_a_running_host_upgraded_by_its_publisher_alone_and_removed() {
    let place = Place::founded();
    let first = place.bundle(&place.built("first-alone", "one", |text| text), "mill");
    let _host = place.host();

    // Nothing is installed before somebody agreed to what it asks for.
    let refused = place.hamlet(&["plugin", "install", &first]);
    refused.with(
        2,
        &["It asks for this:", "It wants to keep data of its own", "give the command again with `--grant`"],
    );
    place.hamlet(&["plugin", "list"]).with(0, &["nothing"]);
    place.hamlet(&["plugin", "install", "--plan", &first]).with(0, &["Nothing was changed."]);
    place.hamlet(&["plugin", "upgrade", "--grant", &first]).with(1, &["is not installed"]);
    place.hamlet(&["plugin", "install", "--grant", &first]).with(0, &["first 0.1.0 is installed."]);
    place.hamlet(&["plugin", "list"]).with(0, &["signed by", "active"]);
    place.hamlet(&["call", "first", "run", "--script", "set a 1; get a"]).with(0, &["ok,1"]);

    // A changed byte, somebody else's key, no key at all, the same version: each says what it is.
    let mut bytes = fs::read(&first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(place.path("bad.hamlet"), bytes).unwrap();
    place.hamlet(&["plugin", "install", "--grant", "bad.hamlet"]).with(1, &["signature"]);
    let next = place.built("first-alone", "two", version("0.1.1"));
    let stranger = place.bundle(&next, "stranger");
    place
        .hamlet(&["plugin", "upgrade", "--grant", &stranger])
        .with(1, &["other-publisher", "Nobody but the publisher of the installed version can upgrade it"]);
    place
        .hamlet(&["plugin", "upgrade", "--grant", &next])
        .with(1, &["other-publisher", "this is not signed"]);
    place.hamlet(&["plugin", "install", "--grant", &first]).with(1, &["version-not-higher"]);

    // What is granted is shown, taken back at once, and given again.
    let key = "import hamlet:host/log@0.1.0";
    let shown = place.hamlet(&["plugin", "grants", "first"]).with(0, &[key, "granted by Ada Lovelace on"]);
    assert!(!shown.contains("NOT GRANTED"), "{shown}");
    place.hamlet(&["plugin", "grants", "first", "--revoke", key]).with(0, &["NOT GRANTED"]);
    let log = ["call", "first", "run", "--script", "log hello"];
    place.hamlet(&log).with(2, &["A steward grants it: hamlet plugin grants first --give"]);
    place.hamlet(&["plugin", "grants", "first", "--give", key]).with(0, &[key]);
    place.hamlet(&log).with(0, &["ok"]);

    // An upgrade by its publisher that asks for nothing new needs no agreement.
    let second = place.bundle(&next, "mill");
    place
        .hamlet(&["plugin", "upgrade", &second])
        .with(0, &["It asks for nothing new.", "first 0.1.1 is installed in place of 0.1.0"]);
    place.hamlet(&["call", "first", "run", "--script", "get a"]).with(0, &["1"]);

    place.hamlet(&["plugin", "pause", "first"]).with(0, &["is paused"]);
    place.hamlet(&["call", "first", "run", "--script", "get a"]).with(2, &["a steward paused it"]);
    place.hamlet(&["plugin", "resume", "first"]).with(0, &["answers again"]);
    place.hamlet(&["plugin", "remove", "first"]).with(2, &["Say what becomes of its data"]);
    place.hamlet(&["plugin", "remove", "first", "--rows", "destroy"]).with(0, &["is removed"]);
    place.hamlet(&["plugin", "list"]).with(0, &["nothing"]);
}

#[test]
fn j4_an_upgrade_moves_the_data_on_a_running_host_and_going_back_says_what_it_loses() {
    let place = Place::founded();
    let old = place.bundle(&place.built("first-alone", "old", |text| text), "mill");
    let new = place.bundle(&place.built("moved", "new", |text| text), "mill");
    let _host = place.host();
    place.hamlet(&["plugin", "install", "--grant", &old]).with(0, &["first 0.1.0 is installed."]);
    let run = |place: &Place, script: &str| place.hamlet(&["call", "first", "run", "--script", script]);
    run(&place, "rows a 0 2000; set kept old; set bad poison").with(0, &[]);
    place
        .hamlet(&["plugin", "upgrade", "--plan", &new])
        .with(0, &["Its data is moved to a new form", "0.1.0 answers", "Nothing was changed."]);
    // The first try fails, and nothing has changed.
    place
        .hamlet(&["plugin", "upgrade", &new])
        .with(1, &["it does not like poison", "0.1.0 answers as before, with all its data"]);
    run(&place, "get kept; tally a b; del bad").with(0, &["old,2000,true"]);
    place.hamlet(&["plugin", "upgrade", &new]).with(0, &["first 0.3.0 is installed in place of 0.1.0"]);
    run(&place, "get new/kept; tally new/a new/b; set mine 1").with(0, &["old of 0.1.0,2000,ok"]);
    let lost = ["What was written since is lost: 1 row in 1 command.", "run of first (1 times)"];
    place.hamlet(&["plugin", "rollback", "first"]).with(2, &lost);
    place.hamlet(&["plugin", "rollback", "first", "--yes"]).with(0, &["first 0.1.0 answers again"]);
    run(&place, "get kept; tally a b").with(0, &["old,2000"]);
    place.hamlet(&["plugin", "upgrade", &new]).with(0, &["first 0.3.0 is installed"]);
    place.hamlet(&["plugin", "confirm", "first"]).with(0, &["is confirmed"]);
    place.hamlet(&["plugin", "rollback", "first", "--yes"]).with(1, &["no-previous"]);
}

#[test]
fn a_plugin_is_tried_in_a_community_of_its_own_in_both_modes() {
    let place = Place::founded();
    let folder = place.built("first-alone", "one", |text| text);
    for plugin in [folder.clone(), place.bundle(&folder, "mill")] {
        let tried = place.hamlet(&["plugin", "test", &plugin]);
        tried.with(
            0,
            &[
                "ok    with a fresh instance for each call, it is installed",
                "ok    with instances that are used again, it answers the same after a restart",
                "ok    it answers alike in both modes",
                "All is well.",
            ],
        );
    }
    // One that needs another is told so.
    let needs = place.built("second", "needs", |text| text);
    place.hamlet(&["plugin", "test", &needs]).with(2, &["FAIL", "which no installed plugin provides"]);
}
