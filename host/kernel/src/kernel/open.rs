//! Opening a kernel, step by step: store, keys, rooms of natives, their contracts, installed plugins, threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use hamlet_proof::Signer;
use hamlet_reflect::{Interface, parse_texts};
use hamlet_store::{Batch, EntryHeader, Namespace, Rows as _, Store};
use include_dir::{Dir, include_dir};

use super::Shared;
use crate::blobs::Blobs;
use crate::catalogue::HOST;
use crate::config::{KernelConfig, Limits, THREAD_STACK_BYTES};
use crate::engine::make_private_dir;
use crate::namespaces::{self, FIRST_ROOM, KERNEL};
use crate::native::NativeProvider;
use crate::package::{Stager, Staging};
use crate::plugins::{self, NativeInterfaces};
use crate::priority;
use crate::proofs::{LOG_KEY_FILE, LogKey};
use crate::runner::TIME_KEY;
use crate::sealed::PartyKeys;
use crate::secret::HostSecret;
use crate::sequencer::Sequencer;
use crate::table::Provider;
use crate::{beside, dispatch, erasure, events, grants, history, settings, steward_log};

/// The host's own contracts.
static HOST_WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/host");

/// Why a kernel could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store: damaged, locked by another host, or of a newer format.
    #[error("the community's data cannot be opened: {0}")]
    Store(#[from] hamlet_store::StoreError),
    /// A file beside the store.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The engine does not start with its settings.
    #[error("the engine does not start: {0}")]
    Engine(String),
    /// The host's own contracts or providers are not right.
    #[error("{0}")]
    Natives(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

pub(super) fn open_store(config: &KernelConfig) -> Result<(Store, Batch), OpenError> {
    let Some(dir) = &config.dir else { return Ok(Store::in_memory(config.store.clone())) };
    for dir in [dir.clone(), dir.join("data"), dir.join("plugins")] {
        make_private_dir(&dir).map_err(|error| OpenError::File { path: dir, error })?;
    }
    Ok(Store::open(&dir.join("data"), config.store.clone())?)
}

pub(super) fn open_keys(config: &KernelConfig) -> Result<(HostSecret, Arc<PartyKeys>), OpenError> {
    let Some(dir) = &config.dir else {
        return Ok((HostSecret::random(&*config.entropy), Arc::new(PartyKeys::in_memory())));
    };
    let keys = PartyKeys::open(dir).map_err(|error| OpenError::Other(error.to_string()))?;
    Ok((HostSecret::open(dir, &*config.entropy)?, Arc::new(keys)))
}

/// J3: the key that signs the log's checkpoints, made at the first opening.
pub(super) fn open_log_key(config: &KernelConfig) -> Result<LogKey, OpenError> {
    let wrong = |error: hamlet_proof::KeyError| OpenError::Other(error.to_string());
    let Some(dir) = &config.dir else {
        return Ok(LogKey::new(Signer::generate(&config.log_name).map_err(wrong)?));
    };
    let path = dir.join("keys").join(LOG_KEY_FILE);
    let signer = match Signer::load(&path).map_err(wrong)? {
        Some(signer) => signer,
        None => Signer::load_or_create(&path, &config.log_name).map_err(wrong)?,
    };
    Ok(LogKey::new(signer))
}

pub(super) fn open_blobs(config: &KernelConfig, keys: &Arc<PartyKeys>) -> Result<Option<Blobs>, OpenError> {
    let Some(dir) = &config.dir else { return Ok(None) };
    let opened = Blobs::open(dir, Arc::clone(keys))
        .map_err(|error| OpenError::File { path: dir.join("blobs"), error })?;
    Ok(Some(opened))
}

/// C6: a crash may have come between an erasure and the end of its key, and a restore may be older than it.
pub(super) fn apply_erasures(store: &Store, keys: &PartyKeys) -> Result<(), OpenError> {
    let destroyed = keys.destroy_all(&erasure::known(&mut store.snapshot())?);
    match destroyed.map_err(|error| OpenError::Other(error.to_string()))? {
        0 => {}
        destroyed => {
            tracing::warn!(destroyed, "keys that were to be destroyed were still there, and are now gone");
        }
    }
    Ok(())
}

/// The rooms of the kernel's own natives have fixed numbers.
const OWN_ROOMS: [(&str, Namespace); 7] = [
    ("hamlet:host/plugins", namespaces::PLUGINS),
    ("hamlet:host/grants", namespaces::GRANTS),
    ("hamlet:host/settings", namespaces::SETTINGS),
    ("hamlet:host/events", namespaces::EVENTS),
    (dispatch::ROOM, namespaces::DISPATCH),
    history::ROOM,
    steward_log::ROOM,
];

/// Gives each room its namespace; new ones get the next number, in a commit of its own.
pub(super) fn open_rooms(
    config: &KernelConfig,
    store: &Store,
    batch: &mut Batch,
) -> Result<BTreeMap<String, Namespace>, OpenError> {
    let mut rooms: BTreeMap<String, Namespace> =
        OWN_ROOMS.iter().map(|(room, namespace)| ((*room).to_owned(), *namespace)).collect();
    let mut wanted: Vec<&str> = config.natives.iter().map(|native| native.room()).collect();
    wanted.push(config.directory.room());
    let mut snapshot = store.snapshot();
    let mut next = number(snapshot.get(KERNEL, b"rooms")?).unwrap_or(FIRST_ROOM);
    let before = next;
    batch.begin();
    for room in wanted {
        if rooms.contains_key(room) {
            continue;
        }
        let key = [b"room ", room.as_bytes()].concat();
        let known = number(snapshot.get(KERNEL, &key)?);
        let given = known.unwrap_or(next);
        if known.is_none() {
            batch.set(KERNEL, &key, &given.to_be_bytes())?;
            next += 1;
        }
        rooms.insert(room.to_owned(), Namespace(given));
    }
    if next == before {
        batch.abandon();
        return Ok(rooms);
    }
    batch.set(KERNEL, b"rooms", &next.to_be_bytes())?;
    let time = config.clock.now().max(stored_time(store)?);
    batch.finish(EntryHeader {
        time,
        caller: Vec::new(),
        plugin: Arc::from(HOST),
        version: Arc::from(env!("CARGO_PKG_VERSION")),
        function: Arc::from("open-rooms"),
        idempotency: None,
        arguments: [0; 32],
        result: [0; 32],
    });
    batch.commit(time).map_err(|error| OpenError::Other(error.to_string()))?;
    Ok(rooms)
}

fn number(row: Option<hamlet_store::Value>) -> Option<u32> {
    Some(u32::from_be_bytes(<[u8; 4]>::try_from(&*row?).ok()?))
}

/// T9: the last time that was committed.
pub(super) fn stored_time(store: &Store) -> Result<u64, OpenError> {
    let row = store.snapshot().get(KERNEL, TIME_KEY)?;
    Ok(row.and_then(|row| Some(u64::from_be_bytes(<[u8; 8]>::try_from(&*row).ok()?))).unwrap_or(0))
}

/// The texts of the host's own interfaces; worlds are left out, for they name packages that are not here.
fn host_texts() -> Vec<(&'static str, &'static str)> {
    HOST_WIT
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)))
        .filter(|(name, _)| {
            Path::new(name).extension().is_some_and(|ext| ext == "wit") && *name != "world.wit"
        })
        .collect()
}

