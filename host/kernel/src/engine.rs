//! The synchronous engine: settings, the clock of its deadlines, and the cache of compiled code.
//!
//! Transactional calls never wait, so the engine has no fibers and no async (design.md, two engines). Everything a
//! guest can use up has a bound: its stack (T10), its memory and tables, its time.
//!
//! Compiled code is machine code that the host will run. It is loaded only if its MAC under a key of this host verifies
//! (J6), and it is never taken from a package. If this check were wrong, whoever can write the cache folder could run
//! anything.

use std::hash::{Hash as _, Hasher as _};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Inlining, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::config::{CALL_DEPTH_MAX, GUEST_STACK_BYTES};

/// One tick of the deadline clock.
pub(crate) const TICK: Duration = Duration::from_millis(5);
/// The last ticks of a call's time.
pub(crate) const GRACE_TICKS: u64 = 2;
/// Instances of stateless plugins that one thread keeps.
pub(crate) const KEPT_INSTANCES_MAX: usize = 16;
/// Memory of one guest; the call's own limit is over all its guests.
pub(crate) const MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most bytes that the host makes of what a guest hands over at once, as arguments or a result: a list of numbers is
/// some thirty times larger here, and one text that is in a list a thousand times is a thousand texts.
pub(crate) const HANDED_OVER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Elements of one table.
const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Core instances in one component: glue of languages included.
const CORE_INSTANCES_MAX: u32 = 100;
/// Memory that stays mapped in a free slot, where the kernel can tell which pages were dirtied (Linux 6.7): a new
/// instance costs a copy of those pages.
const KEEP_RESIDENT_BYTES: usize = 2 * 1024 * 1024;
/// The same where it cannot: all of it is written anew for each instance.
const KEEP_RESIDENT_BLINDLY_BYTES: usize = 64 * 1024;

/// The engine of one kernel and the thread that ticks.
pub(crate) struct Engine {
    pub(crate) wasmtime: wasmtime::Engine,
    epoch: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Engine {
    /// `threads` run guests at the same time, and at times so many `more`; `on_tick` runs every [`TICK`].
    pub(crate) fn new(
        threads: usize,
        more: usize,
        on_tick: impl Fn() + Send + 'static,
    ) -> wasmtime::Result<Self> {
        let wasmtime = wasmtime::Engine::new(&settings(threads, more))?;
        let epoch = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (ticks, stopped, engine) = (Arc::clone(&epoch), Arc::clone(&stop), wasmtime.clone());
        std::thread::Builder::new()
            .name("hamlet-ticks".into())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    engine.increment_epoch();
                    ticks.fetch_add(1, Ordering::Relaxed);
                    on_tick();
                }
            })
            .map_err(wasmtime::Error::new)?;
        Ok(Self { wasmtime, epoch, stop })
    }

    /// The tick now.
    pub(crate) fn now(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// The first tick at which at least this time has passed from now on.
    pub(crate) fn after(&self, time: Duration) -> u64 {
        let ticks = u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX / 2);
        // One more: the tick that is under way counts for nothing.
        self.now() + ticks + 1
    }

    /// The tick at which a call that begins now has had its time, but for the last [`GRACE_TICKS`] of it.
    pub(crate) fn deadline(&self, time: Duration) -> u64 {
        self.after(time).saturating_sub(GRACE_TICKS).max(self.now() + 1)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn settings(threads: usize, more: usize) -> Config {
    let instances =
        u32::try_from((threads + more) * (CALL_DEPTH_MAX + KEPT_INSTANCES_MAX)).unwrap_or(u32::MAX);
    let knows_dirty = PoolingAllocationConfig::is_pagemap_scan_available();
    let keep_resident = if knows_dirty { KEEP_RESIDENT_BYTES } else { KEEP_RESIDENT_BLINDLY_BYTES };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(16))
        .total_memories(instances.saturating_mul(2))
        .total_tables(instances.saturating_mul(4))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_component_instance_size(4 * 1024 * 1024)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(keep_resident)
        .pagemap_scan(Enabled::Auto)
        .table_keep_resident(64 * 1024)
        .max_unused_warm_slots(u32::try_from(threads * 4).unwrap_or(8));
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .cranelift_opt_level(OptLevel::Speed)
        // A whole interpreter (18 MB of Python) is compiled in 11 s and 0.5 GB this way; inlined, in 50 s and 11 GB, which no
        // small box has. Small guests are not slower: their own compilers have inlined what matters.
        .compiler_inlining(Inlining::No)
        // T9: the same input gives the same output on any box.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // Traps name functions, not bytes; without the map the images are smaller.
        .generate_address_map(false);
    config
}

