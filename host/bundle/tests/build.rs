//! Real builds: a plugin from the template, out of the tree, by the compilers that are here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use hamlet_bundle::{BuildError, BuildOptions, Built, ContractError, Step, Template, Toolchain, build, load};

fn new_plugin(name: &str) -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join(name);
    Template::rust(name).unwrap().write(&dir).unwrap();
    (parent, dir)
}

fn build_into(dir: &Path, out: &Path, toolchain: Option<Toolchain>) -> Result<Built, BuildError> {
    let options = BuildOptions { out: Some(out.to_owned()), toolchain, ..BuildOptions::default() };
    build(dir, &options, &mut |_| {})
}

/// Replaces a text in a file, which must be there.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in {}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

fn interfaces(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let decoded = wit_component::decode(component).unwrap();
    let wit_parser::decoding::DecodedWasm::Component(resolve, world) = decoded else {
        panic!("not a component");
    };
    let world = &resolve.worlds[world];
    let names =
        |keys: Vec<&wit_parser::WorldKey>| keys.into_iter().map(|key| resolve.name_world_key(key)).collect();
    (names(world.imports.keys().collect()), names(world.exports.keys().collect()))
}

#[test]
fn c3_the_template_builds_to_a_documented_component_without_wasi() {
    let (_parent, dir) = new_plugin("tool-library");
    let out = dir.join("out");
    let mut steps = Vec::new();
    let options = BuildOptions { out: Some(out.clone()), ..BuildOptions::default() };
    let built = build(&dir, &options, &mut |step| steps.push(step)).unwrap();
    eprintln!("built in {:?}, {} bytes", built.took, built.package.component.len());

    let (imports, exports) = interfaces(&built.package.component);
    assert_eq!(exports, ["example:tool-library/lending@0.1.0"]);
    assert!(imports.iter().all(|name| name.starts_with("hamlet:host/")), "{imports:?}");
    assert_eq!(built.undocumented, Vec::<String>::new());
    assert_eq!(built.asked_in_vain, Vec::<String>::new());
    assert!(steps.contains(&Step::Compiled("hamlet_sdk".to_owned())), "{steps:?}");

    let world = hamlet_reflect::decode(&built.package.wit).unwrap();
    let lending = world.export("example:tool-library/lending@0.1.0").unwrap();
    assert!(lending.function("take").unwrap().docs.contains("one gets it"));
    // Docs of the packages that it uses travel too.
    assert!(world.imports.iter().all(|interface| !interface.docs.is_empty()));
    assert_eq!(load(&out).unwrap(), built.package);
}

#[test]
fn two_builds_give_the_same_bytes_and_no_path_of_this_machine() {
    let (_parent, dir) = new_plugin("twice-built");
    let first = build_into(&dir, &dir.join("first"), None).unwrap();
    // Touched, so that the crate itself is really compiled again.
    let source = dir.join("src/adapter.rs");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, format!("{text}\n// Again.\n")).unwrap();
    let second = build_into(&dir, &dir.join("second"), None).unwrap();
    assert_eq!(first.package.wit, second.package.wit);
    assert_eq!(first.package.component, second.package.component);
    let home = std::env::var("HOME").unwrap();
    let component = String::from_utf8_lossy(&first.package.component).into_owned();
    for path in [home.as_str(), dir.to_str().unwrap(), "/work/main", "/rustc/"] {
        assert!(path == "/rustc/" || !component.contains(&format!("{path}/")), "{path} is in there");
    }
}

#[test]
fn a_component_that_imports_wasi_is_refused_with_a_sentence() {
    let (_parent, dir) = new_plugin("networker");
    edit(
        &dir.join("wit/world.wit"),
        "    export lending;",
        "    import wasi:random/random@0.2.12;\n    export lending;",
    );
    edit(
        &dir.join("src/adapter.rs"),
        "let id = random::new_id();",
        "let id = Id { high: wasi::random::random::get_random_u64(), ..random::new_id() };",
    );
    let error = build_into(&dir, &dir.join("out"), None).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, BuildError::Contract(ContractError::Wasi { .. })), "{text}");
    assert!(text.contains("wasi:random/random@0.2.12") && text.contains("no network of its"), "{text}");
    assert!(!dir.join("out/plugin.toml").exists());
}

#[test]
fn an_import_that_the_manifest_does_not_ask_for_is_refused_by_name() {
    let (_parent, dir) = new_plugin("silent-asker");
    edit(
        &dir.join("plugin.toml"),
        "[[import]]\ninterface = \"hamlet:host/clock@0.1.0\"\nreason = \"notes since when somebody has it\"\n",
        "",
    );
    let error = build_into(&dir, &dir.join("out"), None).unwrap_err().to_string();
    assert!(error.contains("hamlet:host/clock@0.1.0, but plugin.toml does not ask for it"), "{error}");
}

