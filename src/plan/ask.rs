//! Expectations on an answer as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::json::Json;
use super::reader::{At, Node, Read, Reader, Text, nearest, table};
use super::value::{Dict, Flag, OneOrMany, integer, schemas};
use super::{HeaderRule, JsonRule};
use crate::metric::StatusRange;
use crate::script::code::{CODES, Code};

/// A status or a class of them: `200`, `"2xx"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatusAsk(pub(super) StatusRange);

/// Text that a body contains: plain, or `{ contains = … }`.
#[derive(Clone, Debug)]
pub(super) struct BodyAsk(pub(super) Vec<At<Text>>);

/// A status code of gRPC, by name: `"NOT_FOUND"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeAsk(pub(super) Code);

/// What a header must be.
#[derive(Clone, Debug)]
pub(super) struct HeaderAsk {
    pub(super) rule: HeaderRule,
    /// The text that is asked for, as it is written.
    pub(super) text: Option<At<Text>>,
}

/// What the nodes of a JSON path must be.
#[derive(Clone, Debug)]
pub(super) struct JsonAsk {
    pub(super) rule: JsonRule,
    /// The value that is asked for, as it is written.
    pub(super) json: Option<Json>,
}

table! {
    /// Texts that the body contains.
    Contains as "`{ contains = \"text\" }`" {
        /// A text, or a list of texts that must all be there.
        contains (required): OneOrMany<Text>,
    }
}

table! {
    /// What a header must be.
    HeaderTable as "`{ contains = \"text\" }` or `{ present = true }`" {
        /// The header is there, with this text in its value.
        contains: Text,
        /// The header is there.
        present: Flag,
    }
}

table! {
    /// What a value must be.
    EqualsTable as "`{ equals = … }`" {
        /// The value itself, of any kind.
        equals (required): Json,
    }
}

table! {
    /// What makes an answer good. Without `status`, every status below 400 is.
    Expect as "`expect = { status = 200 }`" {
        /// Statuses that are good: 200, "2xx", or a list of them.
        status: OneOrMany<StatusAsk>,
        /// Text that the body contains.
        body: BodyAsk,
        /// What headers must be, by name.
        header: Dict<HeaderAsk>,
        /// What values in a JSON body, or in the message of a gRPC answer, must be, by JSON path.
        json: Dict<JsonAsk>,
        /// Status codes of gRPC that are good, by name. Default: OK.
        grpc: OneOrMany<CodeAsk>,
    }
}

impl Read for StatusAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let range = match node.value.get_ref() {
            DeValue::Integer(number) => {
                integer(number).and_then(|code| StatusRange::parse(&code.to_string()))
            }
            DeValue::String(_) => StatusRange::parse(&reader.text(node, "a status")?.value),
            DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        if range.is_none() {
            reader.bad(node, "is not a status", "write `200`, `\"2xx\"` or a list".to_owned());
        }
        range.map(Self)
    }
}

impl Read for CodeAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a status code of gRPC such as \"NOT_FOUND\"")?;
        let code = Code::named(&text.value);
        if code.is_none() {
            let hint = match nearest(&text.value.to_uppercase(), &CODES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", CODES.join(", ")),
            };
            reader.bad(node, "is not a status code of gRPC", hint);
        }
        code.map(Self)
    }
}

impl Read for BodyAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let texts = if node.value.get_ref().is_table() {
            Contains::read(node, reader)?.contains.get()?.value.0.clone()
        } else {
            OneOrMany::<Text>::read(node, reader)?.0
        };
        for text in texts.iter().filter(|text| text.value.value.is_empty()) {
            let hint = "every body contains the empty text".to_owned();
            reader.fault(text.span.clone(), format!("`{}` is empty", node.key), hint);
        }
        Some(Self(texts))
    }
}

impl HeaderAsk {
    /// Whether the whole value must be the text.
    pub(super) fn is_whole(&self) -> bool {
        match self.rule {
            HeaderRule::Equals(_) => true,
            HeaderRule::Contains(_) | HeaderRule::Present => false,
        }
    }
}

impl Read for HeaderAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.value.get_ref().is_table() {
            let text = reader.text(node, "a string or a table")?;
            let rule = HeaderRule::Equals(text.value.clone());
            return Some(Self { rule, text: Some(At { value: text, span: node.value.span() }) });
        }
        let table = HeaderTable::read(node, reader)?;
        match (table.contains.get(), table.present.value()) {
            (Some(text), None) => {
                let rule = HeaderRule::Contains(text.value.value.clone());
                Some(Self { rule, text: Some(text.clone()) })
            }
            (None, Some(Flag(true))) => Some(Self { rule: HeaderRule::Present, text: None }),
            (Some(_), Some(_)) | (None, _) => {
                let hint = "write `{ contains = \"text\" }` or `{ present = true }`".to_owned();
                reader.bad(node, "says nothing that can be checked", hint);
                None
            }
        }
    }
}

impl Read for JsonAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let equals = |json: &Json| Self {
            rule: JsonRule::Equals(json.value.clone()),
            json: Some(json.clone()),
        };
        if node.value.get_ref().is_table() {
            return EqualsTable::read(node, reader)?.equals.value().map(equals);
        }
        let literal = Json::read(node, reader)?;
        Some(match literal.value.as_str() {
            Some("present") => Self { rule: JsonRule::Present, json: None },
            Some("not-empty") => Self { rule: JsonRule::NotEmpty, json: None },
            Some(_) | None => equals(&literal),
        })
    }
}

schemas! {
    CodeAsk, |_generator| json_schema!({
        "anyOf": [{ "enum": CODES }, { "type": "string", "pattern": r"\$\{" }],
    });
    StatusAsk, |_generator| json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": 100, "maximum": 599 },
            { "type": "string", "pattern": r"^[1-5]([xX]{2}|[0-9]{2})$|\$\{" },
        ],
    });
    BodyAsk, |generator| json_schema!({
        "anyOf": [
            generator.subschema_for::<OneOrMany<Text>>(),
            generator.subschema_for::<Contains>(),
        ],
    });
    HeaderAsk, |generator| json_schema!({
        "anyOf": [{ "type": "string" }, generator.subschema_for::<HeaderTable>()],
    });
    JsonAsk, |generator| json_schema!({
        "anyOf": [
            { "type": ["string", "number", "boolean", "array"] },
            generator.subschema_for::<EqualsTable>(),
        ],
    });
}