/// Compiled components on disk, each with its MAC (J6).
pub(crate) struct CodeCache {
    dir: Option<PathBuf>,
    key: [u8; 32],
}

impl CodeCache {
    pub(crate) fn new(dir: Option<PathBuf>, key: [u8; 32]) -> Self {
        Self { dir, key }
    }

    /// The compiled component of these bytes: from the cache, else compiled and kept there. That the cache cannot be
    /// written is no failure.
    pub(crate) fn load_or_compile(
        &self,
        engine: &wasmtime::Engine,
        hash: &str,
        component: &dyn Fn() -> std::io::Result<Vec<u8>>,
    ) -> wasmtime::Result<Component> {
        if let Some(path) = self.image_path(engine, hash)
            && let Some(component) = self.load(engine, hash, &path)
        {
            return Ok(component);
        }
        let compiled = Component::from_binary(engine, &component()?)?;
        if let Some(path) = self.image_path(engine, hash)
            && let Err(error) = self.keep(&compiled, hash, &path)
        {
            tracing::warn!(component = hash, %error, "compiled code could not be kept");
        }
        Ok(compiled)
    }

    /// Where the image of a component is, or would be.
    fn image_path(&self, engine: &wasmtime::Engine, hash: &str) -> Option<PathBuf> {
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Some(self.dir.as_ref()?.join(format!("{hash}-{:016x}.cwasm", hasher.finish())))
    }

    /// None for whatever reason: then it is compiled again.
    fn load(&self, engine: &wasmtime::Engine, hash: &str, path: &Path) -> Option<Component> {
        let mut image = std::fs::File::open(path).ok()?;
        let mac = std::fs::read(mac_path(path)).ok()?;
        if self.mac(hash, path, &mut image).ok()? != <[u8; 32]>::try_from(mac).ok()? {
            tracing::warn!(path = %path.display(), "cached code has no valid MAC and is not loaded");
            return None;
        }
        Self::map(engine, path)
    }

    #[expect(unsafe_code, reason = "the only way to load compiled code; the proof is below")]
    fn map(engine: &wasmtime::Engine, path: &Path) -> Option<Component> {
        // SAFETY: the bytes at `path` were just read and carry a MAC under a key that only this host has, made in
        // `keep` over what `Component::serialize` gave for this engine's settings. The folder belongs to the host's
        // user alone (mode 0700); whoever could change the file between the check and this line is that user.
        unsafe { Component::deserialize_file(engine, path) }
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "cached code is not loaded"))
            .ok()
    }

    /// Image first, MAC last: without its MAC an image is nothing.
    fn keep(&self, component: &Component, hash: &str, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let image = component.serialize()?;
        if let Some(dir) = &self.dir {
            make_private_dir(dir)?;
        }
        let mac = self.mac(hash, path, &mut image.as_slice())?;
        replace(path, &image)?;
        replace(&mac_path(path), &mac)?;
        Ok(())
    }

    /// Over the image, the component it came from and the engine that it is for (both in the file's name). Read piece by
    /// piece: images have tens of megabytes, and a small box would keep them in memory from its start on.
    fn mac(&self, hash: &str, path: &Path, image: &mut dyn Read) -> std::io::Result<[u8; 32]> {
        let mut mac = blake3::Hasher::new_keyed(&self.key);
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name);
        mac.update(hash.as_bytes());
        mac.update_reader(image)?;
        Ok(*mac.finalize().as_bytes())
    }
}

fn mac_path(image: &Path) -> PathBuf {
    image.with_extension("mac")
}

/// A folder that only the host's user can enter.
pub(crate) fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a file beside and renames it: readers (and maps of the old one) see one or the other.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}
