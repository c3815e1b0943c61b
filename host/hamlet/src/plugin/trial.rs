//! `hamlet plugin test`: a plugin in a community of its own, in both modes of instances, before anybody relies on it.
//!
//! The community is made in a temporary folder and thrown away. What is checked is what every plugin must stand,
//! whatever it does: that it installs with all that it asks for and not without, that each function has its
//! documentation, that queries without parameters answer and answer alike in both modes, that it answers the same
//! after a restart, and that its data can be moved or kept in an upgrade as it says. What the plugin is *for*, its
//! own tests show.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use hamlet_bundle::{Kind, Manifest, Package};
use hamlet_kernel::{Actor, Kernel, SystemClock};
use serde_json::{Value, json};

use super::install::Offered;
use crate::call::Outcome;
use crate::client::Reply;
use crate::community::{self, CommunityFile, LISTEN};
use crate::{door, output};

/// Tries a plugin.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// A signed bundle, or a built folder.
    plugin: PathBuf,
    /// Bundles or built folders that it needs, in the order in which they are installed.
    #[arg(long, value_name = "PLUGIN")]
    with: Vec<PathBuf>,
}

/// What a plugin answered, function by function, to be compared.
type Answers = Vec<(String, String)>;

/// Runs `hamlet plugin test`.
pub fn test(args: &TestArgs) -> Result<Outcome> {
    let offered = Offered::read(&args.plugin)?;
    let needed = args.with.iter().map(|path| Offered::read(path)).collect::<Result<Vec<_>>>()?;
    let package = match &offered {
        Offered::Bundle(_, bytes) => hamlet_bundle::verify(bytes)?.package,
        Offered::Folder(_, package) => (**package).clone(),
    };
    let mut report = Report::default();
    let world = hamlet_reflect::decode(&package.wit).context("its WIT package")?;
    let undocumented: Vec<String> = world
        .exports
        .iter()
        .flat_map(|interface| interface.functions.iter().map(move |function| (interface, function)))
        .filter(|(_, function)| function.docs.trim().is_empty())
        .map(|(interface, function)| format!("{}.{}", interface.short, function.name))
        .collect();
    report.check(
        "every function that it exports has its documentation",
        undocumented.is_empty(),
        &undocumented.join(", "),
    );
    let mut answers: Vec<Answers> = Vec::new();
    for (mode, stateless) in
        [("a fresh instance for each call", false), ("instances that are used again", true)]
    {
        let folder = Folder::new()?;
        let package = in_mode(&package, stateless)?;
        let trial = Trial { folder: &folder.0, package: &package, needed: &needed, mode };
        match trial.run(&mut report) {
            Ok(answered) => answers.push(answered),
            Err(error) => report.check(&format!("it works with {mode}"), false, &format!("{error:#}")),
        }
    }
    if let [fresh, kept] = answers.as_slice() {
        let differs: Vec<&str> = fresh
            .iter()
            .zip(kept)
            .filter(|(one, other)| one != other)
            .map(|((name, _), _)| name.as_str())
            .collect();
        report.check("it answers alike in both modes", differs.is_empty(), &differs.join(", "));
    }
    Ok(report.outcome())
}

/// The package with its manifest saying whether instances may be used again.
fn in_mode(package: &Package, stateless: bool) -> Result<Package> {
    let mut table: toml::Table = package.manifest_text.parse()?;
    table.insert("stateless".to_owned(), toml::Value::Boolean(stateless));
    let manifest_text = toml::to_string(&table)?;
    let manifest = Manifest::parse(&manifest_text)?;
    Ok(Package { manifest, manifest_text, ..package.clone() })
}

/// One plugin in one mode in one folder.
struct Trial<'a> {
    folder: &'a Path,
    package: &'a Package,
    needed: &'a [Offered],
    mode: &'a str,
}

