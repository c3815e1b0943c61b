//! Choosing how one signs in: a password, an authenticator app, recovery codes, passkeys. Ceremonies are run here, and
//! what comes of them is kept by commands of the natives. Whether she may is the gateway's question (step-up).
//!
//! If it is wrong, somebody adds a way in to an account that is not hers.

use hamlet_kernel::Kernel;
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::passkeys::{Site, Verified};
use crate::sign_in::{Begun, SignInError, bytes, credentials};
use crate::values::{record, some};
use crate::{Identity, second_factor};

/// A second factor that is being set up.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// What the authenticator app reads from a QR code.
    pub address: String,
    /// The same to type.
    pub text: String,
    /// Goes with the first code.
    pub ticket: String,
}

impl Identity {
    /// Sets her password. `about`: words that would make it easy to guess.
    pub async fn set_password(
        &self,
        kernel: &Kernel,
        person: Id,
        password: String,
        about: &[&str],
    ) -> Result<(), SignInError> {
        let hash = self.ways.passwords.hash(password, about).await?;
        self.keep(kernel, person, "password", Some(Val::String(hash))).await.map(drop)
    }

    /// Begins to set up an authenticator app for her.
    pub fn begin_second_factor(
        &self,
        person: Id,
        community: &str,
        handle: &str,
    ) -> Result<NewFactor, SignInError> {
        let secret = second_factor::new_secret()?;
        let (address, text) = second_factor::address(&secret, community, handle)
            .ok_or_else(|| SignInError::Failed("no address for an authenticator app".into()))?;
        let ticket = self.ways.begun.put(Begun::NewFactor(person, secret))?;
        Ok(NewFactor { address, text, ticket })
    }

    /// The same secret again, to show it once more after a wrong code.
    pub fn second_factor_again(
        &self,
        person: Id,
        community: &str,
        handle: &str,
        ticket: &str,
    ) -> Option<NewFactor> {
        match self.ways.begun.look(ticket)? {
            Begun::NewFactor(whose, secret) if whose == person => {
                let (address, text) = second_factor::address(&secret, community, handle)?;
                Some(NewFactor { address, text, ticket: ticket.to_owned() })
            }
            _ => None,
        }
    }

    /// Ends it with the first code that the app shows.
    pub async fn finish_second_factor(
        &self,
        kernel: &Kernel,
        person: Id,
        ticket: &str,
        code: &str,
    ) -> Result<(), SignInError> {
        let Some(Begun::NewFactor(whose, secret)) = self.ways.begun.look(ticket) else {
            return Err(SignInError::TooLate);
        };
        if whose != person {
            return Err(SignInError::TooLate);
        }
        let Some(step) = second_factor::step_of(&secret, code, kernel.now()) else {
            return Err(SignInError::Wrong);
        };
        self.ways.begun.take(ticket);
        self.keep(kernel, person, "second-factor", Some(some(Some(bytes(&secret))))).await?;
        self.keep(kernel, person, "second-factor-used", Some(Val::U64(step))).await.map(drop)
    }

    /// New recovery codes, to be shown once; older ones end.
    pub async fn new_recovery_codes(&self, kernel: &Kernel, person: Id) -> Result<Vec<String>, SignInError> {
        let codes = second_factor::recovery_codes()?;
        let hashes = codes.iter().map(|code| bytes(&second_factor::recovery_hash(code))).collect();
        self.keep(kernel, person, "recovery-codes", Some(Val::List(hashes))).await?;
        Ok(codes)
    }

    /// Options for a new passkey of hers, as JSON for the browser.
    pub fn begin_passkey(
        &self,
        kernel: &Kernel,
        site: &Site,
        person: Id,
        names: (&str, &str),
    ) -> Result<Vec<u8>, SignInError> {
        let kept = credentials(kernel, person)?;
        Ok(self.ways.ceremonies.begin_registration(site, person, names, &kept.passkeys)?)
    }

    /// Adds the passkey that her browser made.
    pub async fn add_passkey(
        &self,
        kernel: &Kernel,
        site: &Site,
        person: Id,
        (name, response): (&str, &[u8]),
    ) -> Result<(), SignInError> {
        let Verified { credential, state } =
            self.ways.ceremonies.finish_registration(site, person, response)?;
        let order = record([
            ("credential", bytes(&credential)),
            ("state", bytes(&state)),
            ("name", Val::String(name.to_owned())),
        ]);
        self.keep(kernel, person, "passkey-added", Some(order)).await.map(drop)
    }
}
