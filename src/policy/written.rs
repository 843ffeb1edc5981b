//! A gate file as it is written, taken apart into its values: what no other comparison looks at is
//! compared here, so that no key can change in silence.

use std::collections::{BTreeMap, HashMap};

use toml::de::{DeTable, DeValue};

use crate::unit;

/// The values of a file by their place: names of tables and keys, entries of lists by their name.
pub(super) type Leaves = BTreeMap<Vec<String>, String>;

/// The short forms of a request.
pub(super) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// Every value of a file. The file was read before; of one that was not, nothing is known.
pub(super) fn leaves(bytes: &[u8]) -> Leaves {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut leaves = Leaves::new();
    if let Ok(table) = DeTable::parse(text) {
        walk_table(&mut Vec::new(), table.get_ref(), &mut leaves);
    }
    leaves
}

fn walk_table(path: &mut Vec<String>, table: &DeTable<'_>, leaves: &mut Leaves) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        walk(path, value.get_ref(), leaves);
        path.pop();
    }
}

fn walk(path: &mut Vec<String>, value: &DeValue<'_>, leaves: &mut Leaves) {
    match value {
        DeValue::Table(table) => walk_table(path, table, leaves),
        DeValue::Array(list) if is_of_tables(value) => {
            let mut seen: HashMap<String, usize> = HashMap::new();
            for (at, entry) in list.iter().enumerate() {
                let DeValue::Table(table) = entry.get_ref() else { continue };
                let name = entry_name(table).unwrap_or_else(|| format!("{}", at + 1));
                let nth = seen.entry(name.clone()).or_default();
                *nth += 1;
                path.push(if *nth == 1 { name } else { format!("{name} #{nth}") });
                // An entry is there even where it says nothing.
                leaves.insert(path.clone(), String::new());
                walk_table(path, table, leaves);
                path.pop();
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => {
            leaves.insert(path.clone(), shown(value));
        }
    }
}

fn is_of_tables(value: &DeValue<'_>) -> bool {
    value
        .as_array()
        .is_some_and(|list| !list.is_empty() && list.iter().all(|entry| entry.get_ref().is_table()))
}

/// What an entry of a list is known by: its name; method and path of a request.
fn entry_name(table: &DeTable<'_>) -> Option<String> {
    let text = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
    if let Some(name) = text("name") {
        return Some(name.to_owned());
    }
    let short = METHODS.into_iter().find_map(|method| Some((method, text(method)?)));
    let other = || text("ws").map(|path| ("ws", path));
    let (method, path) = short.or_else(|| text("method").zip(text("path"))).or_else(other)?;
    Some(format!("{} {path}", method.to_uppercase()))
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(list) => {
            let all: Vec<String> = list.iter().map(|one| shown(one.get_ref())).collect();
            format!("[{}]", all.join(", "))
        }
        DeValue::Table(table) => {
            let one = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                format!("{key} = {}", shown(value.get_ref()))
            };
            format!("{{ {} }}", table.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A number with or without a unit, in seconds, events per second or percent; its distance from
/// nothing where it is a change, as in `-5%`.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim().trim_start_matches(['+', '-', '<', '>', '=', ' ']);
    let plain = text.trim_end_matches("pp").trim_end_matches('%').trim();
    let rate = || unit::Rate::parse(text).ok().map(unit::Rate::as_f64);
    let time = || unit::parse_duration(text).ok().map(|time| time.as_secs_f64());
    plain.parse().ok().filter(|number: &f64| number.is_finite()).or_else(time).or_else(rate)
}
