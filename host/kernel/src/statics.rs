//! Static files of staged packages: kept beside the component, found by plugin and path, checked against the hash that
//! was activated.
//!
//! On disk a file is `static-HASH` in the package's folder, and `static.list` says which path has which hash and type; the
//! list is part of what the package's own hash is over, so nothing that is put there later is ever served. It knows no
//! HTTP and no browser. If it is wrong, somebody with a hand on the disk changes a program that members run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hamlet_bundle::StaticFile;

/// The list of a package's static files, in its folder.
pub(crate) const LIST_FILE: &str = "static.list";

/// One file: what browsers are told of it, and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    content_type: String,
    hash: String,
    /// Where nothing is kept on disk.
    bytes: Option<Arc<[u8]>>,
}

/// The static files of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statics {
    files: BTreeMap<String, Entry>,
    dir: Option<PathBuf>,
}

/// A static file as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What browsers are told.
    pub content_type: String,
    /// BLAKE3 in hex.
    pub hash: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl Statics {
    /// Those of a package that is being staged; `dir` is its folder, none: in memory only.
    pub(crate) fn of(files: &[StaticFile], dir: Option<PathBuf>) -> Self {
        let entry = |file: &StaticFile| Entry {
            content_type: file.content_type.clone(),
            hash: blake3::hash(&file.bytes).to_hex().to_string(),
            bytes: dir.is_none().then(|| Arc::from(file.bytes.as_slice())),
        };
        Self { files: files.iter().map(|file| (file.path.clone(), entry(file))).collect(), dir }
    }

    /// Those that a list names, in a package's folder. None: it is no list.
    pub(crate) fn read(list: &str, dir: PathBuf) -> Option<Self> {
        let mut files = BTreeMap::new();
        for line in list.lines() {
            let mut parts = line.split('\t');
            let (hash, content_type, path) = (parts.next()?, parts.next()?, parts.next()?);
            blake3::Hash::from_hex(hash).ok()?;
            let entry = Entry { content_type: content_type.to_owned(), hash: hash.to_owned(), bytes: None };
            files.insert(path.to_owned(), entry);
        }
        Some(Self { files, dir: Some(dir) })
    }

    /// The list; empty where there are none. Paths and types are of narrow grammars without tabs (`hamlet_bundle`).
    pub(crate) fn list(&self) -> String {
        let line =
            |(path, entry): (&String, &Entry)| format!("{}\t{}\t{path}\n", entry.hash, entry.content_type);
        self.files.iter().map(line).collect()
    }

    /// The name of a file with this content, in its package's folder.
    pub(crate) fn file_name(bytes: &[u8]) -> String {
        format!("static-{}", blake3::hash(bytes).to_hex())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at a path; none: there is none, or it is not what it was when it was staged.
    ///
    /// Cost: reading and hashing it, up to 16 MiB.
    pub fn get(&self, path: &str) -> Option<Served> {
        let entry = self.files.get(path)?;
        let bytes = match (&entry.bytes, &self.dir) {
            (Some(bytes), _) => Arc::clone(bytes),
            (None, Some(dir)) => std::fs::read(dir.join(format!("static-{}", entry.hash))).ok()?.into(),
            (None, None) => return None,
        };
        let (content_type, hash) = (entry.content_type.clone(), entry.hash.clone());
        (blake3::hash(&bytes).to_hex().as_str() == hash).then_some(Served { content_type, hash, bytes })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(path: &str, text: &str) -> StaticFile {
        StaticFile { path: path.into(), content_type: "text/plain".into(), bytes: text.into() }
    }

    #[test]
    fn a_file_is_found_by_its_path_alone_and_not_when_it_was_changed_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let files = [file("a.txt", "one"), file("deep/b.txt", "two")];
        let staged = Statics::of(&files, Some(folder.path().to_owned()));
        for file in &files {
            std::fs::write(folder.path().join(Statics::file_name(&file.bytes)), &file.bytes).unwrap();
        }
        let read = Statics::read(&staged.list(), folder.path().to_owned()).unwrap();
        assert_eq!(read, staged);
        assert_eq!(&*read.get("deep/b.txt").unwrap().bytes, b"two");
        for nothing in ["", "b.txt", "deep", "../a.txt", "/a.txt", "deep/../a.txt"] {
            assert_eq!(read.get(nothing), None, "{nothing}");
        }
        std::fs::write(folder.path().join(Statics::file_name(b"one")), "changed").unwrap();
        assert_eq!(read.get("a.txt"), None);
    }

    #[test]
    fn in_memory_it_is_the_same_and_a_damaged_list_is_none() {
        let staged = Statics::of(&[file("a.txt", "one")], None);
        assert_eq!(&*staged.get("a.txt").unwrap().bytes, b"one");
        for damaged in ["x", "00\ttext/plain\ta", "\t\t\n", "zz\ta"] {
            assert_eq!(Statics::read(damaged, PathBuf::new()), None, "{damaged}");
        }
        assert!(Statics::read("", PathBuf::new()).unwrap().is_empty());
    }
}
