//! The native provider `hamlet:host/invitations`: links by which people come in (W6).
//!
//! It never sees a link's secret, only its hash. If it is wrong, a stranger comes in, or a steward makes herself a
//! way to act as another: an invitation for a person who can sign in already is refused.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted, Noting};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::credential_rows;
use crate::guardians;
use crate::members::{MembersError, add_person, authority, join, no_such_function};
use crate::papers;
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::sessions;
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const INVITATIONS: &str = "hamlet:host/invitations@0.1.0";

/// Longest label in bytes.
const LABEL_LENGTH_MAX: usize = 100;
/// Most who may come in by one.
const USES_MAX: u32 = 1_000;
/// Most groups of one.
const GROUPS_MAX: usize = 20;
/// Most that a list shows.
const LIST_MAX: usize = 1_000;
/// Most invitations.
const INVITATIONS_MAX: usize = 10_000;

/// The provider of `hamlet:host/invitations@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct InvitationsProvider;

type Outcome = Result<Option<Val>, Stop<InvitationsError>>;

/// An invitation as it is stored under the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub id: u128,
    pub label: String,
    pub uses: u32,
    pub used: u32,
    pub since: u64,
    pub expires: u64,
    pub groups: Vec<String>,
    pub person: Option<u128>,
    pub by: Option<u128>,
    /// Of a recovery: what she could sign in with before ends when it is used.
    #[serde(default)]
    pub recovers: bool,
}

impl Invitation {
    pub fn decode(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }
}

