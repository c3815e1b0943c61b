//! Why the board refuses.

use crate::world::Unpaid;

/// Why nothing was done. The cases are those of `hamlet:board/types.error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is not for whoever asks.
    #[error("there is no such thing")]
    NotFound,
    /// Only members may.
    #[error("only members may")]
    MembersOnly,
    /// Only whose it is, or who acts for it.
    #[error("it is not yours")]
    NotYours,
    /// Only stewards.
    #[error("only stewards may")]
    StewardsOnly,
    /// The title is empty or longer than 120 bytes.
    #[error("the title is not 1 to 120 bytes")]
    Title,
    /// The text is longer than 4,000 bytes, or empty where there must be one.
    #[error("the text is not 1 to 4000 bytes")]
    Text,
    /// The place is longer than 120 bytes.
    #[error("the place is longer than 120 bytes")]
    Place,
    /// It is to be shown for 0 or for more than 400 days.
    #[error("it is not shown for 1 to 400 days")]
    Days,
    /// The price is no decimal number of 18 digits at most, or the community has no such currency.
    #[error("this is no price")]
    Price,
    /// There is no such picture.
    #[error("there is no such picture")]
    Picture,
    /// There is no such category.
    #[error("there is no such category")]
    Category,
    /// It is neither `public`, `members` nor `group:NAME`, or you are not in that group.
    #[error("this is no audience of yours")]
    Audience,
    /// There are too many already; how many are possible.
    #[error("at most {0} are possible")]
    TooMany(u32),
    /// It is closed, or its time is over.
    #[error("it is closed")]
    Closed,
    /// A time or a repetition cannot be read.
    #[error("the time cannot be read")]
    Time,
    /// The event has no such day, or it is over.
    #[error("there is no such day")]
    Occurrence,
    /// The search has no word that could be looked for.
    #[error("there is no word to look for")]
    NoWords,
    /// You cannot pay yourself, or there is nothing to pay.
    #[error("there is nothing to pay")]
    NothingToPay,
    /// One of the two has no account in this currency.
    #[error("one of the two has no account in this currency")]
    NoAccount,
    /// The payer has not enough, or the payee cannot take more.
    #[error("there is not enough on the account")]
    PastLimit,
    /// The ledger did not pay; why.
    #[error("the ledger did not pay: {0}")]
    Unpaid(String),
    /// Whoever pays must agree first.
    #[error("the payment is to be confirmed")]
    ConfirmationNeeded,
    /// Stewards let her put up nothing for a while.
    #[error("muted by the stewards")]
    Muted,
    /// A newcomer puts up so many a day.
    #[error("a newcomer puts up {0} a day")]
    Newcomer(u32),
    /// A line of a file cannot be taken: its number, and why.
    #[error("line {0}: {1}")]
    Line(u32, String),
    /// The cursor is none that a list gave.
    #[error("this cursor was not given by a list")]
    Cursor,
    /// The rows cannot be read or written.
    #[error(transparent)]
    Storage(hamlet_sdk::Error),
}

impl From<hamlet_sdk::Error> for Error {
    fn from(error: hamlet_sdk::Error) -> Self {
        match error {
            hamlet_sdk::Error::Cursor => Self::Cursor,
            error => Self::Storage(error),
        }
    }
}

impl From<Unpaid> for Error {
    fn from(unpaid: Unpaid) -> Self {
        match unpaid {
            Unpaid::ConfirmationNeeded => Self::ConfirmationNeeded,
            Unpaid::NoAccount => Self::NoAccount,
            Unpaid::PastLimit => Self::PastLimit,
            Unpaid::Refused(why) => Self::Unpaid(why),
        }
    }
}