pub(super) fn natives(
    config: &KernelConfig,
    staging: &Arc<Staging>,
    rooms: &BTreeMap<String, Namespace>,
) -> Result<Arc<[Arc<Provider>]>, OpenError> {
    let wrong =
        |error: String| OpenError::Natives(format!("the host's own contracts are not right: {error}"));
    let host = host_texts();
    let mut known: BTreeMap<String, Arc<Interface>> = BTreeMap::new();
    for interface in parse_texts(&host).map_err(|error| wrong(error.to_string()))? {
        known.insert(interface.id.clone(), interface);
    }
    for text in config.natives.iter().filter_map(|native| native.wit()) {
        let texts: Vec<_> = [("native/native.wit", text)].into_iter().chain(host.iter().copied()).collect();
        for interface in parse_texts(&texts).map_err(|error| wrong(error.to_string()))? {
            known.insert(interface.id.clone(), interface);
        }
    }
    let own: [&str; 8] = [
        "hamlet:host/plugins@0.1.0",
        "hamlet:host/grants@0.1.0",
        "hamlet:host/settings@0.1.0",
        "hamlet:host/events@0.1.0",
        dispatch::INTERFACE,
        "hamlet:host/effects@0.1.0",
        history::HISTORY,
        steward_log::STEWARD_LOG,
    ];
    let ids = own.into_iter().chain(config.natives.iter().map(|native| native.interface()));
    let interfaces: NativeInterfaces =
        ids.filter_map(|id| Some((id.to_owned(), Arc::clone(known.get(id)?)))).collect();
    let all: Vec<Arc<dyn NativeProvider>> = [
        Arc::new(plugins::Plugins::new(Arc::clone(staging), Arc::new(interfaces.clone())))
            as Arc<dyn NativeProvider>,
        Arc::new(grants::Grants::new(Arc::clone(staging))),
        Arc::new(settings::Settings),
        Arc::new(events::letters::Events),
        Arc::new(dispatch::Dispatch),
        Arc::new(dispatch::effects::Effects),
        Arc::new(history::History),
        Arc::new(steward_log::StewardLog),
    ]
    .into_iter()
    .chain(config.natives.iter().cloned())
    .collect();
    all.into_iter()
        .map(|native| {
            let id = native.interface();
            let interface =
                interfaces.get(id).ok_or_else(|| wrong(format!("there is no WIT of the native `{id}`")))?;
            let namespace = rooms.get(native.room()).ok_or_else(|| wrong(format!("`{id}` has no room")))?;
            Ok(Arc::new(Provider::new(native, Arc::clone(interface), *namespace)))
        })
        .collect()
}