impl NativeProvider for InvitationsProvider {
    fn interface(&self) -> &'static str {
        INVITATIONS
    }

    /// With the parties: who comes in is added in the same transaction.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
        let (kind, access) = match function {
            "create" => (Kind::Command, [vec![Access::Member, Access::Ward], stewards].concat()),
            "revoke" => (Kind::Command, stewards),
            "list" => (Kind::Query, stewards),
            "look" => (Kind::Query, vec![Access::Console]),
            "redeem" | "claim" => (Kind::Command, vec![Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    /// `create` says so itself, where it is not a link of her own.
    fn noted(&self, function: &str, _: &[Val], result: Option<&Val>) -> Noting {
        let person = match (function, result) {
            // An admission: somebody is there who was not.
            ("redeem" | "claim", Some(Val::Result(Ok(Some(person))))) => Id::from_val(person),
            ("revoke", _) => None,
            _ => return Ok(None),
        };
        Ok(Some(Noted { party: person, ..Noted::default() }))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "create" => create(cx, arguments),
            "revoke" => revoke(cx, arguments),
            "list" => list(cx),
            "look" => look(cx, arguments),
            "redeem" => redeem(cx, arguments),
            "claim" => claim(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// Stewards and decisions; anybody for herself.
fn create(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let order = arguments.value(0)?;
    let hash = values::hash(values::field(order, "hash")?, InvitationsError::Invalid)?;
    let label = values::text(values::field(order, "label")?)?;
    let uses = values::u32(values::field(order, "uses")?)?;
    let expires = values::u64(values::field(order, "expires")?)?;
    let groups = values::list(values::field(order, "groups")?)?;
    let groups: Vec<String> =
        groups.iter().map(|group| values::text(group).map(str::to_owned)).collect::<Result<_, _>>()?;
    let person = values::option(values::field(order, "person")?, values::id)?;
    let groups_fit =
        groups.len() <= GROUPS_MAX && groups.iter().all(|group| rows::is_name(group) && group != STEWARDS);
    let uses_fit = (1..=USES_MAX).contains(&uses) && (person.is_none() || uses == 1);
    if label.len() > LABEL_LENGTH_MAX || expires <= cx.now() || !groups_fit || !uses_fit {
        return refuse(InvitationsError::Invalid);
    }
    if cx.get(&rows::invitation_key(&hash))?.is_some() {
        return refuse(InvitationsError::Invalid);
    }
    let who = authority(cx)?;
    if !who.runs_the_community() && (person.is_none() || person != who.person() || !groups.is_empty()) {
        return refuse(InvitationsError::NotYours);
    }
    if let Some(person) = person {
        may_open_for(cx, who.person(), person)?;
    }
    if read::prefixed(cx, rows::INVITATION_IDS, None, INVITATIONS_MAX)?.len() >= INVITATIONS_MAX {
        return refuse(InvitationsError::TooMany);
    }
    let id = cx.new_id();
    let invitation = Invitation {
        id: id.0,
        label: label.to_owned(),
        uses,
        used: 0,
        since: cx.now(),
        expires,
        groups,
        person: person.map(|person| person.0),
        by: who.person().map(|person| person.0),
        recovers: false,
    };
    write(cx, &hash, &invitation)?;
    cx.set(&rows::invitation_id_key(id), &hash)?;
    if person.is_none() || person != who.person() {
        cx.note(Noted { party: person, ..Noted::default() })?;
    }
    Ok(Some(id.to_val()))
}

fn revoke(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let key = rows::invitation_id_key(arguments.id(0)?);
    let hash = cx.get(&key)?.and_then(|hash| <[u8; 32]>::try_from(hash.as_ref()).ok());
    let Some(hash) = hash else { return refuse(InvitationsError::NoSuchInvitation) };
    cx.delete(&rows::invitation_key(&hash))?;
    cx.delete(&key)?;
    Ok(None)
}

fn list(cx: &mut dyn NativeContext) -> Outcome {
    let now = cx.now();
    let mut shown = Vec::new();
    for (_, hash) in read::prefixed(cx, rows::INVITATION_IDS, None, INVITATIONS_MAX)? {
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else { continue };
        if let Some(invitation) = read(cx, &hash)?
            && invitation.expires > now
            && invitation.used < invitation.uses
        {
            shown.push(show(&invitation));
        }
    }
    shown.reverse();
    shown.truncate(LIST_MAX);
    Ok(Some(Val::List(shown)))
}

fn show(invitation: &Invitation) -> Val {
    let id = |id: Option<u128>| values::some(id.map(|id| Id(id).to_val()));
    values::record([
        ("id", Id(invitation.id).to_val()),
        ("label", Val::String(invitation.label.clone())),
        ("uses", Val::U32(invitation.uses)),
        ("used", Val::U32(invitation.used)),
        ("since", Val::U64(invitation.since)),
        ("expires", Val::U64(invitation.expires)),
        ("groups", Val::List(invitation.groups.iter().cloned().map(Val::String).collect())),
        ("person", id(invitation.person)),
        ("by", id(invitation.by)),
    ])
}

/// The host itself, to show the right page to whoever showed the link.
fn look(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let hash = values::hash(arguments.value(0)?, InvitationsError::Invalid)?;
    let invitation = usable(cx, &hash)?;
    let person = person_of(cx, &invitation)?;
    Ok(Some(values::some(person.map(Id::to_val))))
}

/// For whom a link is, if it may still be used for her.
///
/// Asked again when it is used: since it was made she may have found another way in, and then whoever made it, or
/// found it, must not come in as her.
fn person_of(
    cx: &mut dyn NativeContext,
    invitation: &Invitation,
) -> Result<Option<Id>, Stop<InvitationsError>> {
    let Some(person) = invitation.person.map(Id) else { return Ok(None) };
    let by = invitation.by.map(Id).filter(|_| !invitation.recovers);
    may_open_for(cx, by, person)?;
    Ok(Some(person))
}

/// Whether `by` may have a link for this person: a steward only where she never had a token, a password or a
/// passkey; she herself until she has a password or a passkey; none of them: the holder of the box, a decision, and
/// a recovery that others confirmed.
fn may_open_for(
    cx: &mut dyn NativeContext,
    by: Option<Id>,
    person: Id,
) -> Result<(), Stop<InvitationsError>> {
    let Some(party) = read::person(cx, person)? else {
        return refuse(InvitationsError::NoSuchPerson);
    };
    let closed = match by {
        None => false,
        Some(by) if by == person => credential_rows::read(cx, person)?.ways_in() > 0,
        Some(_) => party.credentialed,
    };
    if closed { refuse(InvitationsError::HasCredentials) } else { Ok(()) }
}

/// The host itself, for whoever showed the link.
fn redeem(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let hash = values::hash(arguments.value(0)?, InvitationsError::Invalid)?;
    let invitation = usable(cx, &hash)?;
    if invitation.person.is_some() {
        return refuse(InvitationsError::NoSuchInvitation);
    }
    let person = add_person(cx, arguments.text(1)?, arguments.text(2)?).map_err(from_members)?;
    for group in &invitation.groups {
        join(cx, person, group)?;
    }
    papers::came_in_with(cx, person, values::option(arguments.value(3)?, values::u32)?)?;
    let born = values::option(arguments.value(4)?, values::u32)?;
    let said = match born {
        Some(year) => guardians::say_born(cx, person, year)?,
        // Where there is an age, nobody comes in past it without a word.
        None => guardians::age(cx)? == 0,
    };
    if !said {
        return refuse(InvitationsError::YearInvalid);
    }
    use_up(cx, &hash, invitation)?;
    Ok(Some(person.to_val()))
}

/// The host itself, for whoever showed the link.
fn claim(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let hash = values::hash(arguments.value(0)?, InvitationsError::Invalid)?;
    let invitation = usable(cx, &hash)?;
    let person = person_of(cx, &invitation)?;
    let Some(person) = person else { return refuse(InvitationsError::NoSuchInvitation) };
    if invitation.recovers {
        // Whoever had her keys until now has nothing any more.
        sessions::end_of(cx, person)?;
        credential_rows::clear(cx, person)?;
        crate::recovered::mark(cx, person)?;
    }
    papers::came_in_with(cx, person, values::option(arguments.value(1)?, values::u32)?)?;
    use_up(cx, &hash, invitation)?;
    Ok(Some(person.to_val()))
}

/// A link for a person whose recovery was confirmed and has waited; false: the hash is taken or the end has passed.
pub(crate) fn let_back_in(
    cx: &mut dyn NativeContext,
    hash: &[u8; 32],
    person: Id,
    expires: u64,
    by: Option<Id>,
) -> Result<bool, CallError> {
    if expires <= cx.now() || cx.get(&rows::invitation_key(hash))?.is_some() {
        return Ok(false);
    }
    let id = cx.new_id();
    let invitation = Invitation {
        id: id.0,
        label: String::new(),
        uses: 1,
        used: 0,
        since: cx.now(),
        expires,
        groups: Vec::new(),
        person: Some(person.0),
        by: by.map(|by| by.0),
        recovers: true,
    };
    write(cx, hash, &invitation)?;
    cx.set(&rows::invitation_id_key(id), hash)?;
    Ok(true)
}

fn usable(cx: &mut dyn NativeContext, hash: &[u8; 32]) -> Result<Invitation, Stop<InvitationsError>> {
    let Some(invitation) = read(cx, hash)? else { return refuse(InvitationsError::NoSuchInvitation) };
    if invitation.expires <= cx.now() {
        return refuse(InvitationsError::Expired);
    }
    if invitation.used >= invitation.uses {
        return refuse(InvitationsError::UsedUp);
    }
    Ok(invitation)
}

/// Counts a use. One that is used up is kept, so that its link says so; `revoke` and age take it away.
fn use_up(cx: &mut dyn NativeContext, hash: &[u8; 32], mut invitation: Invitation) -> Result<(), CallError> {
    invitation.used += 1;
    write(cx, hash, &invitation)
}

fn read(cx: &mut dyn NativeContext, hash: &[u8; 32]) -> Result<Option<Invitation>, CallError> {
    Ok(cx.get(&rows::invitation_key(hash))?.and_then(|row| Invitation::decode(&row)))
}

fn write(cx: &mut dyn NativeContext, hash: &[u8; 32], invitation: &Invitation) -> Result<(), CallError> {
    let row = serde_json::to_vec(invitation)
        .map_err(|error| CallError::internal(format!("an invitation cannot be written: {error}")))?;
    cx.set(&rows::invitation_key(hash), &row)
}

fn from_members(stop: Stop<MembersError>) -> Stop<InvitationsError> {
    match stop {
        Stop::Refused(MembersError::HandleTaken) => Stop::Refused(InvitationsError::HandleTaken),
        Stop::Refused(MembersError::HandleInvalid) => Stop::Refused(InvitationsError::HandleInvalid),
        Stop::Refused(MembersError::NameInvalid) => Stop::Refused(InvitationsError::NameInvalid),
        Stop::Refused(_) => Stop::Refused(InvitationsError::Invalid),
        Stop::Doomed(error) => Stop::Doomed(error),
    }
}

cases! {
    /// `hamlet:host/invitations.error`. The WIT documents each case.
    enum InvitationsError {
        NoSuchInvitation = "no-such-invitation",
        Expired = "expired",
        UsedUp = "used-up",
        Invalid = "invalid",
        NoSuchPerson = "no-such-person",
        HasCredentials = "has-credentials",
        HandleTaken = "handle-taken",
        HandleInvalid = "handle-invalid",
        NameInvalid = "name-invalid",
        YearInvalid = "year-invalid",
        TooMany = "too-many",
        NotYours = "not-yours",
    }
}
