//! A value that fits a JSON Schema, made without chance: examples first, then what the types say.

use indexmap::IndexMap;

use super::tree::Tree;

/// How deep a made value may be.
const MAX_DEPTH: usize = 12;
/// How many values one body may have.
const MAX_VALUES: usize = 2_000;
/// How many references in a row lead somewhere.
const MAX_HOPS: usize = 16;

/// Follows `$ref` inside a file; `None` where it leads nowhere, in a circle or out of the file.
pub(super) fn resolve<'a>(root: &'a Tree, node: &'a Tree) -> Option<&'a Tree> {
    let mut here = node;
    for _ in 0..MAX_HOPS {
        let Some(pointer) = here.text_of("$ref") else { return Some(here) };
        here = find(root, pointer)?;
    }
    None
}

/// Follows a JSON pointer in a URI fragment (RFC 6901, section 6).
fn find<'a>(root: &'a Tree, pointer: &str) -> Option<&'a Tree> {
    let path = pointer.strip_prefix('#')?;
    let mut here = root;
    for part in path.split('/').skip(1) {
        let name = super::address::decoded(part).replace("~1", "/").replace("~0", "~");
        here = match here.list() {
            Some(items) => items.get(name.parse::<usize>().ok()?)?,
            None => here.get(&name)?,
        };
    }
    Some(here)
}

/// The example beside or inside a schema, a parameter or a media type.
pub(super) fn example<'a>(root: &'a Tree, node: &'a Tree) -> Option<&'a Tree> {
    if let Some(example) = node.get("example").or_else(|| node.get("x-example")) {
        return resolve(root, example);
    }
    let examples = node.get("examples")?;
    if let Some(items) = examples.list() {
        return items.first();
    }
    let first = resolve(root, examples.table()?.values().next()?)?;
    // The table should hold example objects; Swagger 2.0 and many hands put the value itself there.
    if first.get("externalValue").is_some() {
        None
    } else {
        Some(first.get("value").unwrap_or(first))
    }
}

/// Makes values for schemas of one file.
pub(super) struct Sampler<'a> {
    root: &'a Tree,
    // The references on the way to where we are: one that comes again is a circle.
    trail: Vec<&'a str>,
    left: usize,
}

impl<'a> Sampler<'a> {
    /// Makes values for one body.
    pub(super) fn new(root: &'a Tree) -> Self {
        Self { root, trail: Vec::new(), left: MAX_VALUES }
    }

    /// A value that fits; `None` where the schema goes round in circles or too deep.
    pub(super) fn value(&mut self, schema: &'a Tree) -> Option<Tree> {
        self.at(schema, 0)
    }

    fn at(&mut self, schema: &'a Tree, depth: usize) -> Option<Tree> {
        self.left = self.left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(given) = self.given(schema) {
            return Some(given);
        }
        if let Some(pointer) = schema.text_of("$ref") {
            if self.trail.contains(&pointer) || self.trail.len() > 3 * MAX_DEPTH {
                return None;
            }
            self.trail.push(pointer);
            let value = find(self.root, pointer).and_then(|next| self.at(next, depth));
            self.trail.pop();
            return value;
        }
        self.composed(schema, depth)
    }

    /// What the schema itself offers as a value.
    fn given(&self, schema: &'a Tree) -> Option<Tree> {
        if let Some(example) = example(self.root, schema) {
            return Some(example.clone());
        }
        if let Some(fixed) = schema.get("const").or_else(|| schema.get("default")) {
            let hollow = *fixed == Tree::Null;
            return (!hollow).then(|| fixed.clone());
        }
        schema.items_of("enum").iter().find(|value| **value != Tree::Null).cloned()
    }

    fn composed(&mut self, schema: &'a Tree, depth: usize) -> Option<Tree> {
        let all = schema.items_of("allOf");
        if !all.is_empty() {
            let mut whole = None;
            for part in all {
                whole = Some(merged(whole, self.at(part, depth + 1)?));
            }
            if schema.get("properties").is_some() {
                whole = Some(merged(whole, self.object(schema, depth)?));
            }
            return whole;
        }
        for choice in ["oneOf", "anyOf"] {
            let choices = schema.items_of(choice);
            let real = choices.iter().filter(|part| part.text_of("type") != Some("null"));
            for part in real.take(8) {
                if let Some(value) = self.at(part, depth + 1) {
                    let own = schema.get("properties").map(|_| self.object(schema, depth));
                    return Some(told(schema, part, merged(own.flatten(), value)));
                }
            }
            if !choices.is_empty() {
                return None;
            }
        }
        self.plain(schema, depth)
    }

