//! Ways in, as the gateway uses them: ceremonies are run here, and what comes of them is kept by commands of the
//! natives, so that it is journalled. Not HTTP, not HTML, no cookies: those are the gateway's.
//!
//! If it is wrong, somebody signs in as another.

use std::net::IpAddr;
use std::time::Duration;

use hamlet_kernel::{Actor, Call, CallError, Kernel};
use hamlet_reflect::Id;
use hamlet_store::StoreError;
use wasmtime::component::Val;

use crate::browsers::{ABSOLUTE, Browser, Found, micros};
use crate::credential_rows::Credentials;
use crate::passkeys::{PasskeyError, Site, Verified};
use crate::password::PasswordError;
use crate::read::{self, Read as _, Room};
use crate::values::{record, some};
use crate::{Identity, Secret, marks, rows, second_factor, secret};

/// Somebody tries to sign in with a password or a recovery code.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The handle that was typed.
    pub handle: &'a str,
    /// From where.
    pub address: IpAddr,
    /// The mark of the browser, where it has one ([`Identity::mark`]).
    pub mark: Option<&'a str>,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    /// Name, password or code are not right. Which is not said.
    #[error("this name, password or code is not right")]
    Wrong,
    /// The password is right; a code of the authenticator app is needed too. The ticket goes with it.
    #[error("a code is needed too")]
    CodeNeeded(String),
    /// Too many tries; when the next one is possible.
    #[error("too many tries")]
    TooMany(Duration),
    /// What was begun is not known any more: begin again.
    #[error("this took too long")]
    TooLate,
    /// A passkey's ceremony failed.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// A password that cannot be chosen.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A command of the host was refused; its case.
    #[error("the host refused: {0}")]
    Refused(String),
    /// The host failed.
    #[error("the host failed: {0}")]
    Failed(String),
}

