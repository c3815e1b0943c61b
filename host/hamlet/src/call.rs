//! `hamlet call PLUGIN FUNCTION --name value`: flags made from WIT types, help from WIT comments.
//!
//! A function's parameters are flags. Where a function has one parameter and that is a record, the
//! record's fields are the flags, because nobody wants to type a record. Scalars are typed bare,
//! anything else as JSON; `@FILE` takes the value from a file, `@-` from standard input. An id may be
//! `@HANDLE`: the party of that name.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use hamlet_reflect::{Function, Id, Interface, Shape, Type, World, json};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::client::{Client, Extra, Problem, Reply};
use crate::confirm::confirm;
use crate::paging::Paging;
use crate::session::Session;
use crate::{output, paging};

/// What `hamlet call` was asked to do.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct CallArgs {
    /// The plugin, or `host` for the host's own functions. `hamlet plugin list` shows what is installed.
    #[arg(default_value = "", hide_default_value = true)]
    pub plugin: String,
    /// The function, or `interface.function` where several interfaces have one of that name.
    /// Without it, the plugin's functions are listed.
    pub function: Option<String>,
    /// Act as this member (whose token is kept here).
    #[arg(long = "as", value_name = "HANDLE")]
    pub acting: Option<String>,
    /// Confirm what the call would do with your will, after printing it.
    #[arg(long)]
    pub yes: bool,
    /// Only try it: show the result and what would have to be confirmed, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the answer as JSON, not as a table.
    #[arg(long)]
    pub json: bool,
    /// Print only this field of the answer, bare, for use in scripts.
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
    /// Where a function answers in parts (`next`), ask for all of them and print them as one answer.
    #[arg(long)]
    pub all: bool,
    /// Explain this command; behind a function, that function with its flags.
    #[arg(long, short)]
    pub help: bool,
    /// The function's own flags; `--help` behind it lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

/// How a call ended, for the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, in a sentence.
    Refused,
}

