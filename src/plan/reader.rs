//! Reading values as they are written: every mistake is kept, none stops the reading.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::{self, FOREIGN, Wrong};
use super::fault::{self, Fault, Page};
pub(super) use super::text::Text;
use crate::script::message::Descriptors;
use crate::script::shape::Shape;
use crate::script::template::tag_spans;
use crate::secret::Masks;

/// A value, and the key it is written under.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

/// Something that can be written in a gate file.
pub(super) trait Read: Sized + JsonSchema {
    /// How to write such a table; empty for what is no table.
    const EXAMPLE: &'static str = "";

    /// Reads it; where that fails, the reader has been told why.
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// Something read, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// What became of a key: not there, there and wrong (which has been said), or read.
#[derive(Clone, Debug)]
pub(super) enum Slot<T> {
    Absent,
    Bad,
    Is(At<T>),
}

impl<T> Slot<T> {
    pub(super) fn get(&self) -> Option<&At<T>> {
        match self {
            Self::Is(at) => Some(at),
            Self::Absent | Self::Bad => None,
        }
    }

    pub(super) fn value(&self) -> Option<&T> {
        self.get().map(|at| &at.value)
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// Everything that reading needs at hand, and everything it leaves behind.
pub(super) struct Reader<'a> {
    pub(super) page: Page<'a>,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    pub(super) masks: &'a mut Masks,
    /// The address comes from elsewhere; the file's own is not looked at.
    pub(super) aimed: bool,
    /// Descriptions of gRPC services by their file; `None` where it is no such file.
    pub(super) described: BTreeMap<String, Option<Descriptors>>,
    /// JSON Schemas by their file; `None` where it is no such file.
    pub(super) shapes: BTreeMap<String, Option<Arc<Shape>>>,
    hidden: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        page: Page<'a>,
        env: &'a dyn Fn(&str) -> Option<String>,
        masks: &'a mut Masks,
    ) -> Self {
        let (faults, warnings) = (Vec::new(), Vec::new());
        let (described, shapes) = (BTreeMap::new(), BTreeMap::new());
        let hidden = BTreeSet::new();
        Self { page, env, faults, warnings, masks, aimed: false, described, shapes, hidden }
    }

    /// Notes a mistake.
    pub(super) fn fault(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        fault::once(&mut self.faults, self.page.fault(span, message, hint.into()));
    }

    /// Notes that a value, as it is written, is wrong: `rate = "200"` and why.
    pub(super) fn bad(&mut self, node: Node<'_>, why: &str, hint: impl Into<Option<String>>) {
        let written = self.written(node);
        self.fault(node.value.span(), format!("`{written}` {why}"), hint);
    }

    /// Notes something doubtful that stops nothing.
    pub(super) fn warn(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        fault::once(&mut self.warnings, self.page.fault(span, message, hint));
    }

    /// Says that a literal looks like a token.
    pub(super) fn warn_of_token(&mut self, template: &str, span: &Range<usize>) {
        if super::token::find(template).is_some() {
            let hint = "take it from the environment: `${API_TOKEN}`".to_owned();
            self.warn(span.clone(), "this looks like a token in plain text".to_owned(), Some(hint));
        }
    }

    /// Key and value as they are written; the key alone where the value is long or a table.
    pub(super) fn written(&self, node: Node<'_>) -> String {
        let source = self.page.slice(&node.value.span());
        let long = source.chars().count() > 40 || source.contains('\n');
        if long || node.value.get_ref().is_table() || super::token::find(source).is_some() {
            node.key.to_owned()
        } else if node.key.is_empty() {
            source.to_owned()
        } else {
            format!("{} = {source}", node.key)
        }
    }

