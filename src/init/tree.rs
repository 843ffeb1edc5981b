//! JSON and YAML as one tree, its objects in the order of the file; size and nesting are bounded.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::Unreadable;

/// The largest file that is read, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How deep YAML may be nested: its reader calls itself for each level, and takes up to 30 KB of
/// the stack for it where nothing is optimised; the smallest stacks have 2 MiB.
const MOST_YAML: usize = 48;

/// A value of a file somebody else wrote.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it was written.
    Number(Number),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Tree>),
    /// Values by name, in the order of the file.
    Table(IndexMap<String, Tree>),
}

/// Which notation a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// JSON alone.
    Json,
    /// JSON where it begins like JSON, YAML otherwise.
    JsonOrYaml,
}

/// Reads a whole file.
pub(super) fn read(bytes: &[u8], notation: Notation) -> Result<Tree, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let like_json = text.trim_start().starts_with(['{', '[']);
    if like_json || notation == Notation::Json {
        return json(text).map_err(|why| Unreadable::Syntax { format: "JSON", why });
    }
    yaml(text).map_err(|why| Unreadable::Syntax { format: "YAML", why })
}

/// Reads JSON; nesting beyond 128 levels is refused.
pub(super) fn json(text: &str) -> Result<Tree, String> {
    serde_json::from_str(text).map_err(|why| why.to_string())
}

/// Reads YAML; nesting beyond [`MOST_YAML`] levels is refused.
fn yaml(text: &str) -> Result<Tree, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_YAML,
            flow_nesting_limit: MOST_YAML,
            max_events: 4_000_000,
            max_nodes: 2_000_000,
            max_total_scalar_bytes: MAX_BYTES * 2,
            max_documents: 1,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        null_as_string: true,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|why| why.to_string())
}

impl Tree {
    /// The value under a name; `None` where there is none, or where this is no table.
    pub(super) fn get(&self, name: &str) -> Option<&Tree> {
        self.table()?.get(name)
    }

    /// The value at the end of a path of names.
    pub(super) fn at(&self, names: &[&str]) -> Option<&Tree> {
        names.iter().try_fold(self, |tree, name| tree.get(name))
    }

    /// The text under a name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// Whether `true` stands under a name.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Tree::Bool(true))
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Table(_) => None,
        }
    }

    /// The table, where it is one.
    pub(super) fn table(&self) -> Option<&IndexMap<String, Tree>> {
        match self {
            Self::Table(table) => Some(table),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The list, where it is one.
    pub(super) fn list(&self) -> Option<&[Tree]> {
        match self {
            Self::List(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Table(_) => None,
        }
    }

    /// The members of a list; nothing for anything else.
    pub(super) fn items(&self) -> &[Tree] {
        self.list().unwrap_or_default()
    }

    /// The members of the list under a name; nothing where there is no list.
    pub(super) fn items_of(&self, name: &str) -> &[Tree] {
        self.get(name).map_or(&[], Tree::items)
    }

    /// A text, a number or a truth value as text; `None` for the rest.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(truth) => Some(truth.to_string()),
            Self::Null | Self::List(_) | Self::Table(_) => None,
        }
    }

    /// A number as such.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Table(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Grow)
    }
}

struct Grow;

impl<'de> Visitor<'de> for Grow {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Tree, D::Error> {
        Tree::deserialize(source)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Tree, E> {
        Ok(Tree::Text(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Tree, E> {
        Ok(Tree::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Number::from_f64(number).map_or(Tree::Null, Tree::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut table = IndexMap::new();
        while let Some((name, value)) = map.next_entry::<String, Tree>()? {
            table.insert(name, value);
        }
        Ok(Tree::Table(table))
    }
}
