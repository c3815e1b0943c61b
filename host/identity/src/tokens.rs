//! The native provider `hamlet:host/tokens`: tokens are made, listed and ended by commands (W6).
//!
//! It never sees a secret, only its hash; looking a token up for a request is `lookup`'s. If it is
//! wrong, somebody makes a token with which to act as another.

use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, Mandate, NativeContext, NativeProvider, Noted};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::lookup::LastUse;
use crate::members::{Authority, authority, no_such_function};
use crate::notices;
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::scope::{self, Scope};
use crate::token_row::TokenRow;
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const TOKENS: &str = "hamlet:host/tokens@0.1.0";

/// Most tokens a person.
const TOKENS_MAX: usize = 100;

/// Longest label in bytes.
const LABEL_LENGTH_MAX: usize = 100;

/// The provider of `hamlet:host/tokens@0.1.0`.
#[derive(Debug, Clone)]
pub struct TokensProvider {
    pub(crate) last_use: Arc<LastUse>,
}

type Outcome = Result<Option<Val>, Stop<TokensError>>;

impl NativeProvider for TokensProvider {
    fn interface(&self) -> &'static str {
        TOKENS
    }

    /// With the parties, so that whoever leaves loses her tokens in the same transaction.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "create" | "revoke" => Kind::Command,
            "list" => Kind::Query,
            _ => return None,
        };
        let access = vec![Access::Member, Access::Decision, Access::Console];
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "create" => create(cx, arguments),
            "revoke" => revoke(cx, arguments),
            "list" => self.list(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// A person her own; her guardian; decisions; a steward only the very first one of a person.
fn create(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let order = arguments.value(0)?;
    let who = authority(cx)?;
    let owner = values::option(values::field(order, "owner")?, values::id)?.or(who.person());
    let Some(owner) = owner else { return refuse(TokensError::NoSuchPerson) };
    let Some(mut party) = read::person(cx, owner)? else { return refuse(TokensError::NoSuchPerson) };
    let first = matches!(who, Authority::Steward(_)) && !party.credentialed;
    if !first && !is_hers(cx, who, owner)? {
        return refuse(TokensError::NotYours);
    }
    let hash = values::hash(values::field(order, "hash")?, TokensError::HashInvalid)?;
    let label = values::text(values::field(order, "label")?)?;
    if label.trim().is_empty() || label.len() > LABEL_LENGTH_MAX {
        return refuse(TokensError::LabelInvalid);
    }
    let scope = read_scope(values::field(order, "scope")?)?;
    let expires = values::option(values::field(order, "expires")?, values::u64)?;
    if expires.is_some_and(|expires| expires <= cx.now()) {
        return refuse(TokensError::Expired);
    }
    if cx.get(&rows::token_key(&hash))?.is_some() || cx.get(&rows::device_key(&hash))?.is_some() {
        return refuse(TokensError::HashTaken);
    }
    if read::prefixed(cx, &rows::tokens_of(owner), None, TOKENS_MAX)?.len() >= TOKENS_MAX {
        return refuse(TokensError::TooManyTokens);
    }
    let sealed_label = cx
        .seal(owner, label.as_bytes())?
        .map_err(|refusal| CallError::internal(format!("a label could not be sealed: {refusal:?}")))?;
    let id = cx.new_id();
    let row = TokenRow { id, owner, since: cx.now(), expires, scope, sealed_label };
    cx.set(&rows::token_key(&hash), &row.encode())?;
    cx.set(&rows::token_id_key(id), &hash)?;
    cx.set(&rows::token_owner_key(owner, id), &hash)?;
    let first = !party.credentialed;
    if first {
        party.credentialed = true;
        cx.set(&rows::party_key(owner), &party.encode())?;
    }
    if who.person() != Some(owner) {
        // A way to act as somebody: all see that it was made.
        cx.note(Noted::about(owner))?;
    }
    // The token with which the first steward founds the community is no news to her.
    if !(first && who == Authority::Whole && is_alone_steward(cx, owner)?) {
        notices::tell(cx, owner, "notice-token", &[("label", label)], "/me/tokens")?;
    }
    Ok(Some(id.to_val()))
}

/// Whether this person is the only steward.
fn is_alone_steward(cx: &mut dyn NativeContext, person: Id) -> Result<bool, CallError> {
    let stewards = read::prefixed(cx, &rows::members_of(STEWARDS), None, 2)?;
    Ok(stewards.len() == 1 && stewards.iter().all(|(key, _)| rows::id_at_end(key) == Some(person)))
}

/// Its owner, her guardian, stewards and decisions.
fn revoke(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let who = authority(cx)?;
    let hash = cx.get(&rows::token_id_key(id))?;
    let hash: Option<[u8; 32]> = hash.and_then(|hash| hash.as_ref().try_into().ok());
    let Some(hash) = hash else { return refuse(TokensError::NoSuchToken) };
    let row = cx.get(&rows::token_key(&hash))?.and_then(|row| TokenRow::decode(&row));
    let Some(row) = row else { return refuse(TokensError::NoSuchToken) };
    if !who.runs_the_community() && !is_hers(cx, who, row.owner)? {
        // Nobody learns which ids exist.
        return refuse(TokensError::NoSuchToken);
    }
    cx.delete(&rows::token_key(&hash))?;
    cx.delete(&rows::token_id_key(id))?;
    cx.delete(&rows::token_owner_key(row.owner, id))?;
    if who.person() != Some(row.owner) {
        cx.note(Noted::about(row.owner))?;
    }
    Ok(None)
}

impl TokensProvider {
    /// Her own, her ward's; another's: stewards and decisions.
    fn list(&self, cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
        let who = authority(cx)?;
        let owner = values::option(arguments.value(0)?, values::id)?.or(who.person());
        let Some(owner) = owner else { return refuse(TokensError::NoSuchPerson) };
        if !who.runs_the_community() && !is_hers(cx, who, owner)? {
            return refuse(TokensError::NotYours);
        }
        let found = read::prefixed(cx, &rows::tokens_of(owner), None, TOKENS_MAX)?;
        let mut tokens = Vec::with_capacity(found.len());
        for (_, hash) in found {
            let Ok(hash) = hash.as_ref().try_into() else { continue };
            let row = cx.get(&rows::token_key(hash))?.and_then(|row| TokenRow::decode(&row));
            if let Some(row) = row {
                tokens.push(self.shown(cx, row)?);
            }
        }
        Ok(Some(Val::List(tokens)))
    }

    fn shown(&self, cx: &mut dyn NativeContext, row: TokenRow) -> Result<Val, CallError> {
        let label = cx.open(row.owner, &row.sealed_label)?;
        let label = label.ok().and_then(|plain| String::from_utf8(plain).ok());
        let functions = row.scope.functions.into_iter().map(Val::String).collect();
        let scope = values::record([
            ("functions", Val::List(functions)),
            ("read-only", Val::Bool(row.scope.read_only)),
            ("bulk", Val::Bool(row.scope.bulk)),
        ]);
        Ok(values::record([
            ("id", row.id.to_val()),
            ("owner", row.owner.to_val()),
            ("label", Val::String(label.unwrap_or_default())),
            ("scope", scope),
            ("since", Val::U64(row.since)),
            ("expires", values::some(row.expires.map(Val::U64))),
            ("last-used", values::some(self.last_use.of(row.id).map(Val::U64))),
        ]))
    }
}

/// Whether who asks is this person, her guardian, or above both.
fn is_hers(cx: &mut dyn NativeContext, who: Authority, owner: Id) -> Result<bool, CallError> {
    let Some(person) = who.person() else { return Ok(who == Authority::Whole) };
    let mandate = cx.mandate(person, owner)?;
    Ok(matches!(mandate, Some(Mandate::SelfActing | Mandate::Guardian)))
}

fn read_scope(value: &Val) -> Result<Scope, Stop<TokensError>> {
    let patterns = values::list(values::field(value, "functions")?)?;
    if patterns.len() > scope::PATTERNS_MAX {
        return refuse(TokensError::PatternInvalid(format!("{} patterns", patterns.len())));
    }
    let mut functions = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let pattern = values::text(pattern)?;
        if !scope::is_pattern(pattern) {
            let shown = pattern.chars().take(scope::PATTERN_LENGTH_MAX).collect();
            return refuse(TokensError::PatternInvalid(shown));
        }
        functions.push(pattern.to_owned());
    }
    Ok(Scope {
        functions,
        read_only: values::flag(values::field(value, "read-only")?)?,
        bulk: values::flag(values::field(value, "bulk")?)?,
    })
}

cases! {
    /// `hamlet:host/tokens.error`. The WIT documents each case.
    enum TokensError {
        NoSuchPerson = "no-such-person",
        HashTaken = "hash-taken",
        HashInvalid = "hash-invalid",
        LabelInvalid = "label-invalid",
        PatternInvalid(pattern: String) = "pattern-invalid",
        Expired = "expired",
        NoSuchToken = "no-such-token",
        TooManyTokens = "too-many-tokens",
        NotYours = "not-yours",
    }
}
