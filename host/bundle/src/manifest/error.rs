//! What can be wrong with a manifest, each in a sentence that says where and what to write instead.

use crate::statics::STATIC_BYTES_MAX;

use super::{MANIFEST_BYTES_MAX, NAME_BYTES_MAX, STORAGE_BYTES_MAX, TEXT_BYTES_MAX};

/// Why a manifest was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The text is longer than a manifest can sensibly be.
    #[error("plugin.toml has {bytes} bytes; at most {MANIFEST_BYTES_MAX} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not TOML, a key that does not exist, one that is missing, or a value of the wrong type.
    #[error("plugin.toml cannot be read: {0}")]
    Syntax(String),
    /// The plugin's name.
    #[error(
        "the name {name:?} cannot be used: a plugin's name has 1 to {NAME_BYTES_MAX} lower-case \
         letters, digits and single hyphens, begins with a letter, and is not `host`"
    )]
    Name {
        /// What was written.
        name: String,
    },
    /// The plugin's version.
    #[error("the version {version:?} is not one like 0.1.0: {why}")]
    Version {
        /// What was written.
        version: String,
        /// What the parser says.
        why: String,
    },
    /// A text for people that is empty or too long.
    #[error("{at} must be a text of 1 to {TEXT_BYTES_MAX} bytes")]
    Text {
        /// Which one.
        at: String,
    },
    /// A text in another language.
    #[error("{at}: {tag:?} is no language; write a tag such as es or pt-BR, of at most 40 languages")]
    Language {
        /// Which text.
        at: String,
        /// What was written.
        tag: String,
    },
    /// Somebody who sees data about people.
    #[error("seen-by: {word:?} is nobody; it is self, party, counterparties, members, public or group:NAME")]
    Reader {
        /// What was written.
        word: String,
    },
    /// Data about people that nobody sees.
    #[error("about-people {what:?}: nobody sees it; then it need not be kept. Say at least `self`")]
    NobodySees {
        /// Which.
        what: String,
    },
    /// More kinds of data about people than anybody reads.
    #[error("about-people has more than {most} entries; say it in fewer")]
    TooManyKinds {
        /// Most.
        most: usize,
    },
    /// A size.
    #[error(
        "storage = {text:?} is not a size: write one like \"64 MiB\" (B, KiB, MiB, GiB), \
         at most {STORAGE_BYTES_MAX} bytes"
    )]
    Size {
        /// What was written.
        text: String,
    },
    /// The full name of an interface.
    #[error(
        "{at}: {text:?} does not name an interface; write it with its version, like \
         example:shop/stall@0.1.0"
    )]
    Interface {
        /// In which list.
        at: &'static str,
        /// What was written.
        text: String,
    },
    /// A function, parameter, group or kind.
    #[error("{at}: {text:?} is not a name: lower-case words joined by hyphens, like give-back")]
    Word {
        /// Where.
        at: String,
        /// What was written.
        text: String,
    },
    /// An import without a reason.
    #[error("the import of {interface} has no reason; say in a sentence what the plugin does with it")]
    NoReason {
        /// Which one.
        interface: String,
    },
    /// A kind of function that does not exist.
    #[error("{function}: kind {word:?} does not exist; it is \"query\" or \"command\"")]
    Kind {
        /// Of which function.
        function: String,
        /// What was written.
        word: String,
    },
    /// A caller that does not exist.
    #[error(
        "{function}: access {word:?} does not exist; it is one of public, member, group:NAME, plugin, \
         device, decision, neighbour, console"
    )]
    Access {
        /// Of which function.
        function: String,
        /// What was written.
        word: String,
    },
    /// A function that nobody may call.
    #[error("{function}: access is empty, so nobody could call it; leave the function out or admit somebody")]
    NobodyMay {
        /// Which one.
        function: String,
    },
    /// Something is listed twice.
    #[error("{at} lists {name} twice")]
    Twice {
        /// Which list.
        at: &'static str,
        /// What.
        name: String,
    },
    /// The publisher's key.
    #[error("publisher: {why}; write the RW… line of the publisher's .pub file, or leave it out")]
    Publisher {
        /// What the parser says.
        why: String,
    },
    /// The folder of static files.
    #[error("[static] folder = {path:?} must be a path relative to the plugin's folder")]
    StaticFolder {
        /// What was written.
        path: String,
    },
    /// The size of static files.
    #[error("[static] size = {text:?} is not a size of at most {} MiB, like \"8 MiB\"", STATIC_BYTES_MAX >> 20)]
    StaticSize {
        /// What was written.
        text: String,
    },
    /// A content type.
    #[error(
        "[static.types] {ending}: write up to 64 lines like stl = \"model/stl\", the file's ending in \
         lower case without its dot and its content type, and none for endings that the host knows itself"
    )]
    StaticType {
        /// Which ending.
        ending: String,
    },
    /// A range of versions.
    #[error("[migration] {key} = {text:?} is not a range of versions like \">=0.1.0, <0.3.0\": {why}")]
    Range {
        /// Which key.
        key: &'static str,
        /// What was written.
        text: String,
        /// What the parser says.
        why: String,
    },
    /// The function that migrates can be called by people.
    #[error(
        "[migration] {interface} {function} is called by the host alone; take it out of the functions \
         of [[export]]"
    )]
    MigrationCallable {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// A version that migrates from itself.
    #[error("[migration] migrates-from admits {version} itself; end the range below it")]
    MigrationFromItself {
        /// This version.
        version: String,
    },
    /// A build command without an artifact, or the other way round.
    #[error("[build] needs both `command` and `artifact`, or neither for a plugin in Rust")]
    BuildHalf,
    /// A path that leaves the plugin's folder upwards from an absolute root.
    #[error("[build] {key} = {path:?} must be a path relative to the plugin's folder")]
    BuildPath {
        /// Which key.
        key: &'static str,
        /// What was written.
        path: String,
    },
}
