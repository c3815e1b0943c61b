//! What goes into the kernel and what comes out: [`Call`], [`Answer`], [`CallError`].
//!
//! These are plain values. Nothing here runs anything, checks rights or touches storage. A mistake here is a mistake
//! in every interface of the host, because gateway, command line and plugins all meet the kernel through these types.

use std::sync::Arc;

use hamlet_reflect::Id;
use hamlet_store::{Sequence, StoreError};
use uuid::Uuid;
use wasmtime::component::Val;

/// Where a call began (W4). Minted by the host for each call; a plugin can neither choose nor change it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person, by her party's id: signed in or with an API token.
    Person(Id),
    /// A device.
    Device(Id),
    /// A schedule or an event handler of the plugin of this name.
    Plugin(Arc<str>),
    /// A decision of a body, by the id of the frozen effect (W5).
    Decision(Id),
    /// Another community.
    Neighbour(Arc<str>),
    /// Whoever holds the box, with the command line.
    Console,
    /// Somebody who is not signed in.
    Anyone,
}

impl Actor {
    /// The person's party where the actor is a person.
    pub fn person(&self) -> Option<Id> {
        match self {
            Self::Person(id) => Some(*id),
            _ => None,
        }
    }

    /// Appends the bytes that name this principal, different for different actors (X1; the journal's pseudonym).
    pub(crate) fn write_principal(&self, out: &mut Vec<u8>) {
        let (tag, id, name): (u8, Option<Id>, &str) = match self {
            Self::Person(id) => (1, Some(*id), ""),
            Self::Device(id) => (2, Some(*id), ""),
            Self::Plugin(name) => (3, None, name),
            Self::Decision(id) => (4, Some(*id), ""),
            Self::Neighbour(name) => (5, None, name),
            Self::Console => (6, None, ""),
            Self::Anyone => (7, None, ""),
        };
        out.push(tag);
        if let Some(id) = id {
            out.extend_from_slice(&id.0.to_be_bytes());
        }
        out.extend_from_slice(name.as_bytes());
    }
}

/// One call of one exported function.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who acts.
    pub actor: Actor,
    /// The plugin's name, or `host` for a native provider.
    pub plugin: String,
    /// The interface: short (`stall`), with version (`stall@0.1.0`) or whole (`example:shop/stall@0.1.0`).
    /// Empty searches all of the plugin's interfaces, and fails if two have such a function.
    pub interface: String,
    /// The function.
    pub function: String,
    /// One value per parameter, in order.
    pub arguments: Vec<Val>,
    /// Idempotency key of a command (X1, X2): a UUIDv7.
    pub idempotency: Option<Uuid>,
    /// The one-time code of a confirmation (W2).
    pub confirmation: Option<String>,
    /// A query waits until this batch is visible (T6).
    pub at_least: Option<Sequence>,
    /// Appears in the log lines of the host and of every plugin in the call.
    pub request_id: Arc<str>,
    /// Why she does it, in her own words: every member reads it in the steward log. None: she gave no reason.
    pub reason: Option<Arc<str>>,
}

impl Call {
    /// A call without key, confirmation or sequence.
    pub fn new(actor: Actor, plugin: &str, interface: &str, function: &str, arguments: Vec<Val>) -> Self {
        Self {
            actor,
            plugin: plugin.into(),
            interface: interface.into(),
            function: function.into(),
            arguments,
            idempotency: None,
            confirmation: None,
            at_least: None,
            request_id: Arc::from(""),
            reason: None,
        }
    }
}

/// What a call came to. For a command it is durable when this is returned.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The batch in which the command was committed, or the snapshot that the query read. Of a command that changed
    /// nothing, and of a repeat: the newest durable batch.
    pub sequence: Sequence,
    /// Which command of that batch it is, from 0: with the sequence, the name of its leaf and receipt (J3). None where
    /// nothing was journalled: a query, a repeat, an `err` without key.
    pub command: Option<u32>,
    /// A function without result type: `Ok(None)`. `result<T, E>`: `Ok` or `Err` of its payload. Other types: `Ok(Some)`.
    pub result: Result<Option<Val>, Option<Val>>,
    /// The stored result of an earlier run with the same key (X1).
    pub replayed: bool,
}

/// One act that needs somebody's will, met while a command ran (W2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Need {
    /// The plugin that asked for it.
    pub provider: Arc<str>,
    /// What kind of act, as the provider's manifest names it.
    pub kind: String,
    /// Which thing, in the provider's naming.
    pub thing: String,
    /// Whose thing.
    pub owner: Id,
    /// How much of it.
    pub amount: Option<u64>,
    /// One sentence for the person who confirms.
    pub sentence: String,
}