    fn plain(&mut self, schema: &'a Tree, depth: usize) -> Option<Tree> {
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => Some(Tree::Text(string(schema))),
            "integer" => Some(number(schema, true)),
            "number" => Some(number(schema, false)),
            "boolean" => Some(Tree::Bool(true)),
            "null" => Some(Tree::Null),
            _ => Some(Tree::Table(IndexMap::new())),
        }
    }

    /// The required properties; all where none is required. What only answers have is left out.
    fn object(&mut self, schema: &'a Tree, depth: usize) -> Option<Tree> {
        let mut table = IndexMap::new();
        let required: Vec<&str> =
            schema.items_of("required").iter().filter_map(Tree::text).collect();
        let Some(properties) = schema.get("properties").and_then(Tree::table) else {
            return Some(Tree::Table(table));
        };
        for (name, property) in properties {
            let needed = required.contains(&name.as_str());
            let read_only = property.is_true("readOnly")
                || resolve(self.root, property).is_some_and(|real| real.is_true("readOnly"));
            if read_only || !(needed || required.is_empty()) {
                continue;
            }
            match self.at(property, depth + 1) {
                Some(value) => {
                    table.insert(name.clone(), value);
                }
                // A circle through required properties has no value at all.
                None if needed => return None,
                None => {}
            }
        }
        Some(Tree::Table(table))
    }

    fn array(&mut self, schema: &'a Tree, depth: usize) -> Option<Tree> {
        let Some(items) = schema.get("items").filter(|items| items.table().is_some()) else {
            return Some(Tree::List(Vec::new()));
        };
        let least = schema.get("minItems").and_then(Tree::number).unwrap_or(0.0);
        let wanted = if least >= 2.0 { if least >= 3.0 { 3 } else { 2 } } else { 1 };
        let mut values = Vec::new();
        for _ in 0..wanted {
            match self.at(items, depth + 1) {
                Some(value) => values.push(value),
                None if least >= 1.0 => return None,
                None => break,
            }
        }
        Some(Tree::List(values))
    }
}

/// Two parts of one object; where they are none, the later one.
fn merged(first: Option<Tree>, second: Tree) -> Tree {
    match (first, second) {
        (Some(Tree::Table(mut first)), Tree::Table(second)) => {
            first.extend(second);
            Tree::Table(first)
        }
        (Some(first), Tree::Table(second)) if second.is_empty() => first,
        (_, second) => second,
    }
}

/// Sets the property that says which of several schemas a value follows.
fn told(schema: &Tree, chosen: &Tree, value: Tree) -> Tree {
    let property = schema.at(&["discriminator", "propertyName"]).and_then(Tree::text);
    let (Some(property), Some(pointer), Tree::Table(mut table)) =
        (property, chosen.text_of("$ref"), value.clone())
    else {
        return value;
    };
    let mapping = schema.at(&["discriminator", "mapping"]).and_then(Tree::table);
    let name = mapping
        .and_then(|mapping| mapping.iter().find(|(_, to)| to.text() == Some(pointer)))
        .map(|(name, _)| name.as_str())
        .or_else(|| pointer.rsplit('/').next())
        .unwrap_or_default();
    table.insert(property.to_owned(), Tree::Text(name.to_owned()));
    Tree::Table(table)
}

/// The type, guessed where it is not written; of several the first that is not null.
pub(super) fn kind(schema: &Tree) -> &str {
    match schema.get("type") {
        Some(Tree::Text(name)) => name,
        Some(Tree::List(names)) => {
            names.iter().filter_map(Tree::text).find(|name| *name != "null").unwrap_or("null")
        }
        _ if schema.get("items").is_some() => "array",
        _ if schema.get("format").is_some() || schema.get("pattern").is_some() => "string",
        _ => "object",
    }
}

fn string(schema: &Tree) -> String {
    let text = match schema.text_of("format").unwrap_or_default() {
        "date-time" => "2024-01-15T09:30:00Z",
        "date" => "2024-01-15",
        "time" => "09:30:00Z",
        "duration" => "PT1M",
        "decimal" => "1.00",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "email" | "idn-email" => "user@example.com",
        "uri" | "url" | "uri-reference" | "iri" => "https://example.com/",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "bG9hZGdhdGU=",
        "json-pointer" => "/a",
        _ => return sized(schema, "text"),
    };
    text.to_owned()
}

fn sized(schema: &Tree, text: &str) -> String {
    let bound = |name: &str| match schema.get(name) {
        Some(Tree::Number(number)) => number.as_u64().and_then(|long| usize::try_from(long).ok()),
        _ => None,
    };
    let mut sized: String = text.chars().take(bound("maxLength").unwrap_or(usize::MAX)).collect();
    while sized.len() < bound("minLength").unwrap_or(0).min(1_000) {
        sized.push('x');
    }
    sized
}

/// The smallest number that is allowed, or 1.
fn number(schema: &Tree, whole: bool) -> Tree {
    let bound = |name: &str| schema.get(name).and_then(Tree::number);
    let beyond = if whole { 1.0 } else { 0.5 };
    let edge = |name: &str, limit: &str| match schema.get(name) {
        Some(Tree::Bool(true)) => bound(limit),
        _ => bound(name),
    };
    let above = edge("exclusiveMinimum", "minimum").map(|least| least + beyond);
    let below = edge("exclusiveMaximum", "maximum").map(|most| most - beyond);
    let mut value: f64 = 1.0;
    value = value.min(bound("maximum").unwrap_or(value)).min(below.unwrap_or(value));
    value = value.max(bound("minimum").unwrap_or(value)).max(above.unwrap_or(value));
    if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) {
        value = (value / step).ceil() * step;
    }
    if whole {
        value = value.ceil();
    }
    let whole_number = format!("{value:.0}").parse::<i64>().ok().filter(|_| value.fract() == 0.0);
    match whole_number {
        Some(number) => Tree::Number(number.into()),
        None => serde_json::Number::from_f64(value).map_or(Tree::Null, Tree::Number),
    }
}