impl From<CallError> for SignInError {
    fn from(error: CallError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<getrandom::Error> for SignInError {
    fn from(error: getrandom::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What tickets are for.
#[derive(Debug, Clone)]
pub(crate) enum Begun {
    /// A password was right; whose.
    SecondFactor(Id),
    /// A secret was shown to this person.
    NewFactor(Id, [u8; 20]),
}

impl Identity {
    /// The person with this handle who takes part.
    pub fn person(&self, kernel: &Kernel, handle: &str) -> Result<Option<Id>, StoreError> {
        let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(None) };
        kernel.read(|snapshot| {
            let mut room = Room { rows: snapshot, namespace };
            if !rows::is_name(handle) {
                return Ok(None);
            }
            let Some(row) = room.get(&rows::handle_key(handle))? else { return Ok(None) };
            let Some(id) = rows::id_at_end(&row) else { return Ok(None) };
            Ok(read::person(&mut room, id)?.map(|_| id))
        })
    }

    /// Tries a password. A ticket for the code where she has an authenticator app; else it is she.
    pub async fn sign_in_with_password(
        &self,
        kernel: &Kernel,
        attempt: &Attempt<'_>,
        password: String,
    ) -> Result<Id, SignInError> {
        let (person, kept) = self.attempt(kernel, attempt)?;
        let hash = kept.password.map(|password| password.hash);
        let right = self.ways.passwords.verify(password, hash).await;
        let Some(person) = person.filter(|_| right) else { return Err(SignInError::Wrong) };
        if kept.second_factor.is_some() {
            return Err(SignInError::CodeNeeded(self.ways.begun.put(Begun::SecondFactor(person))?));
        }
        Ok(person)
    }

    /// The code that belongs to a ticket of [`SignInError::CodeNeeded`]: of her app, or a recovery code.
    pub async fn sign_in_with_code(
        &self,
        kernel: &Kernel,
        ticket: &str,
        code: &str,
        address: IpAddr,
    ) -> Result<Id, SignInError> {
        let Some(Begun::SecondFactor(person)) = self.ways.begun.look(ticket) else {
            return Err(SignInError::TooLate);
        };
        self.ways
            .attempts
            .take(&format!("code {:032x}", person.0), address, None)
            .map_err(SignInError::TooMany)?;
        self.use_code(kernel, person, code).await?;
        self.ways.begun.take(ticket);
        Ok(person)
    }

    /// A recovery code instead of everything else: it is used up.
    pub async fn sign_in_with_recovery_code(
        &self,
        kernel: &Kernel,
        attempt: &Attempt<'_>,
        code: &str,
    ) -> Result<Id, SignInError> {
        let (person, kept) = self.attempt(kernel, attempt)?;
        let hash = second_factor::recovery_hash(code);
        let Some(person) = person.filter(|_| kept.recovery.contains(&hash)) else {
            return Err(SignInError::Wrong);
        };
        self.use_recovery_code(kernel, person, hash).await?;
        Ok(person)
    }

    /// Whether a person who is signed in proves again that it is she.
    pub async fn prove(
        &self,
        kernel: &Kernel,
        person: Id,
        (password, code): (String, &str),
        address: IpAddr,
    ) -> Result<(), SignInError> {
        self.ways
            .attempts
            .take(&format!("proof {:032x}", person.0), address, None)
            .map_err(SignInError::TooMany)?;
        let kept = credentials(kernel, person)?;
        let hash = kept.password.map(|password| password.hash);
        if !self.ways.passwords.verify(password, hash).await {
            return Err(SignInError::Wrong);
        }
        if kept.second_factor.is_some() { self.use_code(kernel, person, code).await } else { Ok(()) }
    }

    /// What somebody typed a handle for, if there are not too many tries.
    fn attempt(
        &self,
        kernel: &Kernel,
        attempt: &Attempt<'_>,
    ) -> Result<(Option<Id>, Credentials), SignInError> {
        let handle = attempt.handle.trim().to_lowercase();
        let person = self.person(kernel, &handle)?;
        let browser = attempt.mark.zip(person).and_then(|(mark, person)| {
            let browser = marks::of(kernel, mark, person)?;
            Some((person, browser))
        });
        self.ways.attempts.take(&handle, attempt.address, browser).map_err(SignInError::TooMany)?;
        let kept = person.map(|person| credentials(kernel, person)).transpose()?;
        Ok((person, kept.unwrap_or_default()))
    }

    /// A code of her app, used once, or a recovery code.
    async fn use_code(&self, kernel: &Kernel, person: Id, code: &str) -> Result<(), SignInError> {
        let kept = credentials(kernel, person)?;
        let step = kept.second_factor.and_then(|factor| {
            let step = second_factor::step_of(&factor.secret, code, kernel.now())?;
            (step > factor.last_step).then_some(step)
        });
        if let Some(step) = step {
            return self.keep(kernel, person, "second-factor-used", Some(Val::U64(step))).await.map(drop);
        }
        let hash = second_factor::recovery_hash(code);
        if kept.recovery.contains(&hash) {
            self.use_recovery_code(kernel, person, hash).await
        } else {
            Err(SignInError::Wrong)
        }
    }

    async fn use_recovery_code(
        &self,
        kernel: &Kernel,
        person: Id,
        hash: [u8; 32],
    ) -> Result<(), SignInError> {
        self.keep(kernel, person, "recovery-code-used", Some(bytes(&hash))).await.map(drop)
    }

    /// Options for signing in with whatever passkey the browser has, as JSON.
    pub fn begin_passkey_sign_in(&self, site: &Site) -> Result<Vec<u8>, SignInError> {
        Ok(self.ways.ceremonies.begin_authentication(site)?)
    }

    /// Options for signing in as whom a handle names, as JSON: with the ids of her passkeys, so that an authenticator
    /// that does not find a passkey by itself is asked for it. A handle that nobody has, or that has no passkey here,
    /// gets an id that is made up, the same each time: so nobody learns who is a member.
    pub fn begin_passkey_sign_in_as(
        &self,
        kernel: &Kernel,
        site: &Site,
        handle: &str,
    ) -> Result<Vec<u8>, SignInError> {
        let handle = handle.trim().to_lowercase();
        let kept = self.person(kernel, &handle)?.map(|person| credentials(kernel, person)).transpose()?;
        let made_up = marks::made_up_passkey(kernel, &handle);
        let known = kept.unwrap_or_default().passkeys;
        Ok(self.ways.ceremonies.begin_named_authentication(site, &known, made_up)?)
    }

    /// The same for somebody who is signed in and proves that it is she.
    pub fn begin_passkey_proof(
        &self,
        kernel: &Kernel,
        site: &Site,
        person: Id,
    ) -> Result<Vec<u8>, SignInError> {
        let known = credentials(kernel, person)?.passkeys;
        let made_up = marks::made_up_passkey(kernel, &person.to_string());
        Ok(self.ways.ceremonies.begin_named_authentication(site, &known, made_up)?)
    }

    /// Whose passkey it was.
    pub async fn sign_in_with_passkey(
        &self,
        kernel: &Kernel,
        site: &Site,
        response: &[u8],
    ) -> Result<Id, SignInError> {
        let find = |credential: &[u8]| -> Option<(Id, Vec<u8>)> {
            let namespace = kernel.room(crate::ROOM)?;
            let person = kernel.read(|snapshot| {
                let mut room = Room { rows: snapshot, namespace };
                let row = room.get(&rows::passkey_key(credential)).ok()??;
                let person = rows::id_at_end(&row)?;
                read::party(&mut room, person).ok()?.filter(|party| party.active).map(|_| person)
            })?;
            let kept = credentials(kernel, person).ok()?;
            let passkey = kept.passkeys.into_iter().find(|passkey| passkey.credential == credential)?;
            Some((person, passkey.state))
        };
        let (person, Verified { credential, state }) =
            self.ways.ceremonies.finish_authentication(site, response, find)?;
        let used = record([("credential", bytes(&credential)), ("state", bytes(&state))]);
        self.keep(kernel, person, "passkey-used", Some(used)).await?;
        Ok(person)
    }

    /// Begins a session in a browser that nobody knows; the text of its cookie. See [`Identity::begin_session_in`].
    pub async fn begin_session(
        &self,
        kernel: &Kernel,
        person: Id,
        label: &str,
        replaces: Option<[u8; 32]>,
    ) -> Result<Secret, SignInError> {
        self.begin_session_in(kernel, person, (label, None), replaces).await
    }

    /// Begins a session; the text of its cookie. Of the browser: its label, and its mark where it has one
    /// ([`Identity::mark`]); one that is not marked as hers is news to her. `replaces`: the hash of the session that it
    /// takes the place of.
    pub async fn begin_session_in(
        &self,
        kernel: &Kernel,
        person: Id,
        (label, mark): (&str, Option<&str>),
        replaces: Option<[u8; 32]>,
    ) -> Result<Secret, SignInError> {
        let secret = Secret::new()?;
        let mut label = label.to_owned();
        while label.len() > crate::sessions::LABEL_LENGTH_MAX {
            label.pop();
        }
        let order = record([
            ("person", person.to_val()),
            ("hash", bytes(&secret.hash())),
            ("label", Val::String(label)),
            ("expires", Val::U64(kernel.now().saturating_add(micros(ABSOLUTE)))),
            ("replaces", some(replaces.map(|hash| bytes(&hash)))),
            ("known", Val::Bool(mark.is_some_and(|mark| marks::of(kernel, mark, person).is_some()))),
        ]);
        host(kernel, "sessions", "begin", vec![order]).await?;
        Ok(secret)
    }

    /// Who is signed in by this cookie; none: nobody.
    pub async fn browser(
        &self,
        kernel: &Kernel,
        cookie: &str,
    ) -> Result<Option<std::sync::Arc<Browser>>, SignInError> {
        match self.ways.browsers.find(kernel, cookie)? {
            Found::Nobody => Ok(None),
            Found::Browser(browser, note) => {
                if note {
                    let hashes = Val::List(vec![bytes(&browser.hash)]);
                    host(kernel, "sessions", "used", vec![hashes]).await?;
                }
                Ok(Some(browser))
            }
        }
    }

    /// The hash by which a session, a token or a link is kept.
    pub fn hash_of(text: &str) -> [u8; 32] {
        secret::hash(text)
    }

    /// Keeps what came of a ceremony.
    pub(crate) async fn keep(
        &self,
        kernel: &Kernel,
        person: Id,
        case: &str,
        payload: Option<Val>,
    ) -> Result<Option<Val>, SignInError> {
        let change = Val::Variant(case.to_owned(), payload.map(Box::new));
        host(kernel, "credentials", "keep", vec![person.to_val(), change]).await
    }
}

/// A command that only the host itself may give.
pub(crate) async fn host(
    kernel: &Kernel,
    interface: &str,
    function: &str,
    arguments: Vec<Val>,
) -> Result<Option<Val>, SignInError> {
    let call = Call::new(Actor::Console, "host", interface, function, arguments);
    kernel.call(call).await?.result.map_err(|error| match error {
        Some(Val::Variant(case, _) | Val::Enum(case)) => SignInError::Refused(case),
        _ => SignInError::Failed(format!("{function} was refused without a reason")),
    })
}

/// What a person can sign in with, opened.
pub(crate) fn credentials(kernel: &Kernel, person: Id) -> Result<Credentials, StoreError> {
    let Some(namespace) = kernel.room(crate::ROOM) else { return Ok(Credentials::default()) };
    let row = kernel.read(|snapshot| {
        let mut room = Room { rows: snapshot, namespace };
        room.get(&rows::credentials_key(person))
    })?;
    let plain = row.and_then(|sealed| kernel.open_sealed(person, &sealed));
    Ok(plain.and_then(|plain| Credentials::decode(&plain)).unwrap_or_default())
}

/// Bytes as a value.
pub(crate) fn bytes(bytes: &[u8]) -> Val {
    Val::List(bytes.iter().copied().map(Val::U8).collect())
}
