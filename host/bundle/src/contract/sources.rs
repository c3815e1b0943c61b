//! Where the packages of a contract come from, and putting them together.
//!
//! Only packages that are really used are taken: a contract that is being edited elsewhere in the
//! checkout cannot spoil the build of a plugin that does not know it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use wit_parser::{PackageId, Resolve, SourceMap, UnresolvedPackageGroup};

use super::ContractError;
use crate::manifest::BuildRecipe;

/// The host's own contracts as they were when this crate was built.
static HOUSE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

/// The files of one package: their names and texts.
struct Source {
    files: Vec<(String, String)>,
    group: UnresolvedPackageGroup,
}

/// Every WIT file that this crate carries, as (path below `wit/`, text), in order of their paths.
pub fn house_wit() -> Vec<(String, &'static str)> {
    let mut files = Vec::new();
    collect_embedded(&HOUSE, &mut files);
    files.sort();
    files
}

fn collect_embedded(dir: &'static Dir<'static>, files: &mut Vec<(String, &'static str)>) {
    for file in dir.files() {
        let is_wit = file.path().extension().is_some_and(|extension| extension == "wit");
        if let (true, Some(text)) = (is_wit, file.contents_utf8()) {
            files.push((file.path().to_string_lossy().replace('\\', "/"), text));
        }
    }
    for child in dir.dirs() {
        collect_embedded(child, files);
    }
}

/// The folders in which the packages of a plugin are looked for, the nearest first; each holds one
/// package. Those that this crate carries come after them and have no folder.
pub fn wit_dirs(plugin_dir: &Path, recipe: &BuildRecipe) -> Vec<PathBuf> {
    let own = plugin_dir.join(&recipe.wit);
    let mut dirs = vec![own.clone()];
    dirs.extend(folders_in(&own.join("deps")));
    if let Some(house) = checkout_wit(plugin_dir) {
        dirs.extend(folders_in(&house).into_iter().filter(|dir| *dir != own));
    }
    dirs
}

/// The `wit/` of the checkout in which the plugin lies: the nearest parent's that holds
/// `host/types.wit`.
fn checkout_wit(plugin_dir: &Path) -> Option<PathBuf> {
    let plugin_dir = fs::canonicalize(plugin_dir).ok()?;
    let found = plugin_dir.ancestors().skip(1).map(|parent| parent.join("wit"));
    found.into_iter().find(|wit| wit.join("host/types.wit").is_file())
}

fn folders_in(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Reads the plugin's package and all that it uses, and resolves them.
pub(super) fn resolve(
    plugin_dir: &Path,
    recipe: &BuildRecipe,
) -> Result<(Resolve, PackageId), ContractError> {
    let (main, used) = gather(plugin_dir, recipe)?;
    let mut resolve = Resolve::default();
    let groups = used.into_values().map(|source| source.group).collect();
    match resolve.push_groups(main.group, groups) {
        Ok(package) => Ok((resolve, package)),
        Err(error) => {
            let error = error.into();
            Err(ContractError::Syntax(resolve.render_error(&error)))
        }
    }
}

/// Writes the plugin's package and all that it uses into `out` in the layout that the tools of every
/// language read: its files, and `deps/PACKAGE/` for each other package. What `out` held is removed.
pub fn merge_wit(plugin_dir: &Path, recipe: &BuildRecipe, out: &Path) -> Result<(), ContractError> {
    let (main, used) = gather(plugin_dir, recipe)?;
    let failed = |source| ContractError::Read { path: out.to_owned(), source };
    match fs::remove_dir_all(out) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    write_files(out, &main.files).map_err(failed)?;
    for (name, source) in &used {
        let folder = name.replace([':', '/', '@'], "-");
        write_files(&out.join("deps").join(folder), &source.files).map_err(failed)?;
    }
    Ok(())
}

fn write_files(dir: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    files.iter().try_for_each(|(name, text)| fs::write(dir.join(name), text))
}

/// The plugin's own package, and by name the others that it needs, at whatever depth.
fn gather(
    plugin_dir: &Path,
    recipe: &BuildRecipe,
) -> Result<(Source, BTreeMap<String, Source>), ContractError> {
    let own = plugin_dir.join(&recipe.wit);
    let main = read_folder(&own)?.ok_or_else(|| ContractError::NoWit { path: own.clone() })?;
    let mut known = candidates(plugin_dir, recipe)?;
    let mut used = BTreeMap::new();
    let mut wanted: BTreeSet<String> = needs(&main.group);
    while let Some(name) = wanted.pop_first() {
        if used.contains_key(&name) || provides(&main.group).contains(&name) {
            continue;
        }
        let source = known
            .remove(&name)
            .ok_or_else(|| ContractError::NoSuchPackage { package: name.clone(), deps: own.join("deps") })?;
        wanted.extend(needs(&source.group));
        used.insert(name, source);
    }
    Ok((main, used))
}

/// Every package that could be used, by name; the nearest wins. A folder that cannot be parsed is
/// left out unless it is the plugin's own `deps/`: it may be none of this plugin's business, and if
/// it is, its absence is reported by name.
fn candidates(plugin_dir: &Path, recipe: &BuildRecipe) -> Result<BTreeMap<String, Source>, ContractError> {
    let mut known = BTreeMap::new();
    let deps = plugin_dir.join(&recipe.wit).join("deps");
    for dir in wit_dirs(plugin_dir, recipe).into_iter().skip(1) {
        match read_folder(&dir) {
            Ok(Some(source)) => remember(&mut known, source),
            Err(error) if dir.starts_with(&deps) => return Err(error),
            Ok(None) | Err(_) => {}
        }
        // The host's package brings those that it uses in a `deps/` of its own, a file each.
        for source in single_files(&dir.join("deps")) {
            remember(&mut known, source);
        }
    }
    for source in single_files(&deps) {
        remember(&mut known, source);
    }
    for source in embedded() {
        remember(&mut known, source);
    }
    Ok(known)
}

fn remember(known: &mut BTreeMap<String, Source>, source: Source) {
    known.entry(source.group.main.name.to_string()).or_insert(source);
}

fn needs(group: &UnresolvedPackageGroup) -> BTreeSet<String> {
    let packages = group.nested.iter().chain([&group.main]);
    packages.flat_map(|package| package.foreign_deps.keys()).map(ToString::to_string).collect()
}

fn provides(group: &UnresolvedPackageGroup) -> BTreeSet<String> {
    group.nested.iter().chain([&group.main]).map(|package| package.name.to_string()).collect()
}

/// One package from the `.wit` files of a folder. None when there are none.
fn read_folder(dir: &Path) -> Result<Option<Source>, ContractError> {
    let failed = |source| ContractError::Read { path: dir.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
            files.push((file_name(&path), fs::read_to_string(&path).map_err(failed)?));
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    // The file system's order is anybody's; the binary form must not depend on it.
    files.sort();
    parse(files, &dir.display().to_string()).map(Some)
}

/// Packages of one file each.
fn single_files(dir: &Path) -> Vec<Source> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    (paths.into_iter())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .filter_map(|path| Some((file_name(&path), fs::read_to_string(&path).ok()?)))
        .filter_map(|file| parse(vec![file], &dir.display().to_string()).ok())
        .collect()
}

fn embedded() -> Vec<Source> {
    let mut folders: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (path, text) in house_wit() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        // A file in `deps/` is a package of its own, another folder is one package together.
        let key = if folder.ends_with("deps") { path.clone() } else { folder.to_owned() };
        folders.entry(key).or_default().push((name.to_owned(), text.to_owned()));
    }
    folders.into_values().filter_map(|files| parse(files, "hamlet").ok()).collect()
}

fn parse(files: Vec<(String, String)>, from: &str) -> Result<Source, ContractError> {
    let mut map = SourceMap::new();
    for (name, text) in &files {
        map.push(Path::new(&format!("{from}/{name}")), text.clone());
    }
    match map.parse() {
        Ok(group) => Ok(Source { files, group }),
        Err((map, error)) => Err(ContractError::Syntax(error.render(&map))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