/// The installed plugins; one whose files are gone or damaged is there with its reason, and the others answer.
pub(super) fn load_installed(
    store: &Store,
    stager: &Stager,
    staging: &Staging,
) -> Result<plugins::State, OpenError> {
    let state = plugins::state(&mut store.snapshot()).map_err(|error| OpenError::Other(error.to_string()))?;
    // The versions to which a rollback would go back, and those that data is being moved to, are needed too.
    let installed = state.installed.iter().map(|plugin| (&plugin.name, &plugin.component));
    let before = state
        .installed
        .iter()
        .filter_map(|plugin| Some((&plugin.name, &plugin.previous.as_ref()?.component)));
    let moving = state.moving.iter().map(|moving| (&moving.to.name, &moving.to.component));
    for (name, hash) in installed.chain(before).chain(moving) {
        match stager.load(hash) {
            Ok(package) => staging.put(Arc::new(package)),
            Err(error) => tracing::error!(plugin = name, %error, "a plugin cannot be loaded"),
        }
    }
    Ok(state)
}

pub(super) fn query_threads(limits: &Limits) -> usize {
    match limits.query_threads {
        0 => std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8),
        threads => threads,
    }
}

/// One where the sequencer has only one other core to share: a long command can wait, payments cannot.
pub(super) fn beside_threads(limits: &Limits) -> usize {
    match limits.beside_threads {
        0 if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 2) => 2,
        0 => 1,
        threads => threads,
    }
}

/// The threads of a kernel.
pub(super) struct Threads {
    /// To be ended first: what they finish, the sequencer applies.
    pub(super) beside: Vec<JoinHandle<()>>,
    pub(super) others: Vec<JoinHandle<()>>,
}

/// T10: all threads that run guests have the stack that the constants were checked against.
pub(super) fn start(shared: &Arc<Shared>, batch: Batch, beside_threads: usize) -> Result<Threads, OpenError> {
    let thread = |name: String| std::thread::Builder::new().name(name).stack_size(THREAD_STACK_BYTES);
    let failed = |error: std::io::Error| OpenError::Other(format!("a thread cannot be started: {error}"));
    let mut threads = Threads { beside: Vec::new(), others: Vec::new() };
    let sequencer = Sequencer::new(Arc::clone(shared), batch).map_err(failed)?;
    threads.others.push(thread("hamlet-sequencer".into()).spawn(move || sequencer.work()).map_err(failed)?);
    shared.queries.start(shared).map_err(failed)?;
    for number in 0..beside_threads {
        let shared = Arc::clone(shared);
        let spawned = thread(format!("hamlet-beside-{number}")).spawn(move || {
            priority::step_back(priority::BESIDE);
            beside::work(&shared);
        });
        threads.beside.push(spawned.map_err(failed)?);
    }
    Ok(threads)
}
