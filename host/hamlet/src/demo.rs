//! `hamlet demo`: builds a village's plugins, replays its history by real calls, shows what it can
//! do, each with the command that does it, and goes on serving it.
//!
//! Everything particular to the village is data (`village.rs`); this runs it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};
use hamlet_bundle::Package;
use hamlet_kernel::{Actor, Clock};
use hamlet_reflect::{Id, Shape, Type};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use uuid::{NoContext, Timestamp, Uuid};

use crate::call::Outcome;
use crate::client::Reply;
use crate::community::{self, Community, CommunityFile, LISTEN};
use crate::door::{self, Door};
use crate::rehearsal::{Host, shell};
use crate::village::{Party, Step, Story, Village, Words};
use crate::{plugin, token};

/// What `hamlet demo` was asked to do.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// The folder of the village, relative to the checkout.
    #[arg(long, default_value = "examples/village")]
    pub village: PathBuf,
    /// Where to listen.
    #[arg(long, default_value = LISTEN)]
    pub listen: SocketAddr,
    /// End after the stories instead of serving on.
    #[arg(long)]
    pub check: bool,
}

/// A clock that is set.
struct SetClock(AtomicU64);

impl Clock for SetClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Runs `hamlet demo`.
pub fn run(home: &Path, args: &DemoArgs) -> Result<Outcome> {
    let root = checkout(&args.village)?;
    let village = Village::load(&root.join(&args.village))?;
    check_free(args.listen)?;
    clear(home)?;
    let mut packages = Vec::new();
    for folder in &village.plugins {
        packages.push(plugin::build(&root.join(folder), None)?);
    }
    let file = CommunityFile {
        host: village.host.clone(),
        listen: args.listen,
        https: None,
        authority: None,
        demo: true,
        personas: village.personas.clone(),
        tour: village.tour.clone(),
        backup: hamlet_backup::PlanFile::default(),
    };
    let words = make(home, &file, &village, &packages)?;
    let mut host = Host::start(home)?;
    for (number, story) in village.stories.iter().enumerate() {
        show(home, number + 1, story, &words, &mut host)?;
    }
    // By its name: browsers keep nobody signed in at an address without encryption.
    let at = if args.listen.ip().is_loopback() {
        format!("localhost:{}", args.listen.port())
    } else {
        args.listen.to_string()
    };
    println!("\n{} is at http://{at}", village.community.name);
    println!(
        "In another terminal: alias hamlet='{} --home {}'",
        env::current_exe()?.display(),
        absolute(home)
    );
    if let Some(next) = &village.next {
        println!("{}", words.text(next));
    }
    if args.check {
        return Ok(Outcome::Done);
    }
    println!("Stop it with Ctrl-C; start it again with `hamlet run`.");
    host.wait()?;
    Ok(Outcome::Done)
}

/// Another host on the address would answer in place of the demo's.
fn check_free(listen: SocketAddr) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) => Err(anyhow!(
            "the demo cannot listen on {listen} ({error}). Stop what listens there, perhaps an earlier demo, or \
             choose another address: hamlet demo --listen 127.0.0.1:8751"
        )),
    }
}

/// A folder as it can be named from anywhere.
fn absolute(folder: &Path) -> String {
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf()).display().to_string()
}

/// The folder in which the village's paths are meant: this one, or the checkout that this program was built from.
fn checkout(village: &Path) -> Result<PathBuf> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    [env::current_dir()?, built_from]
        .into_iter()
        .find(|root| root.join(village).join("village.toml").exists())
        .ok_or_else(|| anyhow!("`{}` holds no village.toml", village.display()))
}

/// Deletes an earlier demo; never anything else.
fn clear(home: &Path) -> Result<()> {
    if !home.exists() || fs::read_dir(home)?.next().is_none() {
        return Ok(());
    }
    match CommunityFile::load(home) {
        Ok(file) if file.demo => fs::remove_dir_all(home)
            .with_context(|| format!("the earlier demo in `{}` cannot be deleted", home.display())),
        _ => bail!(
            "`{}` holds something that is not a demo. Choose another folder: hamlet --home .demo demo",
            home.display()
        ),
    }
}

