//! `/api/openapi.json`: OpenAPI 3.1 of all that can be called, with the words of the WIT.
//!
//! Made from one catalogue and kept until the next. It describes every function, also those that
//! the reader may not call; what it says of access is for people, the kernel decides.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use hamlet_bundle::{Access, Kind};
use hamlet_kernel::{Callable, Catalogue};
use hamlet_reflect::json::Schemas;
use hamlet_reflect::{Function, Shape, Type};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::front::Here;
use crate::refusal::{path_of, status_of};
use crate::sentence::{cases, sentence};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const COMPONENTS: &str = "#/components/schemas/";

pub(crate) async fn openapi(Extension(here): Extension<Here>) -> Response {
    let catalogue = here.state.kernel.catalogue();
    let document = here.state.openapi.get(catalogue.generation, || {
        serde_json::to_vec(&document(&here.state.name, &catalogue)).unwrap_or_default()
    });
    ([(CONTENT_TYPE, JSON)], document).into_response()
}

fn document(community: &str, catalogue: &Catalogue) -> Value {
    let mut schemas = Schemas::new(COMPONENTS);
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for plugin in catalogue.plugins.values() {
        for interface in &plugin.interfaces {
            let name = format!("{}/{}@{}", plugin.name, interface.short, interface.version);
            tags.push(json!({ "name": name, "description": interface.docs }));
        }
        for callable in &plugin.functions {
            paths.insert(format!("/api/{}", path_of(callable)), path(callable, &mut schemas));
        }
    }
    paths.insert("/api/batch".to_owned(), batch());
    paths.extend(crate::proofs::paths());
    paths.insert("/api/blobs".to_owned(), crate::blobs::path());
    let mut components = schemas.into_components();
    // `hamlet-` keeps clear of names from WIT, which have a package in front.
    components.insert("hamlet-problem".to_owned(), problem_schema());
    components.insert("hamlet-batch".to_owned(), batch_schema());
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": community,
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "What can be asked and changed in this community.",
            "description": INTRODUCTION,
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": parameters(),
            "headers": {
                "sequence": {
                    "description": "The batch that the answer stands on. Give it with a query to read your own write.",
                    "schema": { "type": "string", "pattern": "^[0-9]+$" },
                },
                "receipt": {
                    "description": "Of a command that was kept: its batch and its place in it, for `/api/proofs/receipt`.",
                    "schema": { "type": "string", "pattern": "^[0-9]+/[0-9]+$" },
                },
                "checkpoint": {
                    "description": "Of a command that was kept: a signed checkpoint of the last seconds, in base64. Keep the newest.",
                    "schema": { "type": "string", "contentEncoding": "base64" },
                },
            },
            "responses": { "problem": problem_response("Refused, or failed; `type` says why.", &[]) },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "A token that `host/tokens` made." },
            },
        },
    })
}

const INTRODUCTION: &str = "A call is a transaction: an answer that is no problem is on disk, a problem changed \
nothing. Names are those of the WIT interfaces; 64-bit integers are strings in answers and either form in \
arguments; ids are 32 hex digits; an option that is not there is left out. Problems are RFC 9457 documents whose \
`type` names the case.";

fn path(callable: &Callable, schemas: &mut Schemas) -> Value {
    let mut item = Map::new();
    if callable.rule.kind == Kind::Query {
        let mut get = operation(callable, schemas, "get");
        get.insert("parameters".into(), query_parameters(&callable.function, schemas));
        item.insert("get".into(), get.into());
    }
    let mut post = operation(callable, schemas, "post");
    let mut headers = vec![reference("parameters/dry-run")];
    if callable.rule.kind == Kind::Command {
        headers.extend([reference("parameters/idempotency-key"), reference("parameters/confirm")]);
    } else {
        headers = vec![reference("parameters/sequence")];
    }
    post.insert("parameters".into(), headers.into());
    let required = callable.function.params.iter().any(|param| !param.ty.is_option());
    let schema = schemas.arguments(&callable.function);
    post.insert(
        "requestBody".into(),
        json!({ "required": required, "content": { "application/json": { "schema": schema } } }),
    );
    item.insert("post".into(), post.into());
    item.into()
}

fn operation(callable: &Callable, schemas: &mut Schemas, method: &str) -> Map<String, Value> {
    let function = &callable.function;
    let mut operation = Map::new();
    let path = path_of(callable);
    let interface = path.rsplit_once('/').map_or(path.as_str(), |(interface, _)| interface);
    operation.insert("tags".into(), json!([interface]));
    operation.insert("operationId".into(), format!("{method}:{path}").into());
    operation.insert("summary".into(), sentence(&function.docs).into());
    let description = format!("{}\n\n{}", function.docs, access(&callable.rule.access));
    operation.insert("description".into(), description.trim().into());
    operation.insert("responses".into(), responses(callable, schemas));
    if callable.rule.access.contains(&Access::Public) {
        operation.insert("security".into(), json!([{}, { "bearer": [] }]));
    }
    operation
}