    /// The value as a table.
    pub(super) fn table<'v>(&mut self, node: Node<'v>, example: &str) -> Option<&'v DeTable<'v>> {
        let table = node.value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(node, "a table", Some(format!("write {example}")));
        }
        table
    }

    /// Notes that a value is of the wrong type.
    pub(super) fn wrong_type(&mut self, node: Node<'_>, expected: &str, hint: Option<String>) {
        let found = match node.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(number) if number.as_str().contains("nan") => "not a number",
            DeValue::Float(number) if number.as_str().contains("inf") => "infinite",
            DeValue::Float(_) => "a number with decimals",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let why = format!("is {found}; it should be {expected}");
        self.bad(node, &why, hint);
    }

    /// Notes every key of a table that is not one of those allowed; the keys that were meant.
    pub(super) fn unknown_keys<'k>(
        &mut self,
        table: &DeTable<'_>,
        allowed: &[&'k str],
    ) -> Vec<&'k str> {
        let unknown = table.iter().filter(|(key, _)| !allowed.contains(&&**key.get_ref()));
        unknown
            .filter_map(|(key, _)| self.unknown(key.get_ref(), key.span(), "key", allowed))
            .collect()
    }

    /// Notes an unknown name, with the nearest known one or with all that are allowed.
    fn unknown<'k>(
        &mut self,
        name: &str,
        span: Range<usize>,
        what: &str,
        allowed: &[&'k str],
    ) -> Option<&'k str> {
        let message = format!("unknown {what} `{}`", visible(name));
        let near = nearest(name, allowed);
        match near {
            Some(near) => {
                self.fault(span, format!("{message}, did you mean `{near}`?"), None);
            }
            None => self.fault(span, message, format!("allowed here: {}", allowed.join(", "))),
        }
        near
    }

    /// One key of a table; one that was meant and misspelt is not missing.
    pub(super) fn field<T: Read>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        meant: &[&str],
    ) -> Slot<T> {
        let slot = self.slot(table, key);
        if slot.is_absent() && meant.contains(&key) { Slot::Bad } else { slot }
    }

    /// One key of a table.
    pub(super) fn slot<T: Read>(&mut self, table: &DeTable<'_>, key: &str) -> Slot<T> {
        let Some(value) = table.get(key) else { return Slot::Absent };
        match T::read(Node { key, value }, self) {
            Some(read) => Slot::Is(At { value: read, span: value.span() }),
            None => Slot::Bad,
        }
    }

    /// A string, filled in from the environment.
    pub(super) fn text(&mut self, node: Node<'_>, expected: &str) -> Option<Text> {
        let Some(written) = node.value.get_ref().as_str() else {
            self.wrong_type(node, expected, None);
            return None;
        };
        self.fill(written, &node.value.span())
    }

    /// Fills in the references of a text that stands at that span.
    pub(super) fn fill(&mut self, written: &str, span: &Range<usize>) -> Option<Text> {
        let filled = environment::fill(written, self.env);
        for (name, value) in &filled.used {
            if self.hidden.insert(name.clone()) {
                self.masks.hide(name, value);
            }
        }
        let source = self.page.slice(span);
        for wrong in &filled.wrong {
            let place = environment::place(source, wrong);
            let at = place.map_or(span.clone(), |at| span.start + at.start..span.start + at.end);
            self.unfilled(wrong, at);
        }
        let tags = tag_spans(&filled.probe);
        filled.wrong.is_empty().then_some(Text {
            live: !tags.is_empty(),
            torn: tags.into_iter().any(|tag| filled.probe[tag].contains(FOREIGN)),
            script: filled.script,
            filled: !filled.used.is_empty(),
            value: filled.value,
            shown: filled.shown,
            template: filled.template,
        })
    }

    fn unfilled(&mut self, wrong: &Wrong, at: Range<usize>) {
        match wrong {
            Wrong::Unset(name) => self.fault(
                at,
                format!("environment variable `{name}` is not set"),
                format!("set it, or write `${{{name}:-default}}`"),
            ),
            Wrong::Malformed(text) => self.fault(
                at,
                format!("`{text}` is not a reference to the environment"),
                "write `${NAME}` or `${NAME:-default}`, and `$${` for the signs themselves"
                    .to_owned(),
            ),
        }
    }
}