/// Founds the village, installs its plugins, replays its history.
fn make(home: &Path, file: &CommunityFile, village: &Village, packages: &[PathBuf]) -> Result<Words> {
    let founded = microseconds(&village.community.founded)?;
    let clock = Arc::new(SetClock(AtomicU64::new(founded)));
    let first = village.parties.first().context("a village needs somebody")?;
    let community = community::create(home, file, clock.clone(), (&first.handle, &first.name))?;
    let maker = Maker { home, village, community, clock };
    let words = maker.make(packages);
    maker.community.kernel.shutdown();
    words
}

/// A village while it is made.
struct Maker<'a> {
    home: &'a Path,
    village: &'a Village,
    community: Community,
    clock: Arc<SetClock>,
}

impl Maker<'_> {
    fn make(&self, packages: &[PathBuf]) -> Result<Words> {
        let named = &self.village.community;
        self.console(
            "settings",
            "set",
            &json!({ "community": {
            "name": named.name, "place": named.place, "zone": named.zone, "language": named.language } }),
        )?;
        let mut waiting = packages
            .iter()
            .map(|folder| hamlet_bundle::load(folder))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let mut words = Words::default();
        let bar = ProgressBar::new(self.village.steps.len() as u64)
            .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
        let begun = Instant::now();
        for party in &self.village.parties {
            let id = self.party(party, &words)?;
            words.values.insert(party.handle.clone(), id);
        }
        let mut calls = 0;
        for step in &self.village.steps {
            bar.set_message(step.at.clone());
            // A plugin comes when the village first uses it: what was granted and lay unused for long has ended.
            let plugin = step.call.split(' ').next().unwrap_or_default();
            if let Some(at) = waiting.iter().position(|package| package.manifest.name == plugin) {
                self.clock.0.store(microseconds(&step.at)?, Ordering::Release);
                self.install(&waiting.remove(at))?;
            }
            calls += self.step(step, &mut words)?;
            bar.inc(1);
        }
        for package in &waiting {
            self.install(package)?;
        }
        bar.finish_and_clear();
        println!(
            "{} people and {calls} calls from their history, replayed in {:.1} s",
            self.village.parties.iter().filter(|party| party.kind == "person").count(),
            begun.elapsed().as_secs_f32()
        );
        Ok(words)
    }

    fn install(&self, package: &Package) -> Result<()> {
        let hash = self.community.kernel.stage(package)?;
        self.console("plugins", "activate", &json!({ "component": hash, "granting": "all" })).map(drop)
    }

    fn console(&self, interface: &str, function: &str, arguments: &Value) -> Result<Value> {
        self.done(Actor::Console, "host", interface, function, arguments)
    }

    fn done(
        &self,
        actor: Actor,
        plugin: &str,
        interface: &str,
        function: &str,
        arguments: &Value,
    ) -> Result<Value> {
        match door::call(&self.community.kernel, actor, plugin, interface, function, arguments) {
            Reply::Done(value) => Ok(value),
            Reply::Problem(problem) => bail!("{plugin} {function} {arguments}: {}", problem.sentence()),
        }
    }

    /// Adds a party, with its groups, those who act for it and, for a person, a token.
    fn party(&self, party: &Party, words: &Words) -> Result<Value> {
        let found = door::call(
            &self.community.kernel,
            Actor::Console,
            "host",
            "members",
            "find",
            &json!({ "handle": party.handle }),
        );
        // The first steward is there already, with her token.
        let (id, new) = match found {
            Reply::Done(found) => (found.get("id").cloned().unwrap_or_default(), false),
            Reply::Problem(_) => {
                let added = self.console(
                    "members",
                    "add",
                    &json!({ "kind": party.kind, "handle": party.handle, "name": party.name }),
                )?;
                (added, true)
            }
        };
        for group in &party.groups {
            self.console("members", "join-group", &json!({ "party": id, "group": group }))?;
        }
        for person in &party.acting {
            let person =
                words.values.get(person).ok_or_else(|| anyhow!("`{person}` acts before being named"))?;
            self.console(
                "members",
                "give-mandate",
                &json!({ "person": person, "party": id, "mandate": "representative" }),
            )?;
        }
        if new && party.kind == "person" {
            self.token(party)?;
        }
        Ok(id)
    }

    fn token(&self, party: &Party) -> Result<()> {
        let door = Door::Console(self.community.kernel.clone());
        token::create(self.home, &door, &party.handle, &token::Wish::everything("demo"), true)?;
        Ok(())
    }

    /// Makes the calls of a step; gives how many.
    fn step(&self, step: &Step, words: &mut Words) -> Result<usize> {
        self.clock.0.store(microseconds(&step.at)?, Ordering::Release);
        let actor = Actor::Person(id_of(words.values.get(&step.acting), &step.acting)?);
        let Some(kind) = &step.each else {
            let answer = self.one(step, actor, words)?;
            if let Some(name) = &step.save {
                words.values.insert(name.clone(), answer);
            }
            return Ok(1);
        };
        let commons = json!({ "filter": { "kind": kind }, "limit": 200 });
        let listed = self.console("members", "list", &commons)?;
        let parties = listed.get("parties").and_then(Value::as_array).cloned().unwrap_or_default();
        for party in &parties {
            let handle = party.get("handle").and_then(Value::as_str).unwrap_or_default();
            if step.except.iter().any(|left_out| left_out == handle) {
                continue;
            }
            for (word, field) in [("handle", "handle"), ("name", "name"), ("party", "id")] {
                let text = party.get(field).and_then(Value::as_str).unwrap_or_default();
                words.here.insert(word.to_owned(), text.to_owned());
            }
            self.one(step, actor.clone(), words)?;
        }
        words.here = BTreeMap::new();
        Ok(parties.len())
    }

    fn one(&self, step: &Step, actor: Actor, words: &Words) -> Result<Value> {
        let (plugin, function) = step.call.split_once(' ').context("a call is `PLUGIN FUNCTION`")?;
        let Value::Object(fields) = words.fill(&Value::Object(step.with.clone()))? else {
            bail!("not an object")
        };
        let arguments = self.arguments(plugin, function, fields)?;
        self.done(actor, plugin, "", function, &arguments)
    }

    /// As `hamlet call` does: the fields of an only record, and new ids where `id` was left out.
    fn arguments(&self, plugin: &str, function: &str, mut fields: Map<String, Value>) -> Result<Value> {
        let catalogue = self.community.kernel.catalogue();
        let callable = catalogue.find(plugin, "", function)?;
        let mut wants_id =
            callable.function.params.iter().any(|param| param.name == "id" && matches!(param.ty, Type::Id));
        let mut wrap = None;
        if let [param] = callable.function.params.as_slice()
            && let Type::Named(named) = &param.ty
            && let Shape::Record(inner) = &named.shape
        {
            wants_id = inner.iter().any(|field| field.name == "id" && matches!(field.ty, Type::Id));
            wrap = Some(param.name.clone());
        }
        if wants_id && !fields.contains_key("id") {
            let now = self.clock.now();
            let seconds = now / 1_000_000;
            let nanoseconds = u32::try_from(now % 1_000_000).unwrap_or(0) * 1_000;
            let id = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanoseconds));
            fields.insert("id".to_owned(), Value::String(Id(id.as_u128()).to_string()));
        }
        Ok(match wrap {
            Some(name) => Value::Object(Map::from_iter([(name, Value::Object(fields))])),
            None => Value::Object(fields),
        })
    }
}

