//! Expectations on an answer as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::bound::{Amount, Number, Size};
use super::json::Json;
use super::reader::{At, Node, Read, Reader, Slot, Text, nearest, table};
use super::rule::JsonType;
use super::value::{Dict, Flag, Lasting, OneOrMany, integer, schemas};
use super::{HeaderRule, JsonRule};
use crate::metric::StatusRange;
use crate::script::code::{CODES, Code};
use crate::script::extract::Pattern;

/// A status or a class of them: `200`, `"2xx"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatusAsk(pub(super) StatusRange);

/// What a body holds: a text, or a table.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyAsk {
    /// Texts that it contains.
    pub(super) contains: Vec<At<Text>>,
    /// Texts that it does not contain.
    pub(super) lacks: Vec<At<Text>>,
    /// Patterns that match in it.
    pub(super) matches: Vec<Pattern>,
}

/// A status code of gRPC, by name: `"NOT_FOUND"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodeAsk(pub(super) Code);

/// What a header must be: each rule, and the text that is asked for, as it is written.
#[derive(Clone, Debug)]
pub(super) struct HeaderAsk(pub(super) Vec<(HeaderRule, Option<At<Text>>)>);

/// What the nodes of a JSON path must be.
#[derive(Clone, Debug)]
pub(super) struct JsonAsk {
    pub(super) rules: Vec<JsonRule>,
    /// The value that is asked for, as it is written.
    pub(super) json: Option<Json>,
    /// It is a text that is also the name of a type.
    pub(super) like_type: bool,
}

/// The name of a type of JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypeAsk(JsonType);

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Regex(Pattern);

table! {
    /// What the body holds.
    BodyTable as "`{ contains = \"text\" }`" {
        /// A text, or a list of texts that must all be there.
        contains: OneOrMany<Text>,
        /// A text, or a list of texts of which none may be there.
        lacks: OneOrMany<Text>,
        /// A pattern, or a list of patterns that must all match somewhere in it.
        regex: OneOrMany<Regex>,
    }
}

table! {
    /// What a header must be.
    HeaderTable as "`{ contains = \"text\" }` or `{ present = true }`" {
        /// The header is there, with exactly this value.
        equals: Text,
        /// The header is there, with this text in its value.
        contains: Text,
        /// The header is there, and this pattern matches in its value.
        regex: Regex,
        /// The header is there.
        present: Flag,
    }
}

table! {
    /// What a value must be; all that is written here holds together.
    ValueTable as "`{ equals = … }`, `{ type = \"string\" }` or `{ count = \">= 3\" }`" {
        /// The value itself, of any kind.
        equals: Json,
        /// The type: string, number, integer, boolean, array, object or null.
        r#type: TypeAsk,
        /// How many items the array there has, such as 3 or ">= 3"; how many members the object.
        /// Of a path that can lead to many values: how many it leads to.
        count: Amount,
        /// The number there, such as "> 0".
        number: Number,
        /// The text there matches this pattern.
        regex: Regex,
    }
}

table! {
    /// What makes an answer good. Without `status`, every status below 400 is.
    Expect as "`expect = { status = 200 }`" {
        /// Statuses that are good: 200, "2xx", or a list of them.
        status: OneOrMany<StatusAsk>,
        /// Text that the body contains, or what else it holds.
        body: BodyAsk,
        /// How large the body is, such as "< 10kB".
        size: Size,
        /// What headers must be, by name.
        header: Dict<HeaderAsk>,
        /// What values in a JSON body, or in the message of a gRPC answer, must be, by JSON path.
        json: Dict<JsonAsk>,
        /// The JSON Schema that a JSON body fits: a file beside the gate file. Its references lead
        /// to places in itself.
        schema: Text,
        /// The answer is there within this time from when the request was due. A later one fails,
        /// and is still read and timed.
        max_time: Lasting,
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

impl Read for Regex {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a pattern such as \"^[0-9]+$\"")?;
        let span = node.value.span();
        match Pattern::parse(&text.value, None) {
            Ok(pattern) => Some(Self(pattern)),
            Err(bad) => {
                reader.fault(span, bad.why, bad.hint);
                None
            }
        }
    }
}

impl Read for TypeAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "the name of a type such as \"string\"")?;
        let names = JsonType::ALL.map(|(name, _)| name);
        let found = JsonType::ALL.into_iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let elsewhere = ELSEWHERE.iter().find(|(theirs, _)| *theirs == text.value);
            let near = elsewhere.map(|(_, ours)| *ours).or_else(|| nearest(&text.value, &names));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", names.join(", ")),
            };
            reader.bad(node, "is not a type of JSON", hint);
        }
        found.map(|(_, kind)| Self(kind))
    }
}

