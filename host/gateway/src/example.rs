//! Calls to copy from the page: as a command line and over HTTP.
//!
//! They name what has to be filled in. The flags are those of `hamlet call`: where a function takes one
//! record and nothing else, the record's fields.

use hamlet_bundle::{Access, Kind};
use hamlet_kernel::{Callable, PluginInfo};
use hamlet_reflect::{Function, Shape, Type};

use crate::html::Html;
use crate::refusal::path_of;

/// Functions of a kind that are worth showing: first those that every member may call, and of these
/// first those that need nothing to be looked up before and no JSON to be typed.
pub(crate) fn some(info: &PluginInfo, kind: Kind, most: usize) -> Vec<&Callable> {
    let everyday = |access: &Access| matches!(access, Access::Member | Access::Public);
    let of_kind = info.functions.iter().filter(|callable| callable.rule.kind == kind);
    let mut found: Vec<&Callable> = of_kind.map(|callable| &**callable).collect();
    // Stable, so that the order of the WIT decides where this does not.
    found.sort_by_key(|callable| {
        let flags = flags(&callable.function);
        let hard = flags.iter().filter(|(_, ty)| matches!(ty, Type::Id) || !is_bare(ty)).count();
        (!callable.rule.access.iter().any(everyday), hard)
    });
    found.truncate(most);
    found
}

/// The flags of `hamlet call` that must be there.
fn flags(function: &Function) -> Vec<(&str, &Type)> {
    let params = || function.params.iter().map(|param| (param.name.as_str(), &param.ty)).collect();
    let flags: Vec<_> = match function.params.as_slice() {
        [only] => fields(&only.ty).unwrap_or_else(params),
        _ => params(),
    };
    // The rest `hamlet call` fills in itself.
    let asked = |(name, ty): &(&str, &Type)| match ty {
        Type::Option(_) | Type::Bool => false,
        Type::Id => *name != "id",
        _ => true,
    };
    flags.into_iter().filter(asked).collect()
}

fn fields(ty: &Type) -> Option<Vec<(&str, &Type)>> {
    let Type::Named(named) = ty else { return None };
    let Shape::Record(fields) = &named.shape else { return None };
    Some(fields.iter().map(|field| (field.name.as_str(), &field.ty)).collect())
}

/// Whether a value is typed as it is, without JSON.
fn is_bare(ty: &Type) -> bool {
    match ty {
        Type::List(_) | Type::Tuple(_) | Type::Result { .. } => false,
        Type::Option(inner) => is_bare(inner),
        Type::Named(named) => matches!(named.shape, Shape::Enum(_)),
        _ => true,
    }
}

/// What stands where a value goes: the flag's own name in capitals, or a value that is right.
fn placeholder(name: &str, ty: &Type) -> String {
    match ty {
        Type::Named(named) => match &named.shape {
            Shape::Enum(labels) => labels.first().map_or_else(String::new, |label| label.name.clone()),
            _ => "'JSON'".to_owned(),
        },
        ty if !is_bare(ty) => "'JSON'".to_owned(),
        _ => name.to_uppercase(),
    }
}

/// Writes a command line; each flag with its value is one piece that stays on a line if it fits.
pub(crate) fn command_line(html: &mut Html, callable: &Callable) {
    html.text(&format!("hamlet call {} {}", callable.plugin, callable.function.name));
    for (name, ty) in flags(&callable.function) {
        html.markup(" <span class=\"piece\">--").text(name).markup(" <var>").text(&placeholder(name, ty));
        html.markup("</var></span>");
    }
}

/// The same over HTTP, of a query.
pub(crate) fn curl(callable: &Callable, address: &str) -> String {
    let params = callable.function.params.iter().filter(|param| !param.ty.is_option());
    // The quotes of a shell are around the whole address already.
    let value = |name: &str, ty: &Type| placeholder(name, ty).replace('\'', "");
    let params: Vec<_> =
        params.map(|param| format!("{}={}", param.name, value(&param.name, &param.ty))).collect();
    let mark = if params.is_empty() { "" } else { "?" };
    format!(
        "curl -H 'Authorization: Bearer TOKEN' '{address}/api/{}{mark}{}'",
        path_of(callable),
        params.join("&")
    )
}
