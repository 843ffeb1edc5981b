//! Values that are sent or compared as JSON, and the fields of a form.

use std::borrow::Cow;
use std::fmt::Write as _;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use toml::de::DeValue;

use super::reader::{At, Node, Read, Reader};
use super::value::{Dict, OneOrMany, integer, schemas};

/// Any value, as JSON.
#[derive(Clone, Debug)]
pub(super) struct Json(pub(super) Value);

/// The values of one field of a form.
#[derive(Clone, Debug)]
pub(super) struct Form(OneOrMany<Scalar>);

/// A string, number or boolean, as text.
#[derive(Clone, Debug)]
struct Scalar(String);

impl Read for Json {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        json(node, reader).map(Self)
    }
}

/// A value as JSON; strings are filled in from the environment, dates become strings.
fn json(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Value> {
    match node.value.get_ref() {
        DeValue::String(_) => {
            let text = reader.text(node, "a string")?;
            reader.warn_of_token(&text.template, &node.value.span());
            Some(text.value.into())
        }
        DeValue::Integer(number) => {
            let read = integer(number);
            if read.is_none() {
                reader.bad(node, "is too large a number", None);
            }
            read.map(Value::from)
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            if read.is_none() {
                reader.bad(node, "is not a number that JSON has", None);
            }
            read.map(Value::Number)
        }
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::Datetime(date) => Some(date.to_string().into()),
        DeValue::Array(array) => {
            let all: Vec<_> =
                array.iter().map(|value| json(Node { key: node.key, value }, reader)).collect();
            all.into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
        }
        DeValue::Table(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by_key(|(key, _)| key.span().start);
            let all: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| {
                    let name = key.get_ref();
                    json(Node { key: name, value }, reader).map(|value| (name.to_string(), value))
                })
                .collect();
            all.into_iter().collect::<Option<_>>().map(Value::Object)
        }
    }
}

impl Read for Scalar {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match json(node, reader)? {
            Value::String(text) => Some(Self(text)),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(Self(value.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                reader.wrong_type(node, "a string, number or boolean", None);
                None
            }
        }
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
        field
            .value
            .0
            .0
            .iter()
            .map(|At { value, .. }| format!("{}={}", percent(&key.value), percent(&value.0)))
    });
    fields.collect::<Vec<_>>().join("&")
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
