//! Limits with their sign as they are written: of a number, a count, a size.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::reader::{Node, Read, Reader};
use super::rule::{Bound, Sign};
use super::value::{Int, schemas};
use crate::unit::{BadUnit, parse_size};

/// How many: 3 or ">= 3".
#[derive(Clone, Debug)]
pub(super) struct Amount(pub(super) Bound<u64>);

/// A number: "> 0".
#[derive(Clone, Debug)]
pub(super) struct Number(pub(super) Bound<f64>);

/// A size: "< 10kB".
#[derive(Clone, Debug)]
pub(super) struct Size(pub(super) Bound<u64>);

/// More items than this are in no answer that is read.
const MOST: u64 = 1 << 40;

impl Read for Amount {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let DeValue::Integer(_) = node.value.get_ref() {
            let Int(limit) = Int::<0, MOST>::read(node, reader)?;
            let written = format!("= {limit}");
            return Some(Self(Bound { sign: Sign::Equal, limit, written }));
        }
        let count = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|count| digits && *count <= MOST)
        };
        let number = |text: &str| count(text).ok_or_else(|| no_number("is not a whole number"));
        let expected = "a count such as 3 or \">= 3\"";
        reader.united(node, expected, |text| bound(text, expected, number)).map(Self)
    }
}

impl Read for Number {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let number = |text: &str| {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| no_number("is not a number"))
        };
        let expected = "a number with its sign such as \"> 0\"";
        reader.united(node, expected, |text| bound(text, expected, number)).map(Self)
    }
}

impl Read for Size {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let expected = "a size with its sign such as \"< 10kB\"";
        reader.united(node, expected, |text| bound(text, expected, parse_size)).map(Self)
    }
}

fn no_number(why: &str) -> BadUnit {
    BadUnit::new(why, "write one such as `>= 3`")
}

/// A sign, and the limit behind it.
fn bound<T>(
    text: &str,
    expected: &str,
    parse: impl Fn(&str) -> Result<T, BadUnit>,
) -> Result<Bound<T>, BadUnit> {
    let text = text.trim();
    let found = Sign::ALL.iter().find(|(written, _)| text.starts_with(written));
    let Some((written, sign)) = found else {
        return Err(BadUnit::new("needs a sign", format!("write {expected}")));
    };
    let behind = text[written.len()..].trim();
    let written = format!("{} {behind}", if *written == "==" { "=" } else { written });
    Ok(Bound { sign: *sign, limit: parse(behind)?, written })
}

/// The shape of a sign as the JSON Schema has it.
const SIGN: &str = r"^\s*(<=|>=|==|<|>|=)\s*";

schemas! {
    Amount, |generator| json_schema!({
        "anyOf": [
            generator.subschema_for::<Int<0, MOST>>(),
            {
                "type": "string",
                "pattern": format!(r"{SIGN}[0-9]+\s*$|\$\{{"),
                "examples": [">= 3"],
            },
        ],
    });
    Number, |_generator| json_schema!({
        "type": "string",
        "pattern": format!(r"{SIGN}[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*$|\$\{{"),
        "examples": ["> 0"],
    });
    Size, |_generator| json_schema!({
        "type": "string",
        "pattern": format!(r"{SIGN}[0-9]+(\.[0-9]+)?\s*([kMG]B|[KMG]iB|B)\s*$|\$\{{"),
        "examples": ["< 10kB"],
    });
}
