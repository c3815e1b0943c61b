//! Erasing a party (C6): its part ends, its key is destroyed with the commit, its handle is given up.
//!
//! What is left is a party without a name: accounts and votes refer to its id, which says nothing. The journal
//! keeps the old handle, a pseudonym by its rule; names, memos and files were sealed and are gone with the key.

use hamlet_kernel::{CallError, NativeContext, PartyKind};
use hamlet_reflect::Id;

use super::change::{Outcome, end_part, note_for_another};
use super::{MembersError, authority};
use crate::read;
use crate::rows::{self, Party};
use crate::values::{Arguments, Stop, refuse};

/// Whoever decides for the party; of one that has left, stewards and decisions. Doing it again changes nothing.
pub(super) fn erase(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let Some(mut party) = read::party(cx, id)? else { return refuse(MembersError::NoSuchParty) };
    if party.kind == PartyKind::Commons {
        return refuse(MembersError::OneCommons);
    }
    let who = authority(cx)?;
    if party.active {
        if !who.decides_for(cx, id)? {
            let runs = who.runs_the_community();
            return refuse(if runs { MembersError::StillHere } else { MembersError::NoMandate });
        }
        end_part(cx, id, &mut party)?;
    } else if !who.runs_the_community() {
        return refuse(MembersError::NoMandate);
    }
    note_for_another(cx, who, id, "")?;
    wipe(cx, id, &mut party)?;
    Ok(None)
}

/// Ends the part of a party that was brought in by mistake, and erases it: that this may be done was decided before.
pub(crate) fn take_out(cx: &mut dyn NativeContext, id: Id) -> Result<(), Stop<MembersError>> {
    let Some(mut party) = read::party(cx, id)? else { return refuse(MembersError::NoSuchParty) };
    if party.active {
        end_part(cx, id, &mut party)?;
    }
    Ok(wipe(cx, id, &mut party)?)
}

fn wipe(cx: &mut dyn NativeContext, id: Id, party: &mut Party) -> Result<(), CallError> {
    cx.delete(&rows::handle_key(&party.handle))?;
    party.handle = gone_handle(cx, id)?;
    party.sealed_name.clear();
    cx.set(&rows::handle_key(&party.handle), &id.0.to_be_bytes())?;
    cx.set(&rows::party_key(id), &party.encode())?;
    cx.destroy_key(id)
}

/// A handle that says only that somebody is gone.
fn gone_handle(cx: &mut dyn NativeContext, id: Id) -> Result<String, CallError> {
    let digits = format!("{:032x}", id.0);
    for length in [8, 16, 24] {
        let handle = format!("gone-{}", digits.get(..length).unwrap_or(&digits));
        let taken = cx.get(&rows::handle_key(&handle))?;
        if taken.is_none_or(|row| rows::id_at_end(&row) == Some(id)) {
            return Ok(handle);
        }
    }
    Err(CallError::internal("no handle is left for a party that is gone"))
}