/// An event that a call emitted (E1).
#[derive(Clone, Debug)]
pub struct EventNote {
    /// The plugin that emitted it.
    pub emitter: Arc<str>,
    /// The event interface, whole: `example:shop/events@0.1.0`.
    pub interface: Arc<str>,
    /// The function.
    pub function: Arc<str>,
    /// One value per parameter.
    pub arguments: Arc<[Val]>,
    /// The parties that may see it; none: whoever may see the plugin.
    pub audience: Option<Vec<Id>>,
    /// Counts up per emitter.
    pub number: u64,
    /// The transaction's time, in microseconds.
    pub time: u64,
}

/// What a command would do (`Kernel::dry_run`). Nothing of it was kept.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// As in [`Answer`].
    pub result: Result<Option<Val>, Option<Val>>,
    /// The events that it would emit, in order.
    pub events: Vec<EventNote>,
    /// The needs that it meets at any depth.
    pub needs: Vec<Need>,
}

/// Why a call gave no result of its own. [`CallError::code`] is stable and goes into problem documents.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin is not installed.
    #[error("no plugin `{plugin}` is installed")]
    NoSuchPlugin {
        /// Its name.
        plugin: String,
    },
    /// The plugin has no such function, or its manifest does not declare it.
    #[error("`{plugin}` has no function `{function}`")]
    NoSuchFunction {
        /// The plugin.
        plugin: String,
        /// The function, with its interface where one was named.
        function: String,
    },
    /// More than one interface has the function, and none was named.
    #[error("`{plugin}` has `{function}` in more than one interface: name one of {interfaces}")]
    Ambiguous {
        /// The plugin.
        plugin: String,
        /// The function.
        function: String,
        /// The interfaces.
        interfaces: String,
    },
    /// A query called a command (T6), or a call that must be a command is none.
    #[error("`{function}` of `{plugin}` is a {is}, and here only a {needed} may be called")]
    WrongKind {
        /// The plugin.
        plugin: Arc<str>,
        /// The function.
        function: Arc<str>,
        /// What it is.
        is: &'static str,
        /// What it should be.
        needed: &'static str,
    },
    /// The arguments do not fit the function's parameters.
    #[error("the arguments do not fit: {why}")]
    ArgumentsInvalid {
        /// Where and why.
        why: String,
    },
    /// The immediate caller may not call this function (W1).
    #[error("not allowed: {why}")]
    Denied {
        /// Whom the function admits.
        why: String,
    },
    /// The plugin, or one that it needs, is paused or absent (C2).
    #[error("`{plugin}` does not answer now: {why}")]
    Unavailable {
        /// The plugin.
        plugin: Arc<str>,
        /// Why.
        why: Arc<str>,
    },
    /// The queue is full (T8). Nothing was done; try again later.
    #[error("too much is waiting: try again in a moment")]
    Busy,
    /// The call ran past its time (T7). Everything that it did is undone.
    #[error("`{plugin}` took longer than {milliseconds} ms, and all that the call did is undone")]
    Deadline {
        /// The plugin that was running.
        plugin: Arc<str>,
        /// The limit.
        milliseconds: u64,
    },
    /// The call needed long, and each time others changed meanwhile what it had read (T7). Nothing was done.
    #[error(
        "others changed what this call had read, {conflicts} times while it ran, and nothing of it was done: try again when less is going on"
    )]
    Contended {
        /// How often it was run.
        conflicts: u8,
    },
    /// A plugin failed (T3). Everything that the call did is undone.
    #[error("`{plugin}` failed in `{function}`, and all that the call did is undone: {message}")]
    Trapped {
        /// The plugin that failed.
        plugin: Arc<str>,
        /// Its function.
        function: Arc<str>,
        /// What the engine says.
        message: String,
    },
    /// A limit was passed (T3, C7). Everything that the call did is undone.
    #[error("`{plugin}` went past its limit of {what}, and all that the call did is undone")]
    Quota {
        /// The plugin.
        plugin: Arc<str>,
        /// Which limit, with its size.
        what: String,
    },
    /// A plugin on the call stack was called again (T4).
    #[error("`{plugin}` is already at work in this call and was called again")]
    Reentered {
        /// The plugin.
        plugin: Arc<str>,
    },
    /// Plugins called each other too deeply (T10).
    #[error("plugins called each other more than {most} deep")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// A query wrote (T6).
    #[error("`{plugin}` wrote in a query")]
    WriteInQuery {
        /// The plugin.
        plugin: Arc<str>,
    },
    /// The idempotency key was used before for something else (X1).
    #[error("this idempotency key was used before with other arguments")]
    KeyReused,
    /// The idempotency key is older than 7 days (X2).
    #[error("this idempotency key is older than 7 days")]
    KeyTooOld,
    /// The idempotency key is no UUIDv7, or lies in the future (X2).
    #[error("an idempotency key is a UUIDv7 of now")]
    KeyInvalid,
    /// The call acts with somebody's will, and she has not confirmed it (W2).
    #[error("this needs a confirmation")]
    ConfirmationNeeded {
        /// What would be done with her will, at any depth.
        needs: Vec<Need>,
        /// Confirms exactly this, once, when given with the same call. Empty where nobody is there to confirm.
        code: String,
    },
    /// The confirmation is not for what the call did (W2).
    #[error("what the call would do is not what was confirmed")]
    ConfirmationDiffers,
    /// There is no such confirmation: never given out, used, or too old (W2).
    #[error("this confirmation is not known: it was used, or is too old")]
    ConfirmationUnknown,
    /// The sequence that the query waits for did not come (T6).
    #[error("the state of sequence {sequence} was not reached in time")]
    SequenceTimeout {
        /// The sequence.
        sequence: Sequence,
    },
    /// The sequence that the query waits for is further ahead than any host's answer can be (T6).
    #[error("no answer of this community can have had the sequence {sequence}: the newest is {newest}")]
    SequenceUnknown {
        /// The sequence.
        sequence: Sequence,
        /// The newest.
        newest: Sequence,
    },
    /// The host is going down.
    #[error("the host is shutting down")]
    ShuttingDown,
    /// The store failed. A command that got this may not have happened; with a key it can be tried again.
    #[error("the store failed: {0}")]
    Store(Arc<StoreError>),
    /// The batch could not be made durable. Nothing of it happened unless the message says that this is unknown.
    #[error("the commit failed: {0}")]
    Commit(Arc<str>),
    /// A fault of the host itself.
    #[error("a fault of the host: {message}")]
    Internal {
        /// What happened.
        message: String,
    },
}

