//! A village for tests: a kernel in memory or in a folder, with a clock that is set by hand, a few people, a native
//! provider, and guests that do what scripts say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_bundle::{Access, BuildOptions, FunctionRule, Kind, Manifest, Package};
use hamlet_kernel::{
    Actor, Answer, Call, CallError, Clock, Directory, Kernel, KernelConfig, Limits, Mandate, NativeContext,
    NativeProvider, PartyKind, PartyStatus,
};
use hamlet_reflect::Id;
use hamlet_store::{Namespace, Rows, StoreError};
use wasmtime::component::Val;

pub const ANNA: Id = Id(0xa1);
pub const BERTA: Id = Id(0xb2);
/// Left the village.
pub const GONE: Id = Id(0xdead);
/// The household of Anna and Berta.
pub const HOUSE: Id = Id(0xf00d);
pub const COMMONS: Id = Id(0xc0);
/// 2026-01-01T00:00:00Z.
pub const NEW_YEAR: u64 = 1_767_225_600_000_000;

pub fn anna() -> Actor {
    Actor::Person(ANNA)
}

pub fn berta() -> Actor {
    Actor::Person(BERTA)
}

/// A clock that stands until it is moved.
pub struct Hands(pub AtomicU64);

impl Clock for Hands {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Anna is a baker; Anna and Berta represent their house. The community is a party too.
pub struct Villagers;

impl Directory for Villagers {
    fn mandate(
        &self,
        _: &mut dyn Rows,
        _: Namespace,
        person: Id,
        party: Id,
    ) -> Result<Option<Mandate>, StoreError> {
        let housemate = [ANNA, BERTA].contains(&person);
        Ok(match party {
            HOUSE if housemate => Some(Mandate::Representative),
            party if party == person => Some(Mandate::SelfActing),
            _ => None,
        })
    }

    fn in_group(&self, _: &mut dyn Rows, _: Namespace, party: Id, group: &str) -> Result<bool, StoreError> {
        Ok(party == ANNA && group == "bakers")
    }

    fn status(&self, _: &mut dyn Rows, _: Namespace, party: Id) -> Result<Option<PartyStatus>, StoreError> {
        let known = [ANNA, BERTA, GONE].contains(&party);
        Ok(known.then_some(PartyStatus { kind: PartyKind::Person, active: party != GONE, ward: false }))
    }

    fn commons(&self, _: &mut dyn Rows, _: Namespace) -> Result<Option<Id>, StoreError> {
        Ok(Some(COMMONS))
    }
}

/// A native provider: one number.
pub struct Tally;

impl NativeProvider for Tally {
    fn interface(&self) -> &'static str {
        "test:kit/tally@0.1.0"
    }

    fn wit(&self) -> Option<&'static str> {
        Some(
            "package test:kit@0.1.0;
            /// Counts.
            interface tally {
                /// Adds to the one number that it keeps.
                add: func(by: u64) -> result<u64, string>;
                /// The number.
                get: func() -> u64;
                /// Panics in the host.
                panic: func();
            }",
        )
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = if function == "get" { Kind::Query } else { Kind::Command };
        Some(FunctionRule {
            kind,
            access: vec![Access::Plugin, Access::Member],
            reentrant: false,
            long: false,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let number = cx.get(b"number")?.map_or(0, |row| u64::from_be_bytes((*row).try_into().unwrap()));
        match (function, arguments) {
            ("add", [Val::U64(by)]) => {
                let sum = number + by;
                cx.set(b"number", &sum.to_be_bytes())?;
                Ok(match sum {
                    0..1_000 => Val::Result(Ok(Some(Box::new(Val::U64(sum))))),
                    _ => Val::Result(Err(Some(Box::new(Val::String("too many".into()))))),
                })
            }
            ("get", []) => Ok(Val::U64(number)),
            _ => panic!("a panic on purpose"),
        }
    }
}

/// Builds the guests once for all test processes, and again when a source changes.
pub fn guest(name: &str) -> Package {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = root.join("../../target/kernel-guests/built");
    std::fs::create_dir_all(&out).unwrap();
    let lock = std::fs::File::create(out.join("lock")).unwrap();
    lock.lock().unwrap();
    let sources = source_hash(&[root.join("tests/guests"), root.join("../../wit/host")]);
    let stamp = out.join(format!("{name}.stamp"));
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&sources) {
        let options = BuildOptions { out: Some(out.join(name)), ..BuildOptions::default() };
        hamlet_bundle::build(&root.join("tests/guests").join(name), &options, &mut |_| {}).unwrap();
        std::fs::write(&stamp, sources).unwrap();
    }
    hamlet_bundle::load(&out.join(name)).unwrap()
}

