//! Values that are sent or compared as JSON, and the fields of a form.

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::reader::{At, Node, Read, Reader, Text};
use super::value::{Dict, OneOrMany, integer, schemas};

/// Any value, as JSON.
#[derive(Clone, Debug)]
pub(super) struct Json {
    /// The value.
    pub(super) value: Value,
    /// The value with its texts as sources of templates.
    pub(super) script: Value,
    /// The texts and keys in it that have places for values.
    pub(super) live: Vec<At<Text>>,
}

/// The values of one field of a form.
#[derive(Clone, Debug)]
pub(super) struct Form(OneOrMany<Scalar>);

/// A string, number or boolean, as text.
#[derive(Clone, Debug)]
struct Scalar {
    value: String,
    script: String,
    live: Vec<At<Text>>,
}

impl Read for Json {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        json(node, reader)
    }
}

impl Json {
    /// A text.
    pub(super) fn of(text: &At<Text>) -> Self {
        let Text { value, script, live, .. } = &text.value;
        let live = live.then(|| text.clone()).into_iter().collect();
        Self { value: value.clone().into(), script: script.clone().into(), live }
    }

    /// An object without members.
    pub(super) fn empty() -> Self {
        Self::fixed(Map::new())
    }

    /// A value that is the same for every user.
    fn fixed(value: impl Into<Value>) -> Self {
        let value = value.into();
        Self { script: value.clone(), value, live: Vec::new() }
    }
}

/// A value as JSON; strings are filled in from the environment, dates become strings.
fn json(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    match node.value.get_ref() {
        DeValue::String(_) => {
            let text = reader.text(node, "a string")?;
            let span = node.value.span();
            reader.warn_of_token(&text.template, &span);
            let (value, script) = (text.value.clone().into(), text.script.clone().into());
            let live = text.live.then_some(At { value: text, span }).into_iter().collect();
            Some(Json { value, script, live })
        }
        DeValue::Integer(number) => {
            let read = integer(number);
            if read.is_none() {
                reader.bad(node, "is too large a number", None);
            }
            read.map(Json::fixed)
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            if read.is_none() {
                reader.bad(node, "is not a number that JSON has", None);
            }
            read.map(|number| Json::fixed(Value::Number(number)))
        }
        DeValue::Boolean(flag) => Some(Json::fixed(*flag)),
        DeValue::Datetime(date) => Some(Json::fixed(date.to_string())),
        DeValue::Array(array) => {
            let all: Vec<_> =
                array.iter().map(|value| json(Node { key: node.key, value }, reader)).collect();
            let all = all.into_iter().collect::<Option<Vec<Json>>>()?;
            let mut live = Vec::new();
            let both = all.into_iter().map(|item| {
                live.extend(item.live);
                (item.value, item.script)
            });
            let (value, script): (Vec<_>, Vec<_>) = both.unzip();
            Some(Json { value: value.into(), script: script.into(), live })
        }
        DeValue::Table(table) => object(table, reader),
    }
}

fn object(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let (mut value, mut script) = (Map::new(), Map::new());
    let (mut live, mut whole) = (Vec::new(), true);
    for (key, inner) in entries {
        let (name, text) = (key.get_ref(), Text::plain(key.get_ref()));
        if text.live {
            live.push(At { value: text, span: key.span() });
        }
        let Some(read) = json(Node { key: name, value: inner }, reader) else {
            whole = false;
            continue;
        };
        value.insert(name.to_string(), read.value);
        script.insert(name.to_string(), read.script);
        live.extend(read.live);
    }
    whole.then(|| Json { value: value.into(), script: script.into(), live })
}

impl Read for Scalar {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Json { value, script, live } = json(node, reader)?;
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let Some((value, script)) = text(value).zip(text(script)) else {
            reader.wrong_type(node, "a string, number or boolean", None);
            return None;
        };
        Some(Self { value, script, live })
    }
}

impl Read for Form {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        OneOrMany::read(node, reader).map(Self)
    }
}

/// The fields as `application/x-www-form-urlencoded` has them.
pub(super) fn encode(form: &Dict<Form>) -> String {
    let fields = form.0.iter().flat_map(|(key, field)| {
        let values = field.value.0.0.iter();
        values.map(|at| format!("{}={}", percent(&key.value), percent(&at.value.value)))
    });
    fields.collect::<Vec<_>>().join("&")
}

/// Names and values of the fields, as sources of templates.
pub(super) fn fields(form: &Dict<Form>) -> Vec<(String, String)> {
    let fields = form.0.iter().flat_map(|(key, field)| {
        let values = field.value.0.0.iter();
        values.map(|at| (key.value.clone(), at.value.script.clone()))
    });
    fields.collect()
}

/// The texts and names of a form that have places for values.
pub(super) fn live_texts(form: &Dict<Form>) -> Vec<At<Text>> {
    let mut live = Vec::new();
    for (key, field) in &form.0 {
        let name = Text::plain(&key.value);
        if name.live {
            live.push(At { value: name, span: key.span.clone() });
        }
        live.extend(field.value.0.0.iter().flat_map(|at| at.value.live.iter().cloned()));
    }
    live
}

/// URL Standard, `application/x-www-form-urlencoded` percent-encode set; a space is a plus.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => write!(out, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    out
}

schemas! {
    Json, |_generator| json_schema!(true);
    Scalar, |_generator| json_schema!({ "type": ["string", "number", "boolean"] });
    Form, |generator| generator.subschema_for::<OneOrMany<Scalar>>();
}
