//! What the values at JSON paths must be, as it is written, made into rules.

use serde_json_path::JsonPath;

use super::JsonRule;
use super::ask::JsonAsk;
use super::live::{self, Use};
use super::reader::{At, Reader};
use super::value::Dict;
use crate::script::json::Query;
use crate::script::template::{Place, Template};

/// Rules on values in JSON.
#[derive(Default)]
pub(super) struct Nodes {
    /// Those that are the same for all users.
    pub(super) same: Vec<(Query, JsonRule)>,
    /// Values that each user has its own of, as JSON.
    pub(super) own: Vec<(Query, Template)>,
}

/// The rules on JSON; of a path that is none, the reader is told.
pub(super) fn nodes(
    written: Option<&Dict<JsonAsk>>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Nodes {
    let mut nodes = Nodes::default();
    for (key, value) in written.iter().flat_map(|dict| &dict.0) {
        match JsonPath::parse(&key.value) {
            Ok(path) => node(&Query::from(path), value, &mut nodes, uses, reader),
            Err(wrong) => {
                let message = format!("`{}` is not a JSON path: {}", key.value, wrong.message());
                let hint = "write one such as `\"$.items[0].id\"`".to_owned();
                reader.fault(key.span.clone(), message, hint);
            }
        }
    }
    nodes
}

fn node(
    query: &Query,
    at: &At<JsonAsk>,
    into: &mut Nodes,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) {
    let asked = &at.value;
    if asked.like_type {
        let message = "the value is compared with this text".to_owned();
        let hint = "to ask for its type, write `{ type = \"…\" }`".to_owned();
        reader.warn(at.span.clone(), message, Some(hint));
    }
    let live = asked.json.as_ref().filter(|json| !json.live.is_empty());
    for rule in &asked.rules {
        let Some(value) = live.filter(|_| matches!(rule, JsonRule::Equals(_))) else {
            into.same.push((query.clone(), rule.clone()));
            continue;
        };
        let parse = || Template::parse_json(&value.script);
        let template = live::whole(&value.live, Place::JsonString, parse, uses, reader);
        into.own.extend(template.map(|template| (query.clone(), template)));
    }
}
