//! Staging, linking, the cache of compiled code, and opening again.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use hamlet_bundle::Package;
use hamlet_kernel::{Actor, CallError, Kernel, KernelConfig};
use wasmtime::component::Val;

use crate::common::{Tally, Village, Villagers, anna, granting_all, guest, guest_with, script, text};

fn refusal(package: &Package) -> String {
    Village::empty().kernel.stage(package).unwrap_err().to_string()
}

/// A component of nothing but one import.
fn importing(id: &str, function: &str) -> Package {
    let mut package = guest("first-alone");
    let text = format!("(component (import \"{id}\" (instance (export \"{function}\" (func)))))");
    package.component = wat::parse_str(text).unwrap();
    package
}

#[test]
fn imports_that_no_service_gets_are_refused_with_a_sentence() {
    for (id, word) in [
        ("wasi:sockets/tcp@0.2.0", "no network"),
        ("wasi:cli/environment@0.2.0", "no files"),
        ("hamlet:host/secrets@0.1.0", "only drivers"),
    ] {
        let error = refusal(&importing(id, "f"));
        assert!(error.contains(id) && error.contains(word), "{error}");
    }
}

#[test]
fn c3_a_wit_package_that_does_not_describe_the_component_is_refused() {
    let mut package = guest("first-alone");
    package.wit = guest("second").wit;
    assert!(refusal(&package).contains("does not describe it"));
    let mut package = guest("first-alone");
    package.wit = vec![1, 2, 3];
    assert!(refusal(&package).contains("WIT package is not right"));
    let mut package = guest("first-alone");
    package.component = vec![0; 100];
    assert!(refusal(&package).contains("not valid"));
}

#[test]
fn a_manifest_that_declares_what_is_not_there_is_refused() {
    let package = guest_with("first-alone", |text| text.replace("peek = {", "poke = {"));
    assert!(refusal(&package).contains("declares `poke`"));
    let package = guest_with("first-alone", |text| text.replace("test:kit/first@", "test:kit/other@"));
    assert!(refusal(&package).contains("which it does not export"));
}

#[test]
fn c2_a_plugin_whose_import_has_no_provider_is_not_activated() {
    let village = Village::empty();
    let hash = village.kernel.stage(&guest("second")).unwrap();
    let answer = village.call(Actor::Console, "host", "activate", granting_all(hash)).unwrap();
    let Err(Some(Val::Variant(case, Some(why)))) = answer.result else { panic!("{:?}", answer.result) };
    assert_eq!(case, "import-unmet");
    assert!(format!("{why:?}").contains("test:kit/first@0.1.0"), "{why:?}");
    assert!(matches!(village.by(anna(), "second", "run", ""), Err(CallError::NoSuchPlugin { .. })));
}

#[test]
fn c2_a_paused_provider_dooms_the_call_as_unavailable() {
    let village = Village::new();
    let pause = vec![Val::String("second".into()), Val::Enum("paused".into())];
    village.call(Actor::Console, "host", "set-status", pause).unwrap().result.unwrap();
    let error = village.doomed("first", "set a 1; call second run []");
    assert!(matches!(&error, CallError::Unavailable { plugin, .. } if &**plugin == "second"), "{error:?}");
    assert_eq!(village.get("first", "a"), "-");
}

#[test]
fn an_upgrade_keeps_the_rows_and_answers_at_once() {
    let village = Village::empty();
    village.install(&guest("first-alone"));
    village.run("first", "set a 1").unwrap();
    assert_eq!(village.run("first", "call second run []").unwrap(), "err(calls nobody)");
    let before = village.kernel.catalogue();
    village.install(&guest("second"));
    village.install(&guest("first"));
    assert_eq!(village.run("first", "get a; call second run [get a]").unwrap(), "1,-");
    let after = village.kernel.catalogue();
    assert!(after.generation > before.generation);
    assert_eq!((&*before.plugins["first"].version, &*after.plugins["first"].version), ("0.1.0", "0.2.0"));
}

#[test]
fn the_catalogue_has_the_docs() {
    let village = Village::new();
    let callable = village.kernel.function("first", "first@0.1.0", "baker").unwrap();
    assert_eq!(callable.function.docs, "A command for the group `bakers`.");
    assert!(village.kernel.function("first", "", "baker").is_some());
    assert!(village.kernel.function("first", "test:kit/first@0.1.0", "baker").is_some());
    assert!(village.kernel.function("first", "first@0.2.0", "baker").is_none());
    assert!(village.kernel.function("first", "", "hidden").is_none());
    assert!(village.kernel.function("host", "plugins", "activate").is_some());
}

