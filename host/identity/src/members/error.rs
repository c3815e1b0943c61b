//! `hamlet:host/members.error`.

use wasmtime::component::Val;

use crate::values::Case;

/// Why nothing was changed. The WIT documents each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MembersError {
    NoSuchParty,
    HandleTaken,
    HandleInvalid,
    NameInvalid,
    OneCommons,
    MandateInvalid,
    NoSuchMandate,
    GroupInvalid,
    LastSteward,
    HasLeft,
    NoMandate,
    StillHere,
    CursorInvalid,
}

impl Case for MembersError {
    fn to_val(&self) -> Val {
        let case = match self {
            Self::NoSuchParty => "no-such-party",
            Self::HandleTaken => "handle-taken",
            Self::HandleInvalid => "handle-invalid",
            Self::NameInvalid => "name-invalid",
            Self::OneCommons => "one-commons",
            Self::MandateInvalid => "mandate-invalid",
            Self::NoSuchMandate => "no-such-mandate",
            Self::GroupInvalid => "group-invalid",
            Self::LastSteward => "last-steward",
            Self::HasLeft => "has-left",
            Self::NoMandate => "no-mandate",
            Self::StillHere => "still-here",
            Self::CursorInvalid => "cursor-invalid",
        };
        Val::Variant(case.to_owned(), None)
    }
}
