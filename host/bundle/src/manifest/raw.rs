//! The manifest as TOML has it, and its way to a checked [`Manifest`].

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::Deserialize;

use super::{
    BuildRecipe, EmitEntry, ExportEntry, FunctionRule, GrantKind, ImportEntry, Manifest, ManifestError,
    NoticeTopic, STORAGE_BYTES_DEFAULT, TEXT_BYTES_MAX, Translations, extra, people, words,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawManifest {
    name: String,
    version: String,
    title: String,
    #[serde(default)]
    titles: BTreeMap<String, String>,
    #[serde(default)]
    stateless: bool,
    #[serde(default)]
    bulk: bool,
    #[serde(default)]
    schedules: bool,
    storage: Option<String>,
    #[serde(default)]
    export: Vec<RawExport>,
    #[serde(default)]
    import: Vec<RawImport>,
    #[serde(default)]
    emits: Vec<RawEmit>,
    #[serde(default)]
    subscribes: Vec<String>,
    #[serde(default)]
    grantable: Vec<RawGrantable>,
    #[serde(default)]
    about_people: Vec<people::RawPeopleData>,
    #[serde(default)]
    notice: Vec<RawNotice>,
    publisher: Option<String>,
    minimum_host: Option<String>,
    r#static: Option<extra::RawStatic>,
    migration: Option<extra::RawMigration>,
    #[serde(default)]
    build: RawBuild,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExport {
    interface: String,
    #[serde(default)]
    functions: BTreeMap<String, RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    kind: String,
    access: Vec<String>,
    #[serde(default)]
    reentrant: bool,
    #[serde(default)]
    long: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImport {
    interface: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEmit {
    interface: String,
    #[serde(default)]
    audience: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrantable {
    kind: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNotice {
    topic: String,
    title: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawBuild {
    #[serde(default)]
    command: Vec<String>,
    artifact: Option<String>,
    wit: Option<String>,
    world: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Manifest, ManifestError> {
    let raw: RawManifest = toml::from_str(text).map_err(|error| ManifestError::Syntax(error.to_string()))?;
    if !words::is_plugin_name(&raw.name) {
        return Err(ManifestError::Name { name: raw.name });
    }
    let version = Version::parse(&raw.version)
        .map_err(|error| ManifestError::Version { version: raw.version.clone(), why: error.to_string() })?;
    let storage = match raw.storage {
        None => STORAGE_BYTES_DEFAULT,
        Some(text) => words::size(&text).ok_or(ManifestError::Size { text })?,
    };
    no_interface_twice("export", raw.export.iter().map(|entry| entry.interface.as_str()))?;
    no_interface_twice(
        "import",
        (raw.import.iter().map(|entry| &entry.interface))
            .chain(raw.emits.iter().map(|entry| &entry.interface))
            .map(String::as_str),
    )?;
    no_interface_twice("subscribes", raw.subscribes.iter().map(String::as_str))?;
    let exports: Vec<_> = raw.export.into_iter().map(export).collect::<Result<_, _>>()?;
    let migration = raw.migration.map(|raw| extra::migration(raw, &version, &exports)).transpose()?;
    Ok(Manifest {
        title: human_text("title", &raw.title)?,
        titles: Translations::read("titles", raw.titles)?,
        exports,
        imports: raw.import.into_iter().map(import).collect::<Result<_, _>>()?,
        emits: raw.emits.into_iter().map(emit).collect::<Result<_, _>>()?,
        grantable: grantable(raw.grantable)?,
        about_people: people::read(raw.about_people)?,
        notices: notices(raw.notice)?,
        publisher: raw.publisher.as_deref().map(extra::publisher).transpose()?,
        minimum_host: raw.minimum_host.map(extra::minimum_host).transpose()?,
        static_files: raw.r#static.map(extra::statics).transpose()?,
        migration,
        build: build(raw.build)?,
        name: raw.name,
        version,
        stateless: raw.stateless,
        bulk: raw.bulk,
        schedules: raw.schedules,
        storage,
        subscribes: raw.subscribes,
    })
}

fn no_interface_twice<'a>(
    at: &'static str,
    interfaces: impl Iterator<Item = &'a str>,
) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for interface in interfaces {
        if !words::is_interface(interface) {
            return Err(ManifestError::Interface { at, text: interface.to_owned() });
        }
        if !seen.insert(interface) {
            return Err(ManifestError::Twice { at, name: interface.to_owned() });
        }
    }
    Ok(())
}

pub(super) fn human_text(at: &str, text: &str) -> Result<String, ManifestError> {
    let trimmed = text.trim();
    if trimmed.is_empty() || text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(ManifestError::Text { at: at.to_owned() });
    }
    Ok(trimmed.to_owned())
}

fn word(at: impl FnOnce() -> String, text: String) -> Result<String, ManifestError> {
    if words::is_word(&text) { Ok(text) } else { Err(ManifestError::Word { at: at(), text }) }
}

fn export(raw: RawExport) -> Result<ExportEntry, ManifestError> {
    let interface = raw.interface;
    let functions: BTreeMap<_, _> = (raw.functions.into_iter())
        .map(|(name, raw)| {
            let name = word(|| format!("functions of {interface}"), name)?;
            let rule = rule(&format!("{interface} {name}"), raw)?;
            Ok((name, rule))
        })
        .collect::<Result<_, ManifestError>>()?;
    Ok(ExportEntry { interface, functions })
}

fn rule(function: &str, raw: RawRule) -> Result<FunctionRule, ManifestError> {
    let kind = words::kind(&raw.kind)
        .ok_or_else(|| ManifestError::Kind { function: function.to_owned(), word: raw.kind })?;
    let mut access = Vec::with_capacity(raw.access.len());
    for word in raw.access {
        let admitted = words::access(&word)
            .ok_or_else(|| ManifestError::Access { function: function.to_owned(), word: word.clone() })?;
        if access.contains(&admitted) {
            return Err(ManifestError::Twice { at: "access", name: word });
        }
        access.push(admitted);
    }
    if access.is_empty() {
        return Err(ManifestError::NobodyMay { function: function.to_owned() });
    }
    Ok(FunctionRule { kind, access, reentrant: raw.reentrant, long: raw.long })
}

fn import(raw: RawImport) -> Result<ImportEntry, ManifestError> {
    let reason = raw.reason.filter(|reason| !reason.trim().is_empty());
    let Some(reason) = reason else {
        return Err(ManifestError::NoReason { interface: raw.interface });
    };
    let reason = human_text(&format!("the reason to import {}", raw.interface), &reason)?;
    Ok(ImportEntry { interface: raw.interface, reason })
}

fn emit(raw: RawEmit) -> Result<EmitEntry, ManifestError> {
    for (function, parameter) in &raw.audience {
        let at = || format!("the audience of {} {function}", raw.interface);
        word(at, function.clone())?;
        word(at, parameter.clone())?;
    }
    Ok(EmitEntry { interface: raw.interface, audience: raw.audience })
}

fn grantable(raw: Vec<RawGrantable>) -> Result<Vec<GrantKind>, ManifestError> {
    let mut kinds: Vec<GrantKind> = Vec::with_capacity(raw.len());
    for entry in raw {
        let kind = word(|| "grantable".to_owned(), entry.kind)?;
        if kinds.iter().any(|earlier| earlier.kind == kind) {
            return Err(ManifestError::Twice { at: "grantable", name: kind });
        }
        let title = human_text(&format!("the title of grantable {kind}"), &entry.title)?;
        kinds.push(GrantKind { kind, title });
    }
    Ok(kinds)
}

fn notices(raw: Vec<RawNotice>) -> Result<Vec<NoticeTopic>, ManifestError> {
    let mut topics: Vec<NoticeTopic> = Vec::with_capacity(raw.len());
    for entry in raw {
        let topic = word(|| "notice".to_owned(), entry.topic)?;
        if topics.iter().any(|earlier| earlier.topic == topic) {
            return Err(ManifestError::Twice { at: "notice", name: topic });
        }
        let title = human_text(&format!("the title of notice {topic}"), &entry.title)?;
        topics.push(NoticeTopic { topic, title });
    }
    Ok(topics)
}

fn build(raw: RawBuild) -> Result<BuildRecipe, ManifestError> {
    let program_named = raw.command.first().is_some_and(|program| !program.is_empty());
    if program_named != raw.artifact.is_some() || program_named == raw.command.is_empty() {
        return Err(ManifestError::BuildHalf);
    }
    let relative = |key, path: String| {
        // A manifest travels: an absolute path would mean something else on each machine.
        if path.is_empty() || path.starts_with('/') || path.contains(['\\', '\0']) {
            return Err(ManifestError::BuildPath { key, path });
        }
        Ok(path)
    };
    Ok(BuildRecipe {
        command: raw.command,
        artifact: raw.artifact.map(|path| relative("artifact", path)).transpose()?,
        wit: relative("wit", raw.wit.unwrap_or_else(|| "wit".to_owned()))?,
        world: raw.world.map(|world| word(|| "[build] world".to_owned(), world)).transpose()?,
    })
}