fn source_hash(dirs: &[PathBuf]) -> String {
    let mut files = Vec::new();
    let mut dirs = dirs.to_vec();
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.file_name().is_none_or(|name| name != "Cargo.lock") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut hash = blake3::Hasher::new();
    for file in files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(&std::fs::read(file).unwrap());
    }
    hash.finalize().to_hex().to_string()
}

/// The guest with other words in its manifest.
pub fn guest_with(name: &str, change: impl Fn(String) -> String) -> Package {
    let mut package = guest(name);
    package.manifest_text = change(package.manifest_text);
    package.manifest = Manifest::parse(&package.manifest_text).unwrap();
    package
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `guest_with`")]
pub fn stateless(text: String) -> String {
    text.replace("storage = \"8 MiB\"", "storage = \"8 MiB\"\nstateless = true")
}

/// With `run` declared as long (T7).
#[expect(clippy::needless_pass_by_value, reason = "it is given to `guest_with`")]
pub fn long(text: String) -> String {
    let run = "run = { kind = \"command\", access = [\"member\", \"plugin\", \"console\"]";
    assert!(text.contains(run), "{text}");
    text.replace(run, &format!("{run}, long = true"))
}

pub struct Village {
    pub kernel: Kernel,
    pub hands: Arc<Hands>,
}

impl Village {
    pub fn empty() -> Self {
        Self::with(|_| {})
    }

    /// With the three guests, of which the first and the second call each other.
    pub fn new() -> Self {
        let village = Self::empty();
        village.install_all();
        village
    }

    pub fn with(change: impl FnOnce(&mut KernelConfig)) -> Self {
        let hands = Arc::new(Hands(AtomicU64::new(NEW_YEAR)));
        let mut config = KernelConfig::in_memory();
        config.clock = Arc::clone(&hands) as Arc<dyn Clock>;
        config.directory = Arc::new(Villagers);
        config.natives = vec![Arc::new(Tally)];
        // An endless loop ends here sooner than in a village.
        config.limits =
            Limits { background: false, beside_time: Duration::from_millis(300), ..Limits::default() };
        change(&mut config);
        Self { kernel: Kernel::open(config).unwrap(), hands }
    }

    pub fn install_all(&self) {
        for name in ["third", "first-alone", "second", "first"] {
            self.install(&guest(name));
        }
    }

    pub fn install(&self, package: &Package) {
        let hash = self.kernel.stage(package).unwrap();
        let answer = self.call(Actor::Console, "host", "activate", granting_all(hash)).unwrap();
        assert!(answer.result.is_ok(), "{:?}", answer.result);
    }

    pub fn call(
        &self,
        actor: Actor,
        plugin: &str,
        function: &str,
        arguments: Vec<Val>,
    ) -> Result<Answer, CallError> {
        self.kernel.call_blocking(Call::new(actor, plugin, "", function, arguments))
    }

    /// Anna runs a script.
    pub fn run(&self, plugin: &str, script: &str) -> Result<String, String> {
        self.by(anna(), plugin, "run", script).unwrap()
    }

    /// Anna runs a script, and the call is doomed.
    pub fn doomed(&self, plugin: &str, script: &str) -> CallError {
        self.by(anna(), plugin, "run", script).unwrap_err()
    }

    pub fn by(
        &self,
        actor: Actor,
        plugin: &str,
        function: &str,
        script: &str,
    ) -> Result<Result<String, String>, CallError> {
        self.call(actor, plugin, function, vec![Val::String(script.into())]).map(|answer| text(answer.result))
    }

    pub fn get(&self, plugin: &str, key: &str) -> String {
        self.by(anna(), plugin, "look", &format!("get {key}")).unwrap().unwrap()
    }

    pub fn forward(&self, micros: u64) {
        self.hands.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Waits until something is so; schedules and events run by themselves.
    #[expect(clippy::unused_self, reason = "it reads as what it is about")]
    pub fn eventually(&self, what: &str, so: impl Fn() -> bool) {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !so() {
            assert!(std::time::Instant::now() < until, "{what} did not happen");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// The arguments of an activation that grants all that the plugin asks for.
pub fn granting_all(hash: String) -> Vec<Val> {
    vec![Val::String(hash), Val::Variant("all".into(), None)]
}

pub fn script(actor: Actor, plugin: &str, script: &str) -> Call {
    Call::new(actor, plugin, "", "run", vec![Val::String(script.into())])
}

pub fn text(result: Result<Option<Val>, Option<Val>>) -> Result<String, String> {
    let string = |value: Option<Val>| match value {
        Some(Val::String(text)) => text,
        other => format!("{other:?}"),
    };
    result.map(string).map_err(string)
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A UUIDv7 of a time in microseconds.
pub fn key(micros: u64, salt: u64) -> uuid::Uuid {
    let millis = u128::from(micros / 1_000);
    uuid::Uuid::from_u128((millis << 80) | (0x7 << 76) | (0b10 << 62) | u128::from(salt))
}
