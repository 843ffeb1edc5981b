//! The body of an operation, from its examples or made to fit its schema.

use super::body::Body;
use super::conceal::Conceal;
use super::gate::Entry;
use super::multipart::{self, Part};
use super::parameter::Parameter;
use super::schema::{self, Sampler};
use super::text::Text;
use super::tree::{self, Tree};

/// Adds the body a request of this operation has.
pub(super) fn apply<'a>(
    root: &'a Tree,
    operation: &'a Tree,
    parameters: &[Parameter<'a>],
    entry: &mut Entry,
    conceal: &mut Conceal,
) {
    if let Some(request) = operation.get("requestBody").and_then(|body| schema::resolve(root, body))
    {
        let unusual = entry.method == "GET" || entry.method == "HEAD";
        if unusual && !request.is_true("required") {
            return;
        }
        let media = request.get("content").and_then(Tree::table);
        let preferred = |kind: &&String| rank(kind);
        let Some(kind) = media.and_then(|media| media.keys().min_by_key(preferred)) else { return };
        let Some(media) = media.and_then(|media| media.get(kind)) else { return };
        let given = schema::example(root, media).cloned();
        let value = given.or_else(|| Sampler::new(root).value(media.get("schema")?));
        let files = Files::of(root, media.get("schema"));
        set(entry, kind, value, &files, conceal);
        return;
    }
    swagger(root, operation, parameters, entry, conceal);
}

/// Swagger 2.0 has bodies and forms among the parameters.
fn swagger<'a>(
    root: &'a Tree,
    operation: &'a Tree,
    parameters: &[Parameter<'a>],
    entry: &mut Entry,
    conceal: &mut Conceal,
) {
    let consumes = operation.get("consumes").or_else(|| root.get("consumes"));
    let consumes: Vec<&str> =
        consumes.map_or(&[][..], Tree::items).iter().filter_map(Tree::text).collect();
    let kind = consumes.iter().min_by_key(|kind| rank(kind)).copied();
    if let Some(body) = parameters.iter().find(|known| known.place == "body") {
        let value = Sampler::new(root).value(body.schema());
        set(entry, kind.unwrap_or("application/json"), value, &Files::default(), conceal);
        return;
    }
    let fields = parameters.iter().filter(|known| known.place == "formData");
    let fields: Vec<&Parameter<'a>> = fields.collect();
    let needed = fields.iter().any(|field| field.required());
    let mut table = indexmap::IndexMap::new();
    let mut files = Files::default();
    for field in fields.into_iter().filter(|field| field.required() || !needed) {
        if field.node.text_of("type") == Some("file") {
            files.names.push(field.name);
        }
        let value = Sampler::new(root).value(field.node).unwrap_or(Tree::Null);
        table.insert(field.name.to_owned(), value);
    }
    if !table.is_empty() {
        let form = "application/x-www-form-urlencoded";
        let several = kind.is_some_and(|kind| kind.starts_with("multipart/"));
        let kind = if several || !files.names.is_empty() { "multipart/form-data" } else { form };
        set(entry, kind, Some(Tree::Table(table)), &files, conceal);
    }
}

/// The fields of a form that are files.
#[derive(Default)]
struct Files<'a> {
    names: Vec<&'a str>,
}

impl<'a> Files<'a> {
    fn of(root: &'a Tree, schema: Option<&'a Tree>) -> Self {
        let schema = schema.and_then(|schema| schema::resolve(root, schema));
        let properties = schema.and_then(|schema| schema.get("properties")).and_then(Tree::table);
        let is_file = |(_, node): &(&String, &Tree)| {
            let node = schema::resolve(root, node).unwrap_or(node);
            let node = node.get("items").unwrap_or(node);
            node.text_of("format") == Some("binary")
                || node.text_of("contentMediaType") == Some("application/octet-stream")
        };
        let names = properties.into_iter().flatten().filter(is_file);
        Self { names: names.map(|(name, _)| name.as_str()).collect() }
    }
}

/// JSON before forms, forms before the rest.
fn rank(kind: &str) -> u8 {
    if is_json(kind) {
        u8::from(!kind.starts_with("application/json"))
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        2
    } else if kind.starts_with("multipart/") {
        3
    } else if kind.starts_with("text/") {
        4
    } else {
        5
    }
}

/// Whether a content type is JSON, by name or by suffix (RFC 6839).
pub(super) fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.ends_with("/json") || kind.ends_with("+json") || kind == "*/*"
}

fn set(
    entry: &mut Entry,
    kind: &str,
    value: Option<Tree>,
    files: &Files<'_>,
    conceal: &mut Conceal,
) {
    let bare = kind.split(';').next().unwrap_or_default().trim();
    let Some(value) = value else {
        missing(entry, bare);
        return;
    };
    if is_json(kind) {
        let inner = value.text().and_then(|text| tree::json(text).ok());
        let value = inner.filter(|inner| inner.table().is_some()).unwrap_or(value);
        entry.body = Body::Json(conceal.json(&value));
        if bare != "application/json" && bare != "*/*" {
            entry.header("content-type", Text::plain(bare));
        }
    } else if let (true, Some(table)) = (rank(kind) <= 3, value.table()) {
        let fields = table.iter().flat_map(|(name, value)| fields(name, value));
        if kind.starts_with("multipart/") {
            let part = |(name, value): (String, String)| {
                let file = files.names.contains(&name.as_str());
                Part { name, value: (!file).then(|| Text::plain(value)) }
            };
            let (body, left) = multipart::body(fields.map(part).collect(), conceal);
            entry.body = body;
            if left > 0 {
                entry.remark = Some("its files are not sent".to_owned());
            }
        } else {
            let mut field = |(name, value): (String, String)| {
                let value = conceal.field(&name, Text::plain(value));
                (name, value)
            };
            entry.body = Body::Form(fields.map(&mut field).collect());
        }
    } else if let (4.., Some(text)) = (rank(kind), value.scalar()) {
        let text = conceal.free(&text);
        entry.body = Body::Plain { text, content_type: Some(bare.to_owned()) };
    } else {
        missing(entry, bare);
    }
}

fn missing(entry: &mut Entry, kind: &str) {
    entry.remark = Some(format!("a body of {kind} is asked for, and there is no example of one"));
}

/// A field of a form as text; a list repeats its name.
fn fields(name: &str, value: &Tree) -> Vec<(String, String)> {
    if let Some(items) = value.list() {
        let texts = items.iter().take(20).filter_map(Tree::scalar);
        return texts.map(|text| (name.to_owned(), text)).collect();
    }
    vec![(name.to_owned(), value.scalar().unwrap_or_default())]
}