fn id_of(value: Option<&Value>, name: &str) -> Result<Id> {
    let text = value.and_then(Value::as_str).ok_or_else(|| anyhow!("nobody is called `{name}`"))?;
    text.parse().map_err(|error| anyhow!("`{text}` is no id: {error}"))
}

fn microseconds(time: &str) -> Result<u64> {
    let time: jiff::Timestamp = time.parse().with_context(|| format!("`{time}` is no time"))?;
    Ok(u64::try_from(time.as_microsecond())?)
}

/// Shows one story: prints each command, runs it, checks what came.
fn show(home: &Path, number: usize, story: &Story, words: &Words, host: &mut Host) -> Result<()> {
    println!("\n{number}. {}", story.title);
    let mut kept: BTreeMap<&str, String> = BTreeMap::new();
    for shown in &story.run {
        if shown.command == "KILL" {
            host.kill_and_start()?;
            continue;
        }
        let command = words.text(&shown.command);
        println!("  $ {command}");
        let (status, output) = shell(home, &command)?;
        for line in output.lines() {
            println!("    {line}");
        }
        if status != shown.exit {
            bail!("this should have ended with status {}, not {status}", shown.exit);
        }
        for part in &shown.contains {
            let part = words.text(part);
            if !output.contains(&part) {
                bail!("this should have said `{part}`");
            }
        }
        if let Some(name) = &shown.same
            && kept.get(name.as_str()) != Some(&output)
        {
            bail!("this should have been the same as before");
        }
        if let Some(name) = &shown.keep {
            kept.insert(name, output);
        }
    }
    Ok(())
}
