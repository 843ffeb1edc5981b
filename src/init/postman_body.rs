//! The body of a Postman request: raw, a form, several parts, or GraphQL.

use indexmap::IndexMap;

use super::body::Body;
use super::conceal::Conceal;
use super::gate::{Entry, Notes};
use super::multipart::{self, Part};
use super::text::Text;
use super::tree::{self, Tree};
use super::value::Value;
use super::variables::Variables;

/// Adds the body of a request.
pub(super) fn apply(
    entry: &mut Entry,
    body: &Tree,
    variables: &Variables,
    conceal: &mut Conceal,
    notes: &mut Notes,
) {
    if body.is_true("disabled") {
        return;
    }
    match body.text_of("mode").unwrap_or_default() {
        "raw" => raw(entry, body, variables, conceal, notes),
        "urlencoded" => {
            entry.headers.retain(|(name, _)| name != "content-type");
            let parts = parts(body.get("urlencoded"), variables, conceal, notes);
            let field = |part: Part| {
                let value = conceal.field(&part.name, part.value?);
                Some((part.name, value))
            };
            entry.body = Body::Form(parts.into_iter().filter_map(field).collect());
        }
        "formdata" => {
            entry.headers.retain(|(name, _)| name != "content-type");
            let parts = parts(body.get("formdata"), variables, conceal, notes);
            let (body, files) = multipart::body(parts, conceal);
            entry.body = body;
            if files > 0 {
                let name = super::quote::comment(&entry.name, 80);
                notes.add(format!("`{name}` is sent without its files"));
            }
        }
        "graphql" => graphql(entry, body.get("graphql"), variables, conceal, notes),
        "file" => {
            let name = super::quote::comment(&entry.name, 80);
            notes.add(format!("`{name}` is sent without its body, which is a file"));
        }
        _ => {}
    }
}

fn raw(
    entry: &mut Entry,
    body: &Tree,
    variables: &Variables,
    conceal: &mut Conceal,
    notes: &mut Notes,
) {
    let text = variables.filled(body.text_of("raw").unwrap_or_default());
    if text.trim().is_empty() {
        return;
    }
    let language = body.at(&["options", "raw", "language"]).and_then(Tree::text);
    let own_type = entry.headers.iter().find(|(name, _)| name == "content-type");
    let own_type = own_type.map(|(_, kind)| super::quote::spelled(kind).to_ascii_lowercase());
    let other = own_type.as_ref().is_some_and(|kind| !super::payload::is_json(kind));
    let json = if other { None } else { tree::json(&text).ok() };
    if let Some(json) = json.filter(|json| json.table().is_some() || !json.items().is_empty()) {
        let mut value = conceal.json(&json);
        fill(&mut value, &mut |plain| variables.text(plain, conceal, notes));
        entry.body = Body::Json(value);
        if own_type.as_deref() == Some("application/json") {
            entry.headers.retain(|(name, _)| name != "content-type");
        }
        return;
    }
    let kind = match language {
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("html") => "text/html",
        Some("javascript") => "application/javascript",
        Some(_) | None => "text/plain",
    };
    let open = variables.text(&text, conceal, notes).map_plain(|plain| conceal.free(plain));
    let content_type = own_type.is_none().then(|| kind.to_owned());
    entry.body = Body::Plain { text: open, content_type };
}

/// Replaces every plain text of a value.
fn fill(value: &mut Value, change: &mut impl FnMut(&str) -> Text) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Bare(_) => {}
        Value::Text(text) => *text = std::mem::take(text).map_plain(&mut *change),
        Value::List(items) => items.iter_mut().for_each(|item| fill(item, change)),
        Value::Table(fields) => fields.iter_mut().for_each(|(_, value)| fill(value, change)),
    }
}

fn parts(
    list: Option<&Tree>,
    variables: &Variables,
    conceal: &mut Conceal,
    notes: &mut Notes,
) -> Vec<Part> {
    let mut all = Vec::new();
    if let Some(text) = list.and_then(Tree::text) {
        for (name, value) in super::address::pairs(&variables.filled(text)) {
            let value = variables.text(&value.unwrap_or_default(), conceal, notes);
            all.push(Part { name, value: Some(value) });
        }
    }
    for node in list.map_or(&[][..], Tree::items) {
        let Some(name) = node.text_of("key").filter(|_| !node.is_true("disabled")) else {
            continue;
        };
        let file = node.text_of("type") == Some("file");
        let value = node.get("value").and_then(Tree::scalar).unwrap_or_default();
        let value = (!file).then(|| variables.text(&value, conceal, notes));
        all.push(Part { name: variables.filled(name), value });
    }
    all
}

fn graphql(
    entry: &mut Entry,
    body: Option<&Tree>,
    variables: &Variables,
    conceal: &mut Conceal,
    notes: &mut Notes,
) {
    let mut table = IndexMap::new();
    let query = body.and_then(|body| body.text_of("query")).unwrap_or_default();
    table.insert("query".to_owned(), Tree::Text(variables.filled(query)));
    let given = body.and_then(|body| body.get("variables"));
    let given = match given.and_then(Tree::text) {
        Some(text) => tree::json(&variables.filled(text)).ok(),
        None => given.cloned(),
    };
    if let Some(given) = given.filter(|given| given.table().is_some_and(|table| !table.is_empty()))
    {
        table.insert("variables".to_owned(), given);
    }
    if let Some(name) =
        body.and_then(|body| body.get("operationName")).filter(|n| n.text().is_some())
    {
        table.insert("operationName".to_owned(), name.clone());
    }
    let mut value = conceal.json(&Tree::Table(table));
    fill(&mut value, &mut |plain| variables.text(plain, conceal, notes));
    entry.body = Body::Json(value);
    entry.headers.retain(|(name, _)| name != "content-type");
}
