//! What is expected of an answer, rule by rule, and each rule in words.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::metric::StatusRange;
use crate::script::code::Code;
use crate::script::extract::Pattern;
use crate::script::json::Query;
use crate::script::shape::Shape;
use crate::unit::show_duration;

/// What makes an answer good.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Statuses that are good; below 400 when absent.
    pub status: Option<Vec<StatusRange>>,
    /// Texts that the body contains.
    pub body: Vec<String>,
    /// Texts that the body does not contain.
    pub lacks: Vec<String>,
    /// Patterns that match somewhere in the body.
    pub matches: Vec<Pattern>,
    /// How long the body is, in bytes.
    pub size: Option<Bound<u64>>,
    /// Headers, by lower-case name.
    pub headers: Vec<(String, HeaderRule)>,
    /// Values in a JSON body.
    pub json: Vec<(Query, JsonRule)>,
    /// The shape of a JSON body.
    pub schema: Option<Arc<Shape>>,
    /// A later answer is not good, from when it was due.
    pub max_time: Option<Duration>,
    /// The body is a GraphQL answer, and has no errors.
    pub graphql: bool,
    /// Status codes of gRPC that are good; `OK` alone where there are none.
    pub grpc: Vec<Code>,
}

/// What a header must be.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderRule {
    /// There.
    Present,
    /// There, with exactly this value.
    Equals(String),
    /// There, with this text in its value.
    Contains(String),
    /// There, with a value that the pattern matches.
    Matches(Pattern),
}

/// What the nodes of a JSON path must be.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonRule {
    /// At least one node.
    Present,
    /// At least one node, and none of them null, `""`, `[]` or `{}`.
    NotEmpty,
    /// Exactly one node, with this value.
    Equals(Value),
    /// At least one node, and all of them of this type.
    Type(JsonType),
    /// So many items in the array there, members in the object; of a path that can lead to many
    /// nodes, so many nodes.
    Count(Bound<u64>),
    /// At least one node, and all of them such numbers.
    Number(Bound<f64>),
    /// At least one node, and all of them texts that the pattern matches.
    Matches(Pattern),
}

/// A type of JSON, as JSON Schema names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    /// A text.
    String,
    /// A number of any kind.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// Members with names.
    Object,
    /// `null`.
    Null,
}

/// A limit with its sign: `>= 3`, `< 10kB`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound<T> {
    /// How the two compare.
    pub sign: Sign,
    /// The limit.
    pub limit: T,
    /// Both as they are written.
    pub written: String,
}

/// How a value compares to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

impl Sign {
    /// Every sign as it is written; those of two characters before those of one.
    pub const ALL: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("<", Self::Below),
        (">", Self::Above),
        ("=", Self::Equal),
    ];
}

impl<T: PartialOrd> Bound<T> {
    /// Whether a value is within the limit.
    pub fn holds(&self, value: &T) -> bool {
        match self.sign {
            Sign::Below => *value < self.limit,
            Sign::AtMost => *value <= self.limit,
            Sign::Equal => *value == self.limit,
            Sign::AtLeast => *value >= self.limit,
            Sign::Above => *value > self.limit,
        }
    }
}

impl JsonType {
    /// Every type by its name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("string", Self::String),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("array", Self::Array),
        ("object", Self::Object),
        ("null", Self::Null),
    ];

    /// Whether a value is of it. As in JSON Schema, 1.0 is a whole number.
    #[must_use]
    pub fn is_of(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => {
                let whole = |number: f64| number.is_finite() && number.fract() == 0.0;
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(whole)
            }
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

impl Expect {
    /// Whether the body must be kept to be looked at.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        let text = !self.body.is_empty() || !self.lacks.is_empty() || !self.matches.is_empty();
        text || self.needs_json()
    }

    /// Whether the body is looked at as JSON.
    #[must_use]
    pub fn needs_json(&self) -> bool {
        !self.json.is_empty() || self.graphql || self.schema.is_some()
    }

    /// Whether the headers must be looked at.
    #[must_use]
    pub fn needs_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Whether a status code of gRPC is good.
    #[must_use]
    pub fn allows_code(&self, code: Code) -> bool {
        if self.grpc.is_empty() { code == Code::OK } else { self.grpc.contains(&code) }
    }

    /// Whether a status is good.
    #[must_use]
    pub fn allows(&self, status: u16) -> bool {
        self.status
            .as_ref()
            .map_or(status < 400, |ranges| ranges.iter().any(|range| range.contains(status)))
    }

    /// All that is expected, in the words under which misses are counted; of statuses and codes the
    /// good ones.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        let words = |all: Vec<String>| all.join(", ");
        let mut asked = Vec::new();
        let status = self.status.as_ref();
        let status = status.map(|all| words(all.iter().map(ToString::to_string).collect()));
        asked.extend(status.map(|status| format!("status {status}")));
        if !self.grpc.is_empty() {
            let codes = words(self.grpc.iter().map(ToString::to_string).collect());
            asked.push(format!("grpc {codes}"));
        }
        asked.extend(self.headers.iter().map(|(name, rule)| header_asked(name, rule)));
        asked.extend(self.size.iter().map(size_asked));
        asked.extend(self.body.iter().map(|text| format!("body contains \"{text}\"")));
        asked.extend(self.lacks.iter().map(|text| format!("body lacks \"{text}\"")));
        asked.extend(self.matches.iter().map(|regex| format!("body regex {regex}")));
        asked.extend(self.json.iter().map(|(query, rule)| json_asked(query, rule)));
        asked.extend(self.schema.iter().map(|shape| schema_asked(shape)));
        asked.extend(self.max_time.map(time_asked));
        asked
    }
}

/// A rule on a header in words.
#[must_use]
pub fn header_asked(name: &str, rule: &HeaderRule) -> String {
    match rule {
        HeaderRule::Present => format!("header {name} present"),
        HeaderRule::Equals(text) => format!("header {name} equals \"{text}\""),
        HeaderRule::Contains(text) => format!("header {name} contains \"{text}\""),
        HeaderRule::Matches(regex) => format!("header {name} regex {regex}"),
    }
}

/// A rule on a value of JSON in words.
#[must_use]
pub fn json_asked(query: &Query, rule: &JsonRule) -> String {
    format!("json {query} {rule}")
}

/// A limit of the body's size in words.
#[must_use]
pub fn size_asked(size: &Bound<u64>) -> String {
    format!("size {size}")
}

/// A JSON Schema in words.
#[must_use]
pub fn schema_asked(shape: &Shape) -> String {
    format!("schema {}", shape.file)
}

/// A limit of time in words.
#[must_use]
pub fn time_asked(most: Duration) -> String {
    format!("max_time {}", show_duration(most))
}

impl fmt::Display for JsonRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => out.write_str("present"),
            Self::NotEmpty => out.write_str("not-empty"),
            Self::Equals(value) => write!(out, "equals {value}"),
            Self::Type(kind) => write!(out, "type {}", kind.name()),
            Self::Count(bound) => write!(out, "count {bound}"),
            Self::Number(bound) => write!(out, "number {bound}"),
            Self::Matches(regex) => write!(out, "regex {regex}"),
        }
    }
}

impl<T> fmt::Display for Bound<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}