impl CallError {
    /// A stable name in kebab-case, for problem documents, metrics and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchPlugin { .. } => "no-such-plugin",
            Self::NoSuchFunction { .. } => "no-such-function",
            Self::Ambiguous { .. } => "ambiguous-function",
            Self::WrongKind { .. } => "wrong-kind",
            Self::ArgumentsInvalid { .. } => "arguments-invalid",
            Self::Denied { .. } => "denied",
            Self::Unavailable { .. } => "unavailable",
            Self::Busy => "busy",
            Self::Deadline { .. } => "deadline",
            Self::Contended { .. } => "contended",
            Self::Trapped { .. } => "trapped",
            Self::Quota { .. } => "quota",
            Self::Reentered { .. } => "reentered",
            Self::TooDeep { .. } => "too-deep",
            Self::WriteInQuery { .. } => "write-in-query",
            Self::KeyReused => "key-reused",
            Self::KeyTooOld => "key-too-old",
            Self::KeyInvalid => "key-invalid",
            Self::ConfirmationNeeded { .. } => "confirmation-needed",
            Self::ConfirmationDiffers => "confirmation-differs",
            Self::ConfirmationUnknown => "confirmation-unknown",
            Self::SequenceTimeout { .. } => "sequence-timeout",
            Self::SequenceUnknown { .. } => "sequence-unknown",
            Self::ShuttingDown => "shutting-down",
            Self::Store(_) => "store",
            Self::Commit(_) => "commit",
            Self::Internal { .. } => "internal",
        }
    }

    /// An internal fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal { message: message.into() }
    }

    /// Arguments that do not fit.
    pub fn arguments(why: impl Into<String>) -> Self {
        Self::ArgumentsInvalid { why: why.into() }
    }

    /// A refusal by W1.
    pub fn denied(why: impl Into<String>) -> Self {
        Self::Denied { why: why.into() }
    }
}

impl From<StoreError> for CallError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// Why `Kernel::call_all` changed nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("call {index} of the batch: {error}")]
pub struct BatchError {
    /// Which call, from 0.
    pub index: usize,
    /// What became of it.
    pub error: BatchFailure,
}

/// How one call of a batch ended that undid them all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BatchFailure {
    /// It gave no result.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It answered `err` with this payload.
    #[error("the function answered an error")]
    Err(Option<Val>),
}