impl Trial<'_> {
    fn run(&self, report: &mut Report) -> Result<Answers> {
        let mode = self.mode;
        let file = CommunityFile {
            host: "test.example".to_owned(),
            listen: LISTEN.parse()?,
            https: None,
            authority: None,
            demo: true,
            personas: Vec::new(),
            tour: Vec::new(),
            backup: hamlet_backup::PlanFile::default(),
        };
        let community = community::create(self.folder, &file, Arc::new(SystemClock), ("tester", "Tester"))?;
        let kernel = community.kernel;
        for needed in self.needed {
            let hash = needed.stage_in(&kernel)?;
            activate(&kernel, &hash, &json!("all")).map_err(|why| anyhow::anyhow!(why))?;
        }
        let hash = kernel.stage(self.package)?;
        let asks = asks(&kernel, &hash)?;
        if !asks.is_empty() {
            let refused = activate(&kernel, &hash, &json!("nothing-more")).is_err();
            report.check(
                &format!("with {mode}, it is not installed without being granted what it asks for"),
                refused,
                "",
            );
        }
        let installed = activate(&kernel, &hash, &json!("all"));
        if let Err(why) = installed {
            bail!("it cannot be installed: {why}");
        }
        report.check(&format!("with {mode}, it is installed"), true, "");
        let before = self.answers(&kernel, report)?;
        kernel.shutdown();
        drop(kernel);
        let again = community::open(self.folder)?.kernel;
        let after = self.answers(&again, &mut Report::default())?;
        again.shutdown();
        report.check(&format!("with {mode}, it answers the same after a restart"), before == after, "");
        Ok(after)
    }

    /// The answers of all queries that need no arguments, asked as the steward, twice each.
    fn answers(&self, kernel: &Kernel, report: &mut Report) -> Result<Answers> {
        let name = &self.package.manifest.name;
        let found =
            door::call(kernel, Actor::Console, "host", "members", "find", &json!({ "handle": "tester" }));
        let Reply::Done(found) = found else { bail!("the tester is not found") };
        let tester = Actor::Person(found.get("id").and_then(Value::as_str).unwrap_or_default().parse()?);
        let catalogue = kernel.catalogue();
        let info = catalogue.plugins.get(name.as_str()).context("it is not in the catalogue")?;
        let mut answers = Answers::new();
        let mut failed = Vec::new();
        for callable in &info.functions {
            if callable.rule.kind != Kind::Query || !callable.function.params.is_empty() {
                continue;
            }
            let function = format!("{}.{}", callable.interface.short, callable.function.name);
            let ask = || {
                kernel.call_json(
                    tester.clone(),
                    name,
                    &callable.interface.id,
                    &callable.function.name,
                    &json!({}),
                )
            };
            let shown = match (ask(), ask()) {
                (Ok(first), Ok(second)) if first == second => format!("{first:?}"),
                (Ok(_), Ok(_)) => {
                    failed.push(format!("{function} gives two answers"));
                    continue;
                }
                // Not for members: nothing can be said of it.
                (Err(error), _) if error.code() == "denied" => continue,
                (Err(error), _) | (_, Err(error)) => {
                    failed.push(format!("{function}: {error}"));
                    continue;
                }
            };
            answers.push((function, shown));
        }
        report.check(
            &format!(
                "with {}, its {} queries without parameters answer, the same each time",
                self.mode,
                answers.len()
            ),
            failed.is_empty(),
            &failed.join("; "),
        );
        Ok(answers)
    }
}

/// The keys of what a staged plugin asks for.
fn asks(kernel: &Kernel, hash: &str) -> Result<Vec<Value>> {
    let order = json!({ "component": hash });
    match door::call(kernel, Actor::Console, "host", "plugins", "plan", &order) {
        Reply::Done(plan) => Ok(plan.get("asks").and_then(Value::as_array).cloned().unwrap_or_default()),
        Reply::Problem(problem) => bail!("{}", problem.sentence()),
    }
}

/// Activates; the error is the host's sentence.
fn activate(kernel: &Kernel, hash: &str, granting: &Value) -> std::result::Result<(), String> {
    let order = json!({ "component": hash, "granting": granting });
    match door::call(kernel, Actor::Console, "host", "plugins", "activate", &order) {
        Reply::Done(_) => Ok(()),
        Reply::Problem(problem) => Err(problem.sentence()),
    }
}

/// Lines for the author, and whether all is well.
#[derive(Default)]
struct Report {
    failed: usize,
    lines: Vec<String>,
}

impl Report {
    fn check(&mut self, what: &str, good: bool, why: &str) {
        let mark = if good { "ok  " } else { "FAIL" };
        let why = if good || why.is_empty() { String::new() } else { format!(": {why}") };
        self.failed += usize::from(!good);
        self.lines.push(format!("{mark}  {what}{why}"));
    }

    fn outcome(self) -> Outcome {
        for line in &self.lines {
            output::say(&output::plain(line));
        }
        if self.failed == 0 {
            output::say("All is well.");
            return Outcome::Done;
        }
        output::say(&format!("{} of {} checks failed.", self.failed, self.lines.len()));
        Outcome::Refused
    }
}

/// A temporary folder, deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let name = format!("hamlet-test-{}", uuid::Uuid::now_v7().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
