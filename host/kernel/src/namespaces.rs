//! Which rows are whose: the fixed namespaces of the kernel, and where the others begin (J4).
//!
//! A number given here is in every journal that was ever written. Never change or reuse one.

use hamlet_store::Namespace;

/// The kernel's own few rows: the last time, the namespaces that were given out.
pub const KERNEL: Namespace = Namespace(1);
/// Idempotency rows (X1).
pub const IDEMPOTENCY: Namespace = Namespace(2);
/// Installed plugins and their bindings (`plugins.rs`).
pub const PLUGINS: Namespace = Namespace(3);
/// Grants (`grants.rs`).
pub const GRANTS: Namespace = Namespace(4);
/// The community's settings (`settings.rs`).
pub const SETTINGS: Namespace = Namespace(5);
/// Events and cursors (`events.rs`).
pub const EVENTS: Namespace = Namespace(6);
/// Schedules (`schedule.rs`).
pub const SCHEDULES: Namespace = Namespace(7);
/// Holds of blobs (`blobs.rs`).
pub const BLOBS: Namespace = Namespace(8);
/// Frozen effects (`dispatch.rs`).
pub const DISPATCH: Namespace = Namespace(9);
/// What stewards did (`steward_log.rs`).
pub const STEWARD_LOG: Namespace = Namespace(13);
/// Restores (`history.rs`).
pub const HISTORY: Namespace = Namespace(12);

/// Rooms of native providers get numbers from here, in the order in which they are first seen.
pub const FIRST_ROOM: u32 = 64;
/// Plugins' generations get numbers from here.
pub const FIRST_PLUGIN: u32 = 1_024;