/// The answer, the cases of the function's own error by their status, and everything else.
fn responses(callable: &Callable, schemas: &mut Schemas) -> Value {
    let (ok, error) = match &callable.function.result {
        Some(Type::Result { ok, err }) => (ok.as_deref(), err.as_deref()),
        other => (other.as_ref(), None),
    };
    let schema = ok.map_or_else(|| json!({ "type": "null" }), |ty| schemas.of(ty));
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({
            "description": "Done.",
            "headers": {
                "Hamlet-Sequence": reference("headers/sequence"),
                "Hamlet-Receipt": reference("headers/receipt"),
                "Hamlet-Checkpoint": reference("headers/checkpoint"),
            },
            "content": { "application/json": { "schema": schema } },
        }),
    );
    let mut by_status: BTreeMap<u16, Vec<(&str, &str)>> = BTreeMap::new();
    for (case, docs, _) in error.map(cases).unwrap_or_default() {
        by_status.entry(status_of(case).as_u16()).or_default().push((case, docs));
    }
    for (status, cases) in by_status {
        let mut description = String::from("The function refused:\n");
        for (case, docs) in &cases {
            // Writing into a `String` cannot fail.
            let _ = write!(description, "\n- `{case}`: {}", sentence(docs));
        }
        let cases: Vec<&str> = cases.iter().map(|(case, _)| *case).collect();
        responses.insert(status.to_string(), problem_response(&description, &cases));
    }
    responses.insert("default".into(), reference("responses/problem"));
    responses.into()
}

fn problem_response(description: &str, cases: &[&str]) -> Value {
    let mut schema = json!({ "$ref": format!("{COMPONENTS}hamlet-problem") });
    if !cases.is_empty() {
        let case = json!({ "properties": { "case": { "enum": cases } } });
        schema = json!({ "allOf": [schema, case] });
    }
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
}

/// Query-string parameters: what is simple is itself, the rest is JSON in a string.
fn query_parameters(function: &Function, schemas: &mut Schemas) -> Value {
    let mut parameters = vec![reference("parameters/sequence")];
    for param in &function.params {
        let (inner, required) = match &param.ty {
            Type::Option(inner) => (inner.as_ref(), false),
            ty => (ty, true),
        };
        let schema = schemas.of(inner);
        let mut parameter = json!({ "name": param.name, "in": "query", "required": required });
        if let Some(parameter) = parameter.as_object_mut() {
            if is_simple(inner) {
                parameter.insert("schema".into(), schema);
            } else {
                parameter.insert("content".into(), json!({ "application/json": { "schema": schema } }));
            }
        }
        parameters.push(parameter);
    }
    parameters.into()
}

fn is_simple(ty: &Type) -> bool {
    match ty {
        Type::List(_) | Type::Option(_) | Type::Result { .. } | Type::Tuple(_) => false,
        Type::Named(named) => matches!(named.shape, Shape::Enum(_)),
        _ => true,
    }
}

fn access(access: &[Access]) -> String {
    let words = access.iter().map(|access| match access {
        Access::Group(group) => format!("group:{group}"),
        other => format!("{other:?}").to_lowercase(),
    });
    format!("Admits: {}.", words.collect::<Vec<_>>().join(", "))
}

fn reference(path: &str) -> Value {
    json!({ "$ref": format!("#/components/{path}") })
}

fn parameters() -> Value {
    json!({
        "idempotency-key": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A UUIDv7. The same key with the same arguments gives the same answer and is run once; kept for 7 days.",
            "schema": { "type": "string", "format": "uuid" },
        },
        "confirm": {
            "name": "Hamlet-Confirm", "in": "header", "required": false,
            "description": "The code of a `confirmation-needed` problem: yes to exactly these needs, once.",
            "schema": { "type": "string" },
        },
        "dry-run": {
            "name": "Hamlet-Dry-Run", "in": "header", "required": false,
            "description": "`1`: say what would happen (result, events, needs) and keep nothing of it.",
            "schema": { "type": "string", "enum": ["1"] },
        },
        "sequence": {
            "name": "Hamlet-Sequence", "in": "header", "required": false,
            "description": "Wait until the state has this batch: the number from an earlier answer. \
                One that is far ahead of the newest is refused at once as `sequence-unknown`.",
            "schema": { "type": "string", "pattern": "^[0-9]+$" },
        },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Its last part names the case." },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "A sentence for people." },
            "case": { "type": "string", "description": "The case of the function's own error." },
            "value": { "description": "What came with the case." },
            "needs": { "type": "array", "items": { "type": "object" }, "description": "What is to be confirmed." },
            "code": { "type": "string", "description": "Confirms exactly `needs`, once, as `Hamlet-Confirm`." },
            "path": { "type": "string", "description": "Where in the body something is wrong." },
            "index": { "type": "integer", "description": "Of a batch: which call." },
        },
    })
}

fn batch() -> Value {
    json!({ "post": {
        "operationId": "post:batch",
        "summary": "Many calls in one request.",
        "description": "`each`: every call is its own transaction; `all`: one transaction, all or none.",
        "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "$ref": format!("{COMPONENTS}hamlet-batch") },
        } } },
        "responses": {
            "200": { "description": "An answer for each call, in order.", "content": { "application/json": { "schema": {
                "type": "object", "required": ["answers"],
                "properties": { "answers": { "type": "array", "items": {
                    "oneOf": [
                        { "type": "object", "required": ["ok"], "properties": { "ok": {} } },
                        { "type": "object", "required": ["problem"], "properties": {
                            "problem": { "$ref": format!("{COMPONENTS}hamlet-problem") },
                        } },
                    ],
                } } },
            } } } },
            "default": reference("responses/problem"),
        },
    } })
}

fn batch_schema() -> Value {
    json!({
        "type": "object", "required": ["mode", "calls"], "additionalProperties": false,
        "properties": {
            "mode": { "type": "string", "enum": ["each", "all"] },
            "calls": { "type": "array", "maxItems": crate::batch::CALLS_MAX, "items": {
                "type": "object", "required": ["plugin", "interface", "function"], "additionalProperties": false,
                "properties": {
                    "plugin": { "type": "string" },
                    "interface": { "type": "string", "description": "With version: `stall@0.1.0`." },
                    "function": { "type": "string" },
                    "arguments": { "type": "object" },
                    "idempotency-key": { "type": "string", "format": "uuid" },
                },
            } },
        },
    })
}