/// Runs `hamlet call`.
pub fn run(home: &Path, args: &CallArgs) -> Result<Outcome> {
    // clap hands over every flag behind the function's name; those that are ours may be among them.
    let (args, flags) = ours(args)?;
    let session = Session::load(home)?;
    let client = Client::new(&session, args.acting.as_deref())?;
    let world = match client.world(&args.plugin)? {
        Ok(world) => world,
        Err(problem) => return Ok(refused(&problem)),
    };
    let Some(name) = &args.function else {
        list(&args.plugin, &world);
        return Ok(Outcome::Done);
    };
    let (interface, function) = find(&world, &args.plugin, name)?;
    let command = command(&args.plugin, name, function);
    let matches = match command
        .try_get_matches_from(std::iter::once(format!("hamlet call {} {name}", args.plugin)).chain(flags))
    {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    let arguments = arguments(function, &matches, &client)?;
    let path = format!("/api/{}/{}@{}/{}", args.plugin, interface.short, interface.version, function.name);
    let reply = if args.all {
        let paging = Paging::of(function).with_context(|| format!("`--all` is not for `{name}`"))?;
        paging::all(&paging, arguments, |arguments| once(&client, &path, arguments, &args))?
    } else {
        once(&client, &path, &arguments, &args)?
    };
    match reply {
        Reply::Done(value) => {
            let value = match &args.field {
                Some(name) => field(value, name)?,
                None => value,
            };
            let text = if args.json { serde_json::to_string_pretty(&value)? } else { output::render(&value) };
            // A text that ends its last line is printed as it is: it may go into a file.
            output::say(&text);
            Ok(Outcome::Done)
        }
        Reply::Problem(problem) if args.json => {
            output::say(&serde_json::to_string_pretty(&problem.document)?);
            Ok(Outcome::Refused)
        }
        Reply::Problem(problem) => Ok(refused(&problem)),
    }
}

/// One call; with a second one when she confirms what it needs.
fn once(client: &Client, path: &str, arguments: &Value, args: &CallArgs) -> Result<Reply> {
    let extra = || Extra { key: Some(Uuid::now_v7().to_string()), dry_run: args.dry_run, ..Extra::default() };
    let problem = match client.call(path, arguments, &extra())? {
        Reply::Problem(problem) if problem.case() == "confirmation-needed" && !args.dry_run => problem,
        other => return Ok(other),
    };
    match confirm(&problem, args.yes)? {
        Some(code) => client.call(path, arguments, &Extra { confirmation: Some(code), ..extra() }),
        None => Ok(Reply::Problem(problem)),
    }
}

/// A field of an answer.
fn field(mut answer: Value, name: &str) -> Result<Value> {
    if let Some(value) = answer.get_mut(name) {
        return Ok(value.take());
    }
    let names: Vec<_> = answer.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    bail!("the answer has no field `{name}`; it has: {}", names.join(", "))
}

fn refused(problem: &Problem) -> Outcome {
    eprintln!("refused: {}", problem.sentence());
    Outcome::Refused
}

/// Takes the switches that are ours out of the function's flags, wherever they stand.
fn ours(args: &CallArgs) -> Result<(CallArgs, Vec<String>)> {
    let mut own = CallArgs {
        plugin: args.plugin.clone(),
        function: args.function.clone(),
        acting: args.acting.clone(),
        yes: args.yes,
        dry_run: args.dry_run,
        json: args.json,
        field: args.field.clone(),
        all: args.all,
        help: args.help,
        flags: Vec::new(),
    };
    let mut rest: Vec<String> = args.help.then(|| "--help".to_owned()).into_iter().collect();
    let mut flags = args.flags.iter();
    while let Some(flag) = flags.next() {
        match flag.as_str() {
            "--yes" => own.yes = true,
            "--dry-run" => own.dry_run = true,
            "--json" => own.json = true,
            "--all" => own.all = true,
            "--as" => own.acting = Some(flags.next().context("`--as` needs a handle")?.clone()),
            "--field" => own.field = Some(flags.next().context("`--field` needs a name")?.clone()),
            other => match (other.strip_prefix("--as="), other.strip_prefix("--field=")) {
                (Some(handle), _) => own.acting = Some(handle.to_owned()),
                (None, Some(name)) => own.field = Some(name.to_owned()),
                (None, None) => rest.push(flag.clone()),
            },
        }
    }
    Ok((own, rest))
}

/// Prints every function of a plugin with the first line of its docs.
fn list(plugin: &str, world: &World) {
    for interface in &world.exports {
        output::say(&format!("{} ({})", interface.short, interface.id));
        for function in &interface.functions {
            output::say(&format!("  {:<24} {}", function.name, first_line(&function.docs)));
        }
    }
    output::say(&format!("\nMore: hamlet call {plugin} FUNCTION --help"));
}

fn first_line(docs: &str) -> &str {
    docs.lines().next().unwrap_or_default()
}

/// Finds a function by its name, or by `interface.function`.
fn find<'a>(world: &'a World, plugin: &str, name: &str) -> Result<(&'a Interface, &'a Arc<Function>)> {
    let (wanted, function) = match name.split_once('.') {
        Some((interface, function)) => (Some(interface), function),
        None => (None, name),
    };
    let found: Vec<_> = world
        .exports
        .iter()
        .filter(|interface| wanted.is_none_or(|wanted| interface.short == wanted))
        .flat_map(|interface| interface.functions.iter().map(move |found| (interface.as_ref(), found)))
        .filter(|(_, found)| found.name == function)
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("`{plugin}` has no function `{name}`. See them with `hamlet call {plugin}`"),
        several => {
            let names: Vec<_> =
                several.iter().map(|(interface, _)| format!("{}.{function}", interface.short)).collect();
            bail!("several interfaces have it; say which: {}", names.join(", "))
        }
    }
}

/// A flag of a function: its name, type and docs.
pub struct Flag<'a> {
    /// Its name, without the hyphens.
    pub name: &'a str,
    /// Its type.
    pub ty: &'a Type,
    /// Its doc comment; empty when there is none.
    pub docs: &'a str,
}

/// The fields of a function's only parameter when that is a record.
pub fn only_record(function: &Function) -> Option<(&str, Vec<Flag<'_>>)> {
    let [param] = function.params.as_slice() else { return None };
    let Type::Named(named) = &param.ty else { return None };
    let Shape::Record(fields) = &named.shape else { return None };
    let flags =
        fields.iter().map(|field| Flag { name: &field.name, ty: &field.ty, docs: &field.docs }).collect();
    Some((&param.name, flags))
}

/// The flags of a function: its parameters, or the fields of its only one.
pub fn flags(function: &Function) -> Vec<Flag<'_>> {
    match only_record(function) {
        Some((_, flags)) => flags,
        None => {
            function.params.iter().map(|param| Flag { name: &param.name, ty: &param.ty, docs: "" }).collect()
        }
    }
}

