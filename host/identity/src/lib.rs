//! Identity: the parties of a community, who may act for whom, how people sign in and come in, and the tokens that
//! name a person.
//!
//! It keeps its records as rows of native providers ([`MembersProvider`], [`TokensProvider`]), so
//! that they are journalled and a decision can reach them (W6). It answers the kernel's questions
//! while a call runs ([`Members`]) and the gateway's before one begins ([`Identity::session`]).
//!
//! It knows no wasm, no HTTP and no HTML. It holds no secrets: of a token only the hash is stored,
//! names and labels are sealed under their party's key (C6). If it is wrong, somebody acts who
//! should not; everything else trusts what it says.

mod aside;
mod attempts;
mod backups;
mod browsers;
mod credential_rows;
mod credentials;
mod devices;
mod directory;
mod enrolment;
mod found;
mod groups;
mod guardians;
mod invitations;
mod lookup;
mod marks;
mod members;
mod moderation;
mod moves;
mod notices;
mod papers;
mod passkeys;
mod password;
mod profiles;
mod read;
mod recovered;
mod recoveries;
mod rows;
mod scope;
mod second_factor;
mod secret;
mod session_row;
mod sessions;
mod sign_in;
mod tickets;
mod token_row;
mod tokens;
mod values;

use std::sync::Arc;

use hamlet_kernel::{Kernel, KernelConfig};
use hamlet_reflect::Id;
use hamlet_store::StoreError;

pub use aside::{AsideError, PIN_DIGITS, Resting};
pub use backups::{BACKUPS, BackupsProvider};
pub use browsers::{ABSOLUTE, Browser, FRESH, IDLE};
pub use credentials::{CREDENTIALS, CredentialsProvider};
pub use devices::{DEVICES, DevicesProvider};
pub use directory::Members;
pub use enrolment::NewFactor;
pub use found::{FoundError, Founded, Founding, found, is_founded};
pub use groups::{GROUPS, GroupsProvider};
pub use guardians::{GUARDIANS, GuardiansProvider};
pub use invitations::{INVITATIONS, InvitationsProvider};
pub use lookup::{Session, TokenError};
pub use members::{MEMBERS, MembersProvider};
pub use moderation::{MODERATION, ModerationProvider};
pub use moves::{MOVES, MovesProvider};
pub use notices::{CARE, MODERATION_TOPIC, NOTICES, NoticesProvider, SECURITY, unread_notices};
pub use papers::{PAPERS, PapersProvider};
pub use passkeys::{PasskeyError, Site};
pub use password::PasswordError;
pub use profiles::{PROFILES, ProfilesProvider};
pub use recoveries::{RECOVERIES, RecoveriesProvider};
pub use rows::STEWARDS;
pub use scope::Scope;
pub use secret::{Secret, TOKEN_PREFIX, hash};
pub use sessions::{SESSIONS, SessionsProvider};
pub use sign_in::{Attempt, SignInError};
pub use tokens::{TOKENS, TokensProvider};

/// Under which name the kernel keeps identity's rows, of all its providers together.
pub const ROOM: &str = "hamlet:host/members";

/// Identity of one community.
#[derive(Debug, Clone)]
pub struct Identity {
    lookup: Arc<lookup::Lookup>,
    tokens: TokensProvider,
    ways: Arc<Ways>,
}

/// What signing in keeps in memory.
#[derive(Debug)]
struct Ways {
    browsers: browsers::Browsers,
    passwords: password::Passwords,
    ceremonies: passkeys::Ceremonies,
    begun: tickets::Tickets<sign_in::Begun>,
    attempts: attempts::Attempts,
}

impl Ways {
    fn new() -> Self {
        Self {
            browsers: browsers::Browsers::default(),
            passwords: password::Passwords::default(),
            ceremonies: passkeys::Ceremonies::default(),
            begun: tickets::Tickets::default(),
            attempts: attempts::Attempts::default(),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// Identity that has yet to meet its kernel: put it into the kernel's settings with
    /// [`Identity::register`]. One for each community, never shared.
    pub fn new() -> Self {
        let last_use = Arc::new(lookup::LastUse::default());
        Self {
            lookup: Arc::new(lookup::Lookup::new(Arc::clone(&last_use))),
            tokens: TokensProvider { last_use },
            ways: Arc::new(Ways::new()),
        }
    }

    /// Adds the native providers and the directory to a kernel's settings.
    pub fn register(&self, config: &mut KernelConfig) {
        config.natives.push(Arc::new(MembersProvider));
        config.natives.push(Arc::new(self.tokens.clone()));
        config.natives.push(Arc::new(CredentialsProvider));
        config.natives.push(Arc::new(SessionsProvider));
        config.natives.push(Arc::new(InvitationsProvider));
        config.natives.push(Arc::new(RecoveriesProvider));
        config.natives.push(Arc::new(ProfilesProvider));
        config.natives.push(Arc::new(GroupsProvider));
        config.natives.push(Arc::new(GuardiansProvider));
        config.natives.push(Arc::new(DevicesProvider { last_use: Arc::clone(&self.tokens.last_use) }));
        config.natives.push(Arc::new(PapersProvider));
        config.natives.push(Arc::new(MovesProvider));
        config.natives.push(Arc::new(NoticesProvider));
        config.natives.push(Arc::new(BackupsProvider));
        config.natives.push(Arc::new(ModerationProvider));
        config.directory = Arc::new(Members);
    }

    /// Who shows this token in the community of `kernel`, at its newest state.
    ///
    /// Cost: a hash, and three look-ups if anything was committed since it was last shown.
    pub fn session(&self, kernel: &Kernel, token: &str) -> Result<Arc<Session>, TokenError> {
        self.lookup.session(kernel, token)
    }

    /// Whether this person is one of the parties, or acts for one of them, at the newest state.
    ///
    /// Cost: a few look-ups a party.
    pub fn acts_for_any(&self, kernel: &Kernel, person: Id, parties: &[Id]) -> Result<bool, StoreError> {
        lookup::acts_for_any(kernel, person, parties)
    }
}
