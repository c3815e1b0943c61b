//! A small plugin for tests, made without a compiler.
#![allow(dead_code)]

use std::fs;

use hamlet_bundle::{Contract, Manifest, Package, SecretKey, StaticFile, pack};

/// A component with nothing in it: only the header.
pub const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

pub const MANIFEST: &str = r#"
name = "stall"
version = "0.2.0"
title = "The market stall"

[static]
size = "4 KiB"
types = { stl = "model/stl" }
"#;

/// The WIT package of a world without imports and exports.
pub fn wit() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("wit")).unwrap();
    let world = "package example:stall@0.1.0;\n/// Nothing.\nworld stall {}\n";
    fs::write(dir.path().join("wit/world.wit"), world).unwrap();
    let manifest = Manifest::parse(MANIFEST).unwrap();
    Contract::read(dir.path(), &manifest.build).unwrap().encode().unwrap()
}

pub fn package(manifest_text: &str) -> Package {
    let manifest = Manifest::parse(manifest_text).unwrap();
    Package {
        manifest,
        manifest_text: manifest_text.to_owned(),
        component: COMPONENT.to_vec(),
        wit: wit(),
        files: files(),
    }
}

pub fn file(path: &str, content_type: &str, bytes: &[u8]) -> StaticFile {
    StaticFile { path: path.to_owned(), content_type: content_type.to_owned(), bytes: bytes.to_vec() }
}

pub fn files() -> Vec<StaticFile> {
    vec![
        file("index.html", "text/html; charset=utf-8", b"<p>hello"),
        file("models/jar.stl", "model/stl", b"solid jar"),
    ]
}

pub fn key() -> SecretKey {
    SecretKey::generate().unwrap()
}

pub fn bundle(key: &SecretKey) -> Vec<u8> {
    pack(&package(MANIFEST), key).unwrap()
}
