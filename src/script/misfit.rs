//! Where a message does not fit its shape: every place, not only the first.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::template::tag_spans;

/// How many names a hint lists.
const LISTED: usize = 20;

/// A value that does not fit the shape of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The way to it: names of fields, and places in lists.
    pub path: Vec<String>,
    /// It is the name that is wrong, not the value.
    pub name: bool,
    /// Half a sentence behind its name.
    pub why: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Everything that does not fit.
pub(super) fn misfits(shape: &MessageDescriptor, message: &Value) -> Vec<Misfit> {
    let mut search = Search { path: Vec::new(), found: Vec::new(), live: false };
    search.message(shape, message);
    // What no field shows alone: two members of a choice, a date that is none.
    if search.found.is_empty()
        && !search.live
        && let Err(error) = DynamicMessage::deserialize(shape.clone(), message)
    {
        let why = format!("does not fit: {}", told(&error.to_string()));
        search.found.push(Misfit { path: Vec::new(), name: false, why, hint: None });
    }
    search.found
}

/// A library's words, bounded and on one line.
pub(super) fn told(words: &str) -> String {
    let words = crate::sanitise::strip(words).replace(['\n', '\t'], " ");
    words.chars().take(160).collect()
}

struct Search {
    path: Vec<String>,
    found: Vec<Misfit>,
    /// A text with tags was met.
    live: bool,
}

impl Search {
    fn tell(&mut self, name: bool, why: String, hint: Option<String>) {
        self.found.push(Misfit { path: self.path.clone(), name, why, hint });
    }

    fn within(&mut self, step: String, look: impl FnOnce(&mut Self)) {
        self.path.push(step);
        look(self);
        self.path.pop();
    }

    fn message(&mut self, shape: &MessageDescriptor, value: &Value) {
        // Those of Google have a form of their own in JSON: a date is a text.
        if shape.package_name() == "google.protobuf" {
            self.of_google(shape, value);
            return;
        }
        let Some(members) = value.as_object() else {
            let why = format!("is {}; `{}` is a table", kind(value), shape.full_name());
            self.tell(false, why, Some(listed(shape)));
            return;
        };
        for (name, member) in members {
            let field =
                shape.get_field_by_name(name).or_else(|| shape.get_field_by_json_name(name));
            self.within(name.clone(), |search| match field {
                Some(field) => search.field(&field, member),
                None => search.no_field(shape, name),
            });
        }
    }

    fn no_field(&mut self, shape: &MessageDescriptor, name: &str) {
        let fields: Vec<_> = shape.fields().collect();
        let names = fields.iter().map(FieldDescriptor::name);
        let distance = |known: &&str| strsim::osa_distance(&name.to_lowercase(), known);
        let near = names
            .min_by_key(distance)
            .filter(|known| distance(known) <= 2 && distance(known) < known.chars().count());
        let hint = near.map_or_else(|| listed(shape), |near| format!("did you mean `{near}`?"));
        self.tell(true, format!("is no field of `{}`", shape.full_name()), Some(hint));
    }

    fn field(&mut self, field: &FieldDescriptor, value: &Value) {
        if value.is_null() {
            return;
        }
        let (wanted, hint) = match (field.is_list(), field.is_map()) {
            (true, _) => ("a list", format!("write `{} = [ … ]`", field.name())),
            (_, true) => ("a table", format!("write `{} = {{ … }}`", field.name())),
            (false, false) => return self.one(field, value),
        };
        if let Some(items) = value.as_array().filter(|_| field.is_list()) {
            for (place, item) in items.iter().enumerate() {
                self.within(place.to_string(), |search| search.one(field, item));
            }
        } else if let Some(entries) = value.as_object().filter(|_| field.is_map()) {
            self.map(field, entries);
        } else {
            self.tell(false, format!("is {}; it should be {wanted}", kind(value)), Some(hint));
        }
    }

    fn map(&mut self, field: &FieldDescriptor, entries: &Map<String, Value>) {
        let Kind::Message(entry) = field.kind() else { return };
        let inner = entry.map_entry_value_field();
        for (key, value) in entries {
            self.within(key.clone(), |search| search.one(&inner, value));
        }
    }

    /// One value of a field, an item of a list among them.
    fn one(&mut self, field: &FieldDescriptor, value: &Value) {
        let shape = field.kind();
        if let Kind::Message(inner) = shape {
            return self.message(&inner, value);
        }
        if self.is_live(value) {
            return;
        }
        let holder = field.parent_message();
        let alone = if field.is_list() { Value::Array(vec![value.clone()]) } else { value.clone() };
        let alone = Value::Object(Map::from_iter([(field.name().to_owned(), alone)]));
        // Only the field itself is asked after: others may be required.
        if DynamicMessage::deserialize(holder.clone(), &alone).is_ok() {
            return;
        }
        let (wanted, hint) = match shape.as_enum() {
            Some(all) => {
                let names = all.values().take(LISTED).map(|one| one.name().to_owned());
                let names: Vec<_> = names.collect();
                let hint = format!("there is {}", names.join(", "));
                (format!("a value of `{}`", all.full_name()), Some(hint))
            }
            None => (format!("of type {shape:?}"), None),
        };
        self.tell(false, format!("is {}; it should be {wanted}", kind(value)), hint);
    }

    fn of_google(&mut self, shape: &MessageDescriptor, value: &Value) {
        if !self.is_live(value) && DynamicMessage::deserialize(shape.clone(), value).is_err() {
            let why = format!("is {} that is no `{}`", kind(value), shape.full_name());
            self.tell(false, why, example(shape.name()).map(str::to_owned));
        }
    }

    /// Whether a text has tags, so that nobody knows yet what it says.
    fn is_live(&mut self, value: &Value) -> bool {
        let live = value.as_str().is_some_and(|text| !tag_spans(text).is_empty());
        self.live |= live;
        live
    }
}

fn example(name: &str) -> Option<&'static str> {
    match name {
        "Timestamp" => Some("write one such as \"2024-05-01T12:00:00Z\""),
        "Duration" => Some("write one such as \"1.5s\""),
        "FieldMask" => Some("write one such as \"name,address\""),
        _ => None,
    }
}

fn listed(shape: &MessageDescriptor) -> String {
    let names: Vec<_> = shape.fields().take(LISTED).map(|one| one.name().to_owned()).collect();
    if names.is_empty() {
        "it has no fields".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