#[test]
fn what_the_compiler_says_is_in_the_error() {
    let (_parent, dir) = new_plugin("mistaken");
    edit(&dir.join("src/adapter.rs"), "Ok(id)", "Ok(ident)");
    let error = build_into(&dir, &dir.join("out"), None).unwrap_err().to_string();
    assert!(error.contains("src/adapter.rs") && error.contains("ident"), "{error}");
}

/// The way of other languages: a command that finds the contract in HAMLET_WIT and leaves a component.
#[test]
fn c3_a_build_command_finds_the_whole_contract_and_its_component_is_checked_alike() {
    let (_parent, dir) = new_plugin("elsewhere");
    let compiled = build_into(&dir, &dir.join("first"), None).unwrap();
    fs::remove_file(dir.join("Cargo.toml")).unwrap();
    fs::copy(dir.join("first/elsewhere.wasm"), dir.join("given.wasm")).unwrap();
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let script = "echo thinking; cp -r $HAMLET_WIT found && cp given.wasm made.wasm";
    let recipe = format!("\n[build]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nartifact = \"made.wasm\"\n");
    fs::write(dir.join("plugin.toml"), manifest + &recipe).unwrap();

    let mut steps = Vec::new();
    let built = build(&dir, &BuildOptions::default(), &mut |step| steps.push(step)).unwrap();
    assert_eq!(built.dir, dir.join("target/plugins/elsewhere"));
    assert_eq!(built.package.component, compiled.package.component);
    assert_eq!(built.package.wit, compiled.package.wit);
    assert!(steps.contains(&Step::Compiled("thinking".to_owned())), "{steps:?}");
    assert!(dir.join("found/world.wit").is_file());
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_dir(dir.join("found")).unwrap();

    edit(&dir.join("plugin.toml"), "cp given.wasm made.wasm", "echo no flour >&2; exit 1");
    let error = build(&dir, &BuildOptions::default(), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("sh failed") && error.contains("no flour"), "{error}");
}

