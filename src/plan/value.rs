//! The kinds of values that stand in a gate file: durations, rates, numbers, words, lists.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeValue};

use super::reader::{At, Node, Read, Reader, Text};
use super::{Arrivals, Http};
use crate::unit::{self, BadUnit, Rate};

/// A duration, zero allowed: `"10s"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Duration);

/// A duration longer than zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting(pub(super) Duration);

/// A rate of arrivals above zero: `"200/s"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(pub(super) Rate);

/// A whole number within bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Int<const MIN: u64, const MAX: u64>(pub(super) u64);

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag(pub(super) bool);

/// What a stage leads to: a rate (open model) or a number of users (closed model).
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    Rate(Rate),
    Users(u64),
}

/// The most virtual users, and the most requests in flight.
pub(super) const MOST_USERS: u64 = 1_000_000;

/// The most redirects that are followed.
pub(super) const MOST_HOPS: u64 = 20;

/// One or more tables of a kind: `[[request]]`.
#[derive(Clone, Debug)]
pub(super) struct Many<T>(pub(super) Vec<At<T>>);

/// Keys that a user chooses, each with a value, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Dict<T>(pub(super) Vec<(At<String>, At<T>)>);

/// One value, or an array of some.
#[derive(Clone, Debug)]
pub(super) struct OneOrMany<T>(pub(super) Vec<At<T>>);

/// Shapes of texts as the JSON Schema has them; a reference to the environment may stand in any.
pub(super) const DURATION: &str = r"([0-9]+(\.[0-9]+)?\s*(ns|us|µs|ms|s|min|m|h)\s*)+";
pub(super) const RATE: &str = r"[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min|h)";

/// The schema of a text of that shape.
pub(super) fn shaped(shape: &str, example: &str) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": format!(r"^\s*{shape}\s*$|\$\{{"),
        "examples": [example],
    })
}

impl Read for Text {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(node, "a string")
    }
}

impl Reader<'_> {
    /// Reads a string with a unit. What came from the environment is not repeated in a hint.
    pub(super) fn united<T>(
        &mut self,
        node: Node<'_>,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, BadUnit>,
    ) -> Option<T> {
        let text = self.text(node, expected)?;
        match parse(&text.value) {
            Ok(read) => Some(read),
            Err(bad) => {
                let hint = if text.filled { format!("it must be {expected}") } else { bad.hint };
                self.bad(node, &bad.why, hint);
                None
            }
        }
    }
}

impl Read for Time {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.united(node, "a duration such as \"10s\"", unit::parse_duration).map(Self)
    }
}

impl Read for Lasting {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Time(time) = Time::read(node, reader)?;
        if time.is_zero() {
            reader.bad(node, "must be longer than zero", None);
        }
        (!time.is_zero()).then_some(Self(time))
    }
}

impl Read for Pace {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let rate = reader.united(node, "a rate such as \"200/s\"", Rate::parse)?;
        if rate == Rate::ZERO {
            reader.bad(node, "must be more than nothing", None);
        }
        (rate != Rate::ZERO).then_some(Self(rate))
    }
}

/// An integer; `None` where it does not fit.
pub(super) fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

impl<const MIN: u64, const MAX: u64> Int<MIN, MAX> {
    /// The digits of an integer, or of a string with a reference that becomes one.
    fn digits(node: Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
        if let DeValue::Integer(number) = node.value.get_ref() {
            return Some(integer(number).unwrap_or(-1).to_string());
        }
        if node.value.get_ref().as_str().is_some_and(|text| text.contains("${")) {
            return reader.text(node, "a whole number").map(|text| text.value);
        }
        reader.wrong_type(node, "a whole number", None);
        None
    }
}

impl<const MIN: u64, const MAX: u64> Read for Int<MIN, MAX> {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let digits = Self::digits(node, reader)?;
        let plain = !digits.starts_with('+');
        let number = digits.parse().ok().filter(|_| plain);
        let within = number.filter(|number| (MIN..=MAX).contains(number));
        if within.is_none() {
            reader.bad(node, &format!("must be a whole number from {MIN} to {MAX}"), None);
        }
        within.map(Self)
    }
}

impl Read for Flag {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let flag = node.value.get_ref().as_bool();
        if flag.is_none() {
            reader.wrong_type(node, "`true` or `false`", None);
        }
        flag.map(Self)
    }
}

