//! `hamlet:host/members.error`.

use crate::values::cases;

cases! {
    /// Why nothing was changed. The WIT documents each case.
    pub(crate) enum MembersError {
        NoSuchParty = "no-such-party",
        HandleTaken = "handle-taken",
        HandleInvalid = "handle-invalid",
        NameInvalid = "name-invalid",
        OneCommons = "one-commons",
        MandateInvalid = "mandate-invalid",
        NoSuchMandate = "no-such-mandate",
        GroupInvalid = "group-invalid",
        LastSteward = "last-steward",
        HasLeft = "has-left",
        NoMandate = "no-mandate",
        StillHere = "still-here",
        CursorInvalid = "cursor-invalid",
    }
}
