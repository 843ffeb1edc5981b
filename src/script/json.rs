//! The JSON of an answer: parsed when it is first looked at, and no more of it than is asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use serde_json_path::JsonPath;

/// The body of an answer as JSON, parsed when it is first looked at and at most once.
#[derive(Debug)]
pub struct LazyJson<'a> {
    body: &'a [u8],
    parsed: OnceCell<Result<Value, String>>,
}

/// A JSON path (RFC 9535), of which the first node is wanted.
#[derive(Clone, Debug)]
pub struct Query {
    path: JsonPath,
    steps: Option<Box<[Step]>>,
    single: bool,
}

/// One step down, by a member's name or an item's index.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(Box<str>),
    Index(usize),
}

/// Equal; a number equals the same number however it is written, also as the text that a template
/// makes of it.
#[must_use]
pub fn alike(found: &Value, asked: &Value) -> bool {
    match (found, asked) {
        (Value::Number(_) | Value::Bool(_), Value::String(asked)) => {
            serde_json::from_str(asked).is_ok_and(|asked: Value| alike(found, &asked))
        }
        (Value::Number(found), Value::Number(asked)) if found.is_f64() || asked.is_f64() => {
            found.as_f64() == asked.as_f64()
        }
        _ => found == asked,
    }
}

impl<'a> LazyJson<'a> {
    /// The JSON of a body.
    #[must_use]
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, parsed: OnceCell::new() }
    }

    /// The JSON of a body that may have been parsed before.
    #[must_use]
    pub fn known(body: &'a [u8], value: Option<Value>) -> Self {
        let parsed = value.map_or_else(OnceCell::new, |value| OnceCell::from(Ok(value)));
        Self { body, parsed }
    }

    /// The whole value, where it was needed and is one.
    #[must_use]
    pub fn into_parsed(self) -> Option<Value> {
        self.parsed.into_inner()?.ok()
    }

    /// The whole value.
    ///
    /// # Errors
    /// Why the body is not JSON, without a piece of it.
    pub fn value(&self) -> Result<&Value, &str> {
        let parse = || {
            if self.body.iter().all(u8::is_ascii_whitespace) {
                return Err("the body is empty".to_owned());
            }
            let parsed = serde_json::from_slice(self.body);
            parsed.map_err(|error| format!("the body is not JSON: {error}"))
        };
        self.parsed.get_or_init(parse).as_ref().map_err(String::as_str)
    }

    /// The value at the end of a path of names and indices alone, read out of the text where
    /// nobody needed the whole value yet. `None` where it is not there, or the path is another
    /// one: then the whole value has been read.
    ///
    /// # Errors
    /// Why the body is not JSON, without a piece of it.
    pub fn value_at(&self, query: &Query) -> Result<Option<Cow<'_, Value>>, &str> {
        if query.is_single() {
            return self.first(query);
        }
        self.value().map(|_| None)
    }

    /// The first node of a path. Where nobody needed the whole value yet, and the path is of names
    /// and indices alone, the node is read out of the text.
    ///
    /// # Errors
    /// Why the body is not JSON, without a piece of it.
    pub fn first(&self, query: &Query) -> Result<Option<Cow<'_, Value>>, &str> {
        if let (None, Some(steps)) = (self.parsed.get(), &query.steps)
            && let Ok(node) = seek(self.body, steps)
        {
            return Ok(node.map(Cow::Owned));
        }
        Ok(query.path.query(self.value()?).first().map(Cow::Borrowed))
    }
}

impl From<JsonPath> for Query {
    fn from(path: JsonPath) -> Self {
        let steps = steps(&path.to_string()).map(Vec::into_boxed_slice);
        let single = is_single(&path.to_string());
        Self { path, steps, single }
    }
}

impl Query {
    /// Every node that the path leads to.
    #[must_use]
    pub fn all<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.path.query(value).all()
    }

    /// Whether it can lead to one node at most (RFC 9535, singular queries).
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.single
    }
}

/// Whether a path, as it is shown, has names and indices alone.
fn is_single(path: &str) -> bool {
    let (mut quote, mut escaped, mut last) = (None, false, ' ');
    for sign in path.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if sign == '\\' => escaped = true,
            Some(open) if sign == open => quote = None,
            None if matches!(sign, '\'' | '"') => quote = Some(sign),
            None if matches!(sign, '*' | '?' | ':' | ',') || (sign == '.' && last == '.') => {
                return false;
            }
            Some(_) | None => {}
        }
        last = sign;
    }
    true
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(out)
    }
}

/// The steps of a path of names and indices alone; `None` for any other.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        let (step, behind) = if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            (Step::Name(name[..end].into()), &name[end..])
        } else {
            let (inner, behind) = rest.strip_prefix('[')?.split_once(']')?;
            (bracket_step(inner)?, behind)
        };
        let is_plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if matches!(&step, Step::Name(name) if name.is_empty() || !is_plain(name)) {
            return None;
        }
        steps.push(step);
        rest = behind;
    }
    Some(steps)
}

fn bracket_step(inner: &str) -> Option<Step> {
    if let Ok(index) = inner.parse() {
        return Some(Step::Index(index));
    }
    let quoted = |quote| inner.strip_prefix(quote)?.strip_suffix(quote);
    quoted('\'').or_else(|| quoted('"')).map(|name| Step::Name(name.into()))
}

/// The node at the end of the steps, the text read to its end.
fn seek(body: &[u8], steps: &[Step]) -> serde_json::Result<Option<Value>> {
    let text = std::str::from_utf8(body).map_err(serde::de::Error::custom)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let node = Seek(steps).deserialize(&mut json)?;
    json.end()?;
    Ok(node)
}

/// Reads a value, and keeps what is at the end of the steps.
struct Seek<'a>(&'a [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Value>, D::Error> {
        if self.0.is_empty() {
            return Value::deserialize(from).map(Some);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Value>, A::Error> {
        let mut found = None;
        let wanted = match self.0 {
            [Step::Name(name), ..] => Some(&**name),
            [Step::Index(_), ..] | [] => None,
        };
        while let Some(is_wanted) = map.next_key_seed(IsName(wanted))? {
            if is_wanted {
                // Of members of one name the last one counts, as in the whole value.
                found = map.next_value_seed(Seek(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Value>, A::Error> {
        if let [Step::Index(index), rest @ ..] = self.0 {
            for _ in 0..*index {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            let found = seq.next_element_seed(Seek(rest))?;
            if found.is_some() {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
            }
            return Ok(found.flatten());
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }
}

/// Reads a member's name, and says whether it is the wanted one.
struct IsName<'a>(Option<&'a str>);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(self.0 == Some(name))
    }
}