fn open(dir: &Path) -> Kernel {
    let mut config = KernelConfig::in_dir(dir);
    config.directory = Arc::new(Villagers);
    config.natives = vec![Arc::new(Tally)];
    Kernel::open(config).unwrap()
}

fn install(kernel: &Kernel, name: &str) {
    let hash = kernel.stage(&guest(name)).unwrap();
    let call = hamlet_kernel::Call::new(Actor::Console, "host", "plugins", "activate", granting_all(hash));
    kernel.call_blocking(call).unwrap().result.unwrap();
}

fn run(kernel: &Kernel, line: &str) -> Result<String, String> {
    text(kernel.call_blocking(script(anna(), "first", line)).unwrap().result)
}

#[test]
fn j6_opening_again_finds_rows_plugins_and_compiled_code() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    assert_eq!(run(&kernel, "set a 1; seal a1 hello; native add 1").unwrap(), "ok,46,err(calls nobody)");
    let time: u64 = run(&kernel, "now").unwrap().parse().unwrap();
    drop(kernel);
    let begun = std::time::Instant::now();
    let kernel = open(dir.path());
    assert_eq!(run(&kernel, "get a; open a1").unwrap(), "1,hello");
    let took = begun.elapsed();
    assert!(took < std::time::Duration::from_millis(1_500), "compiled again? {took:?}");
    println!("open to first answer with a warm cache: {took:?}");
    assert!(run(&kernel, "now").unwrap().parse::<u64>().unwrap() >= time);
}

#[test]
fn j6_code_without_a_valid_mac_is_compiled_again_and_never_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    drop(kernel);
    let image = std::fs::read_dir(dir.path().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ext| ext == "cwasm"))
        .unwrap();
    let good = std::fs::read(&image).unwrap();
    // Any change of the image, as whoever can write the folder might make it.
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    std::fs::write(&image, &bad).unwrap();
    let kernel = open(dir.path());
    assert_eq!(run(&kernel, "set a 1").unwrap(), "ok");
    drop(kernel);
    assert_eq!(std::fs::read(&image).unwrap().len(), good.len());
    assert_ne!(std::fs::read(&image).unwrap(), bad, "it was replaced by what was compiled");
    // A restore drops the cache.
    std::fs::remove_dir_all(dir.path().join("cache")).unwrap();
    assert_eq!(run(&open(dir.path()), "get a").unwrap(), "1");
}

#[test]
fn a_plugin_whose_files_are_gone_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    install(&kernel, "third");
    let gone = kernel.catalogue().plugins["third"].component.clone();
    drop(kernel);
    std::fs::remove_dir_all(dir.path().join("plugins").join(gone)).unwrap();
    let kernel = open(dir.path());
    assert_eq!(run(&kernel, "set a 1").unwrap(), "ok");
    let info = &kernel.catalogue().plugins["third"];
    assert!(!info.active);
}

#[test]
fn c6_the_marker_of_a_sealed_value_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    run(&kernel, "seal a1 Xq7marker9Zk; set plain Yq7visible9Zk").unwrap();
    drop(kernel);
    let mut visible = 0;
    let mut dirs = vec![dir.path().to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let holds = |marker: &[u8]| bytes.windows(marker.len()).any(|window| window == marker);
            assert!(!holds(b"Xq7marker9Zk"), "{}", path.display());
            visible += usize::from(holds(b"Yq7visible9Zk"));
        }
    }
    assert!(visible > 0, "the test would find a value that is not sealed");
}

#[test]
fn j5_a_blob_is_read_by_ranges_and_held_within_the_quota() {
    let dir = tempfile::tempdir().unwrap();
    let kernel = open(dir.path());
    install(&kernel, "first-alone");
    let (hash, length) = kernel.put_blob(&mut b"a picture of a goat".as_slice()).unwrap();
    let hex = blake3::Hash::from_bytes(hash).to_hex();
    assert_eq!(length, 19);
    let line =
        format!("blob {hex} 2 7; hold {hex}; release {hex}; release {hex}; blob {hex} 99 1; blob 00 0 1");
    assert_eq!(
        run(&kernel, &line).unwrap(),
        "19:picture,ok,true,false,err(Error::PastTheEnd(19)),err(Error::NoSuchBlob)"
    );
    let (large, _) = kernel.put_blob(&mut std::io::repeat(7).take(9 << 20)).unwrap();
    let hex = blake3::Hash::from_bytes(large).to_hex();
    let doomed = kernel.call_blocking(script(anna(), "first", &format!("hold {hex}"))).unwrap_err();
    assert!(matches!(doomed, CallError::Quota { .. }), "{doomed:?}");
}