/// Whether a flag may be left out, and what that means.
fn default_of(flag: &Flag<'_>) -> Option<&'static str> {
    match flag.ty {
        Type::Option(_) => Some("none"),
        Type::Bool => Some("false"),
        // Ids that a client makes: a fresh one, so that people need not.
        Type::Id if flag.name == "id" => Some("a new one"),
        // What reads or works in parts begins at the beginning.
        Type::U32 | Type::U64 if flag.name == paging::SKIP => Some("0"),
        _ => None,
    }
}

fn command(plugin: &str, name: &str, function: &Function) -> Command {
    let mut command = Command::new(format!("hamlet call {plugin} {name}"))
        .bin_name(format!("hamlet call {plugin} {name}"))
        .about(function.docs.clone())
        .after_help(
            "Also: --as HANDLE, --yes, --dry-run, --json, --field NAME (print only that), --all (where \
             an answer has a `next`: all parts as one). A value `@FILE` is read from a file, `@-` from \
             standard input; an id may be `@HANDLE`, the party of that name.",
        )
        .no_binary_name(false);
    for flag in flags(function) {
        let default = default_of(&flag);
        let mut help = first_paragraph(flag.docs);
        if let Some(default) = default {
            help = if help.is_empty() {
                format!("[left out: {default}]")
            } else {
                format!("{help} [left out: {default}]")
            };
        }
        let mut arg = Arg::new(flag.name.to_owned())
            .long(flag.name.to_owned())
            .help(help)
            .required(default.is_none())
            .allow_hyphen_values(true);
        arg = if matches!(flag.ty, Type::Bool) {
            arg.action(ArgAction::Set).num_args(0..=1).default_missing_value("true").value_name("true|false")
        } else {
            arg.action(ArgAction::Set).value_name(word(flag.ty))
        };
        command = command.arg(arg);
    }
    command
}

fn first_paragraph(docs: &str) -> String {
    docs.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
}

/// A type in a word or two, for help texts.
fn word(ty: &Type) -> String {
    match ty {
        Type::Option(inner) => word(inner),
        Type::Id => "ID".to_owned(),
        Type::String => "TEXT".to_owned(),
        Type::Bytes => "BASE64URL".to_owned(),
        Type::List(_) | Type::Tuple(_) => "JSON-LIST".to_owned(),
        Type::Named(named) => match &named.shape {
            Shape::Enum(labels) => {
                labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join("|")
            }
            Shape::Variant(cases) => cases
                .iter()
                .map(|case| {
                    if case.ty.is_some() { format!("{{\"{}\": …}}", case.name) } else { case.name.clone() }
                })
                .collect::<Vec<_>>()
                .join("|"),
            Shape::Record(_) => "JSON".to_owned(),
            Shape::Flags(_) => "JSON-LIST".to_owned(),
        },
        Type::Result { .. } => "JSON".to_owned(),
        Type::Char => "CHARACTER".to_owned(),
        Type::Bool => "true|false".to_owned(),
        Type::F32 | Type::F64 => "NUMBER".to_owned(),
        _ => "INTEGER".to_owned(),
    }
}

/// The arguments as the JSON object that the gateway wants.
fn arguments(function: &Function, matches: &ArgMatches, client: &Client) -> Result<Value> {
    let mut object = Map::new();
    for flag in flags(function) {
        let value = match matches.get_one::<String>(flag.name) {
            Some(text) => value(&flag, text, client)?,
            None => match flag.ty {
                Type::Bool => Value::Bool(false),
                Type::U32 | Type::U64 => Value::from(0),
                Type::Id => Value::String(Id(Uuid::now_v7().as_u128()).to_string()),
                _ => continue,
            },
        };
        object.insert(flag.name.to_owned(), value);
    }
    Ok(match only_record(function) {
        Some((name, _)) => Value::Object(Map::from_iter([(name.to_owned(), Value::Object(object))])),
        None => Value::Object(object),
    })
}

fn value(flag: &Flag<'_>, text: &str, client: &Client) -> Result<Value> {
    let read;
    let text = match text.strip_prefix('@') {
        Some("-") => {
            let mut all = String::new();
            io::stdin().read_to_string(&mut all).context("standard input cannot be read")?;
            read = all;
            read.as_str()
        }
        // `@handle` is a value of its own for some functions; a file must exist to be meant.
        Some(path) if Path::new(path).is_file() => {
            read = fs::read_to_string(path).with_context(|| format!("`{path}` cannot be read"))?;
            read.as_str()
        }
        Some(handle) if is_id(flag.ty) => return party(handle, client),
        _ => text,
    };
    let value = json::from_text(flag.ty, text).map_err(|error| anyhow!("--{}: {error}", flag.name))?;
    Ok(json::from_val(flag.ty, &value))
}

fn is_id(ty: &Type) -> bool {
    match ty {
        Type::Id => true,
        Type::Option(inner) => is_id(inner),
        _ => false,
    }
}

/// The id of the party with this handle.
fn party(handle: &str, client: &Client) -> Result<Value> {
    let arguments = serde_json::json!({ "handle": handle });
    match client.call("/api/host/members@0.1.0/find", &arguments, &Extra::default())? {
        Reply::Done(party) => field(party, "id"),
        Reply::Problem(problem) => bail!("`@{handle}`: {}", problem.sentence()),
    }
}