/// What other languages call the types of JSON.
const ELSEWHERE: [(&str, &str); 9] = [
    ("text", "string"),
    ("str", "string"),
    ("int", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("bool", "boolean"),
    ("list", "array"),
    ("map", "object"),
    ("dict", "object"),
];

impl Read for BodyAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let before = reader.faults.len();
        let texts = |slot: &Slot<OneOrMany<Text>>| slot.value().map(|list| list.0.clone());
        let body = if node.value.get_ref().is_table() {
            let table = BodyTable::read(node, reader)?;
            let matches = table.regex.value().into_iter().flat_map(|list| &list.0);
            Self {
                contains: texts(&table.contains).unwrap_or_default(),
                lacks: texts(&table.lacks).unwrap_or_default(),
                matches: matches.map(|regex| regex.value.0.clone()).collect(),
            }
        } else {
            Self { contains: OneOrMany::<Text>::read(node, reader)?.0, ..Self::default() }
        };
        let texts = || body.contains.iter().chain(&body.lacks);
        for text in texts().filter(|text| text.value.value.is_empty()) {
            let hint = "every body contains the empty text".to_owned();
            reader.fault(text.span.clone(), format!("`{}` is empty", node.key), hint);
        }
        if texts().count() + body.matches.len() == 0 && reader.faults.len() == before {
            says_nothing(node, "write `{ contains = \"text\" }`", reader);
        }
        Some(body)
    }
}

/// Tells of a table that asks nothing.
fn says_nothing(node: Node<'_>, hint: &str, reader: &mut Reader<'_>) {
    reader.bad(node, "says nothing that can be checked", hint.to_owned());
}

impl Read for HeaderAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if !node.value.get_ref().is_table() {
            let text = reader.text(node, "a string or a table")?;
            let rule = HeaderRule::Equals(text.value.clone());
            return Some(Self(vec![(rule, Some(At { value: text, span: node.value.span() }))]));
        }
        let before = reader.faults.len();
        let table = HeaderTable::read(node, reader)?;
        let mut rules = Vec::new();
        if table.present.value().is_some_and(|flag| flag.0) {
            rules.push((HeaderRule::Present, None));
        }
        let given = |text: &At<Text>, rule: fn(String) -> HeaderRule| {
            (rule(text.value.value.clone()), Some(text.clone()))
        };
        rules.extend(table.equals.get().map(|text| given(text, HeaderRule::Equals)));
        rules.extend(table.contains.get().map(|text| given(text, HeaderRule::Contains)));
        let regex = table.regex.value();
        rules.extend(regex.map(|regex| (HeaderRule::Matches(regex.0.clone()), None)));
        if rules.is_empty() && reader.faults.len() == before {
            let hint = "write `{ contains = \"text\" }` or `{ present = true }`";
            says_nothing(node, hint, reader);
        }
        (!rules.is_empty()).then_some(Self(rules))
    }
}

impl Read for JsonAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let equals = |json: &Json| JsonRule::Equals(json.value.clone());
        if node.value.get_ref().is_table() {
            let before = reader.faults.len();
            let table = ValueTable::read(node, reader)?;
            let json = table.equals.value().cloned();
            let rules: Vec<_> = [
                json.as_ref().map(equals),
                table.r#type.value().map(|kind| JsonRule::Type(kind.0)),
                table.count.value().map(|count| JsonRule::Count(count.0.clone())),
                table.number.value().map(|number| JsonRule::Number(number.0.clone())),
                table.regex.value().map(|regex| JsonRule::Matches(regex.0.clone())),
            ]
            .into_iter()
            .flatten()
            .collect();
            if rules.is_empty() && reader.faults.len() == before {
                says_nothing(node, &format!("write {}", ValueTable::EXAMPLE), reader);
            }
            return Some(Self { rules, json, like_type: false });
        }
        let literal = Json::read(node, reader)?;
        Some(match literal.value.as_str() {
            Some("present") => Self::of(JsonRule::Present),
            Some("not-empty") => Self::of(JsonRule::NotEmpty),
            text => {
                let named = |text| JsonType::ALL.iter().any(|(name, _)| *name == text);
                let like_type = text.is_some_and(named);
                Self { rules: vec![equals(&literal)], json: Some(literal), like_type }
            }
        })
    }
}

impl JsonAsk {
    fn of(rule: JsonRule) -> Self {
        Self { rules: vec![rule], json: None, like_type: false }
    }
}

schemas! {
    Regex, |_generator| json_schema!({ "type": "string", "format": "regex" });
    TypeAsk, |_generator| json_schema!({
        "anyOf": [
            { "enum": JsonType::ALL.map(|(name, _)| name) },
            { "type": "string", "pattern": r"\$\{" },
        ],
    });
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
            generator.subschema_for::<BodyTable>(),
        ],
    });
    HeaderAsk, |generator| json_schema!({
        "anyOf": [{ "type": "string" }, generator.subschema_for::<HeaderTable>()],
    });
    JsonAsk, |generator| json_schema!({
        "anyOf": [
            { "type": ["string", "number", "boolean", "array"] },
            generator.subschema_for::<ValueTable>(),
        ],
    });
}