#[test]
fn a_contract_that_says_more_or_other_than_the_component_is_refused_with_the_difference() {
    let (_parent, dir) = new_plugin("boaster");
    build_into(&dir, &dir.join("first"), None).unwrap();
    fs::copy(dir.join("first/boaster.wasm"), dir.join("given.wasm")).unwrap();
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let recipe = "\n[build]\ncommand = [\"true\"]\nartifact = \"given.wasm\"\n";
    fs::write(dir.join("plugin.toml"), manifest + recipe).unwrap();
    let refused = |from: &str, to: &str, expected: &str| {
        let path = dir.join("wit/world.wit");
        let honest = fs::read_to_string(&path).unwrap();
        edit(&path, from, to);
        let error = build(&dir, &BuildOptions::default(), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
        fs::write(path, honest).unwrap();
    };
    refused("since: instant", "since: u32", "does not implement the contract's world");
    refused("    mine: func()", "    /// Lies.\n    more: func();\n    mine: func()", "more");
    refused("    export lending;", "", "it exports example:boaster/lending@0.1.0, which the world does not");
    refused("take: func(", "taken: func(", "lending@0.1.0");
    refused("hamlet:host/types@0.1.0.{", "hamlet:nowhere/types@0.1.0.{", "the package hamlet:nowhere@0.1.0");
    refused("record tool {", "recrd tool {", "world.wit:");
    refused("world plugin {", "world other { }\n\nworld plugin {", "has 2 worlds");
}

#[test]
fn c3_exports_without_a_doc_comment_are_named() {
    let (_parent, dir) = new_plugin("taciturn");
    let path = dir.join("wit/world.wit");
    edit(&path, "    /// The tools that the caller has, at most 200.\n", "");
    edit(&path, "        /// Somebody has it already.\n", "");
    let built = build_into(&dir, &dir.join("out"), None).unwrap();
    assert_eq!(
        built.undocumented,
        [
            "example:taciturn/lending@0.1.0, function mine",
            "example:taciturn/lending@0.1.0, variant error, lent",
        ]
    );
}

#[test]
fn what_the_manifest_names_must_exist_in_the_contract() {
    let (_parent, dir) = new_plugin("misnamer");
    build_into(&dir, &dir.join("first"), None).unwrap();
    let refused = |from: &str, to: &str, expected: &str| {
        let path = dir.join("plugin.toml");
        let honest = fs::read_to_string(&path).unwrap();
        edit(&path, from, to);
        let error = build_into(&dir, &dir.join("out"), None).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
        fs::write(path, honest).unwrap();
    };
    refused("\ntake =", "\ntake-it =", "lending@0.1.0 has no function take-it");
    refused("lending@0.1.0\"", "lending@0.2.0\"", "not among the contract's exports");
    refused("hamlet:host/log@0.1.0", "hamlet:host/members@0.1.0", "hamlet:host/log@0.1.0, but plugin.toml");
}

#[test]
fn an_import_that_is_not_used_is_noted() {
    let (_parent, dir) = new_plugin("greedy-asker");
    let path = dir.join("plugin.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let import = "\n[[import]]\ninterface = \"hamlet:host/blobs@0.1.0\"\nreason = \"who knows\"\n";
    fs::write(&path, manifest + import).unwrap();
    let built = build_into(&dir, &dir.join("out"), None).unwrap();
    assert_eq!(built.asked_in_vain, ["hamlet:host/blobs@0.1.0"]);
}

#[test]
fn a_new_plugin_needs_an_empty_folder_and_a_name_that_all_languages_take() {
    let (_parent, dir) = new_plugin("first-of-all");
    let again = Template::rust("first-of-all").unwrap().write(&dir).unwrap_err().to_string();
    assert!(again.contains("is not empty"), "{again}");
    for name in ["", "Tool", "tool_library", "2nd", "type", "interface", "host", "a--b", "std"] {
        assert!(Template::rust(name).is_err(), "{name}");
    }
}

/// By Debian's compiler when `HAMLET_WASM_TOOLCHAIN=debian` (its first build compiles the standard
/// library: minutes). Otherwise: without its packages, the error says what to install.
#[test]
fn debians_compiler_builds_the_template_too() {
    let (_parent, dir) = new_plugin("debian-built");
    if std::env::var("HAMLET_WASM_TOOLCHAIN").is_ok_and(|wish| wish == "debian") {
        let built = build_into(&dir, &dir.join("out"), Some(Toolchain::Debian)).unwrap();
        eprintln!("by Debian in {:?}, {} bytes", built.took, built.package.component.len());
        let (imports, exports) = interfaces(&built.package.component);
        assert_eq!(exports, ["example:debian-built/lending@0.1.0"]);
        assert!(imports.iter().all(|name| name.starts_with("hamlet:host/")), "{imports:?}");
    } else if !Path::new("/usr/bin/wasm-ld-22").exists() {
        let options =
            BuildOptions { toolchain: Some(Toolchain::Debian), offline: true, out: Some(dir.join("out")) };
        let error = build(&dir, &options, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("apt-get install rustc-web"), "{error}");
    }
}

/// A plugin in another language, whose build command copies a component that is there.
#[test]
fn static_files_travel_with_a_build_and_old_ones_do_not() {
    let parent = tempfile::tempdir().unwrap();
    let (dir, out) = (parent.path().join("page"), parent.path().join("out"));
    fs::create_dir_all(dir.join("wit")).unwrap();
    fs::create_dir_all(dir.join("pages/pictures")).unwrap();
    let text = "name = \"page\"\nversion = \"0.1.0\"\ntitle = \"A page\"\n[static]\nfolder = \"pages\"\n\
                [build]\ncommand = [\"true\"]\nartifact = \"page.wasm\"\n";
    fs::write(dir.join("plugin.toml"), text).unwrap();
    fs::write(dir.join("wit/world.wit"), "package example:page@0.1.0;\n/// A page.\nworld page {}\n")
        .unwrap();
    fs::write(dir.join("page.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    fs::write(dir.join("pages/index.html"), "<p>").unwrap();
    fs::write(dir.join("pages/pictures/jar.png"), "jar").unwrap();
    let paths = |out: &Path| load(out).unwrap().files.into_iter().map(|file| file.path).collect::<Vec<_>>();
    build_into(&dir, &out, None).unwrap();
    assert_eq!(paths(&out), ["index.html", "pictures/jar.png"]);
    fs::remove_file(dir.join("pages/index.html")).unwrap();
    build_into(&dir, &out, None).unwrap();
    assert_eq!(paths(&out), ["pictures/jar.png"]);
    // Who builds into her own folder keeps her sources.
    edit(&dir.join("plugin.toml"), "\"pages\"", "\"static\"");
    fs::rename(dir.join("pages"), dir.join("static")).unwrap();
    build_into(&dir, &dir, None).unwrap();
    assert_eq!(paths(&dir), ["pictures/jar.png"]);
    fs::write(dir.join("static/notes.docx"), "?").unwrap();
    assert!(matches!(build_into(&dir, &dir, None), Err(BuildError::Static(_))));
}

/// What `[migration]` names must be there; here it is not.
#[test]
fn a_migration_that_the_contract_does_not_have_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("wit")).unwrap();
    fs::write(dir.path().join("wit/world.wit"), "package example:page@0.1.0;\n/// A page.\nworld page {}\n")
        .unwrap();
    let text = "name = \"page\"\nversion = \"0.2.0\"\ntitle = \"A page\"\n[migration]\n\
                migrates-from = \"<0.2.0\"\ninterface = \"example:page/upkeep@0.1.0\"\nfunction = \"move\"\n";
    let manifest = hamlet_bundle::Manifest::parse(text).unwrap();
    let contract = hamlet_bundle::Contract::read(dir.path(), &manifest.build).unwrap();
    let error = contract.check(&manifest, b"\0asm\x0d\0\x01\0").unwrap_err();
    assert!(matches!(error, ContractError::NoSuchInterface { at: "[migration]", .. }), "{error}");
}