impl Read for Level {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.value.get_ref().is_str() {
            let rate = reader.united(node, "a rate such as \"200/s\"", Rate::parse);
            return rate.map(Self::Rate);
        }
        Int::<0, MOST_USERS>::read(node, reader).map(|users| Self::Users(users.0))
    }
}

/// A value that is one of a few words.
pub(super) trait Word: Sized + Copy + 'static {
    const NAME: &'static str;
    const ALL: &'static [(&'static str, Self)];
}

impl Word for Http {
    const NAME: &'static str = "Http";
    const ALL: &'static [(&'static str, Self)] =
        &[("1.1", Self::One), ("2", Self::Two), ("auto", Self::Auto)];
}

impl Word for Arrivals {
    const NAME: &'static str = "Arrivals";
    const ALL: &'static [(&'static str, Self)] =
        &[("even", Self::Even), ("poisson", Self::Poisson)];
}

/// One of a few words, read.
#[derive(Clone, Copy, Debug)]
pub(super) struct One<T>(pub(super) T);

impl<T: Word> Read for One<T> {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let words: Vec<&str> = T::ALL.iter().map(|(word, _)| *word).collect();
        let listed = format!("one of \"{}\"", words.join("\", \""));
        let text = reader.text(node, &listed)?;
        let found = T::ALL.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            reader.bad(node, &format!("is not {listed}"), None);
        }
        found.map(|(_, value)| Self(*value))
    }
}

/// The elements of an array, or the value itself where it is none.
fn elements<'v>(value: &'v Spanned<DeValue<'v>>) -> Option<&'v DeArray<'v>> {
    value.get_ref().as_array()
}

impl<T: Read> Read for Many<T> {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = elements(node.value) else {
            reader.fault(
                node.value.span(),
                format!("`{}` may stand there more than once, so it is a list", node.key),
                format!("write {}", T::EXAMPLE),
            );
            return None;
        };
        let read = array.iter().filter_map(|value| {
            let read = T::read(Node { key: node.key, value }, reader)?;
            Some(At { value: read, span: value.span() })
        });
        Some(Self(read.collect()))
    }
}

impl<T: Read> Read for OneOrMany<T> {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let array: Vec<&Spanned<DeValue<'_>>> = match elements(node.value) {
            Some(array) => array.iter().collect(),
            None => vec![node.value],
        };
        if array.is_empty() {
            reader.bad(node, "is an empty list", None);
            return None;
        }
        let read: Vec<_> = array
            .iter()
            .filter_map(|value| {
                let read = T::read(Node { key: node.key, value }, reader)?;
                Some(At { value: read, span: value.span() })
            })
            .collect();
        (read.len() == array.len()).then_some(Self(read))
    }
}

impl<T: Read> Read for Dict<T> {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let table = reader.table(node, &format!("`{} = {{ name = \"value\" }}`", node.key))?;
        let mut read: Vec<_> = table
            .iter()
            .filter_map(|(key, value)| {
                let name = At { value: key.get_ref().to_string(), span: key.span() };
                let read = T::read(Node { key: key.get_ref(), value }, reader)?;
                Some((name, At { value: read, span: value.span() }))
            })
            .collect();
        read.sort_by_key(|(key, _)| key.span.start);
        Some(Self(read))
    }
}

/// Schemas that are not tables, one line each.
macro_rules! schemas {
    ($($type:ty, |$generator:ident| $schema:expr;)+) => {
        $(impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })+
    };
}
pub(super) use schemas;

schemas! {
    Text, |_generator| json_schema!({ "type": "string" });
    Time, |_generator| shaped(DURATION, "10s");
    Lasting, |_generator| shaped(DURATION, "10s");
    Pace, |_generator| shaped(RATE, "200/s");
    Flag, |_generator| json_schema!({ "type": "boolean" });
    Level, |generator| json_schema!({
        "anyOf": [
            generator.subschema_for::<Pace>(),
            generator.subschema_for::<Int<0, MOST_USERS>>(),
        ],
    });
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Int<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Int{MIN}to{MAX}").into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": MIN, "maximum": MAX },
                { "type": "string", "pattern": r"\$\{" },
            ],
        })
    }
}

impl<T: Word> JsonSchema for One<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::ALL.iter().map(|(word, _)| *word).collect();
        json_schema!({
            "anyOf": [{ "enum": words }, { "type": "string", "pattern": r"\$\{" }],
        })
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Many{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl<T: JsonSchema> JsonSchema for Dict<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Dict{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}