/// A name with its hidden characters escaped, so that a person sees why it is not the one it looks
/// like.
pub(super) fn visible(name: &str) -> String {
    let plain = crate::sanitise::strip(name) == name;
    if plain { name.to_owned() } else { name.escape_default().to_string() }
}

/// The name most alike, at most two edits away and alike enough not to be chance.
pub(super) fn nearest<'a>(name: &str, among: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::osa_distance(&lower, &known.to_lowercase());
    let alike = |known: &&&str| {
        let edits = distance(known);
        edits <= 2 && edits < known.chars().count()
    };
    among.iter().filter(alike).min_by_key(|known| distance(known)).copied()
}

/// A table as it is written: the struct, its reader and its JSON Schema from one list of keys.
///
/// `key (required): Type` must be there. The first line is the description, the text behind
/// `as` shows how to write such a table.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $name:ident as $example:literal {
            $( $(#[doc = $doc:literal])+ $key:ident $(($need:ident))?: $type:ty, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(super) struct $name {
            $( $(#[doc = $doc])+ pub(super) $key: $crate::plan::reader::Slot<$type>, )+
        }

        impl $crate::plan::reader::Read for $name {
            const EXAMPLE: &'static str = $example;

            fn read(
                node: $crate::plan::reader::Node<'_>,
                reader: &mut $crate::plan::reader::Reader<'_>,
            ) -> Option<Self> {
                let table = reader.table(node, $example)?;
                let keys = [$($crate::plan::reader::key(stringify!($key))),+];
                let meant = reader.unknown_keys(table, &keys);
                $(
                    let key = $crate::plan::reader::key(stringify!($key));
                    let $key = reader.field::<$type>(table, key, &meant);
                )+
                $($(
                    if $crate::plan::reader::$need(&$key) {
                        let message = concat!("`", stringify!($key), "` is missing");
                        reader.fault(node.value.span(), message, format!("write {}", $example));
                    }
                )?)+
                Some(Self { $($key),+ })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut table = $crate::plan::reader::TableSchema::new(&[$($about),+]);
                $( table.key(
                    $crate::plan::reader::key(stringify!($key)),
                    generator.subschema_for::<$type>(),
                    &[$($doc),+],
                    [$(stringify!($need),)? ""][0] == "required",
                ); )+
                table.done()
            }
        }
    };
}
pub(super) use table;

/// A key as it is written: one that is a word of Rust too stands as `r#word` in the list.
pub(super) fn key(name: &'static str) -> &'static str {
    name.trim_start_matches("r#")
}

/// Whether a key that must be there is not.
pub(super) fn required<T>(slot: &Slot<T>) -> bool {
    slot.is_absent()
}

/// The schema of a table, key by key.
pub(super) struct TableSchema {
    schema: serde_json::Map<String, serde_json::Value>,
    properties: serde_json::Map<String, serde_json::Value>,
    required: Vec<serde_json::Value>,
}

impl TableSchema {
    pub(super) fn new(about: &[&str]) -> Self {
        let mut schema = serde_json::Map::new();
        schema.insert("description".to_owned(), prose(about).into());
        schema.insert("type".to_owned(), "object".into());
        Self { schema, properties: serde_json::Map::new(), required: Vec::new() }
    }

    pub(super) fn key(
        &mut self,
        key: &str,
        mut schema: schemars::Schema,
        about: &[&str],
        required: bool,
    ) {
        schema.insert("description".to_owned(), prose(about).into());
        self.properties.insert(key.to_owned(), schema.to_value());
        if required {
            self.required.push(key.into());
        }
    }

    pub(super) fn done(mut self) -> schemars::Schema {
        self.schema.insert("properties".to_owned(), self.properties.into());
        self.schema.insert("additionalProperties".to_owned(), false.into());
        if !self.required.is_empty() {
            self.schema.insert("required".to_owned(), self.required.into());
        }
        self.schema.into()
    }
}

/// The lines of a doc comment as one text.
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
