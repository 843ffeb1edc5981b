//! `sse` as it is written, made into what is expected of a stream of events.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json_path::JsonPath;

use super::ask::JsonAsk;
use super::live;
use super::reader::{At, Node, Read, Reader, Slot, Text, table};
use super::stream::{Events, Said, Stream};
use super::value::{Dict, Int, Lasting, OneOrMany, schemas};
use super::{Expect, HeaderRule, JsonRule};
use crate::script::json::Query;

/// More events than this are no stream that one waits for.
const MOST_EVENTS: u64 = 1_000_000;

/// `true`, or a table with more to say.
#[derive(Debug)]
pub(super) struct SseAsk(Option<EventsTable>);

table! {
    /// How a stream of events ends, and what its events hold.
    EventsTable as "`sse = true` or `sse = { until = \"[DONE]\" }`" {
        /// The data of the event that ends the stream; where the answer ends before, it failed.
        until: Text,
        /// The stream is left, as a good one, after so many events.
        max_events: Int<1, MOST_EVENTS>,
        /// The longest wait from one event to the next.
        idle: Lasting,
        /// What the data of the events holds.
        expect: SaidTable,
    }
}

table! {
    /// What events, or messages, hold.
    SaidTable as "`expect = { contains = \"text\" }`" {
        /// Texts that are contained: of a stream, each in some event.
        contains: OneOrMany<Text>,
        /// Texts that are not contained: of a stream, in no event.
        lacks: OneOrMany<Text>,
        /// What values in JSON are, by JSON path: of a stream, all in one event.
        json: Dict<JsonAsk>,
    }
}

impl Read for SseAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.value.get_ref().as_bool() == Some(true) {
            return Some(Self(None));
        }
        if node.value.get_ref().as_bool() == Some(false) {
            reader.bad(node, "changes nothing", "leave it out".to_owned());
            return None;
        }
        EventsTable::read(node, reader).map(|table| Self(Some(table)))
    }
}

schemas! {
    SseAsk, |generator| json_schema!({
        "anyOf": [{ "const": true }, generator.subschema_for::<EventsTable>()],
    });
}

/// A stream of events, and the header that its answer has.
pub(super) fn stream(
    at: &At<SseAsk>,
    method: &str,
    expect: &mut Expect,
    reader: &mut Reader<'_>,
) -> Stream {
    if method == "HEAD" {
        let hint = "ask for it with `get` or `post`".to_owned();
        reader.fault(at.span.clone(), "an answer to HEAD has no events", hint);
    }
    if expect.needs_body() {
        let hint = "write `sse = { expect = { contains = \"…\" } }`".to_owned();
        let message = "`expect` of a body looks at no stream of events";
        reader.fault(at.span.clone(), message, hint);
    }
    if !expect.headers.iter().any(|(name, _)| name == "content-type") {
        let rule = HeaderRule::Contains("text/event-stream".to_owned());
        expect.headers.push(("content-type".to_owned(), rule));
    }
    let Some(table) = &at.value.0 else { return Stream::Events(Events::default()) };
    let hint = "write the data of the stream's last event, such as \"[DONE]\"";
    let until = table.until.get().and_then(|text| fixed(text, hint, reader));
    Stream::Events(Events {
        until,
        max_events: table.max_events.value().map(|most| most.0),
        idle: table.idle.value().map(|idle| idle.0),
        expect: said(&table.expect, reader),
    })
}

/// What events or messages hold.
pub(super) fn said(slot: &Slot<SaidTable>, reader: &mut Reader<'_>) -> Said {
    let Some(table) = slot.value() else { return Said::default() };
    let texts = |list: &Slot<OneOrMany<Text>>, reader: &mut Reader<'_>| {
        let hint = "expect a part that is the same for all";
        let all = list.value().into_iter().flat_map(|list| &list.0);
        all.filter_map(|text| fixed(text, hint, reader)).collect()
    };
    Said {
        contains: texts(&table.contains, reader),
        lacks: texts(&table.lacks, reader),
        json: rules(table.json.value(), reader),
    }
}

/// What values in JSON must be; of a path that is none, the reader is told.
fn rules(dict: Option<&Dict<JsonAsk>>, reader: &mut Reader<'_>) -> Vec<(Query, JsonRule)> {
    let mut rules = Vec::new();
    for (key, value) in dict.into_iter().flat_map(|dict| &dict.0) {
        if let Some(text) = value.value.json.as_ref().and_then(|json| json.live.first()) {
            live::refuse(text, "this", "expect a part that is the same for all", reader);
        }
        match JsonPath::parse(&key.value) {
            Ok(path) => {
                let query = Query::from(path);
                let all = value.value.rules.iter();
                rules.extend(all.map(|rule| (query.clone(), rule.clone())));
            }
            Err(wrong) => {
                let message = format!("`{}` is not a JSON path: {}", key.value, wrong.message());
                let hint = "write one such as `\"$.items[0].id\"`".to_owned();
                reader.fault(key.span.clone(), message, hint);
            }
        }
    }
    rules
}

/// A text that is not empty and the same for every user.
fn fixed(at: &At<Text>, hint: &str, reader: &mut Reader<'_>) -> Option<String> {
    live::refuse(at, "this", hint, reader);
    if at.value.value.is_empty() {
        reader.fault(at.span.clone(), "an empty text says nothing", hint.to_owned());
        return None;
    }
    Some(at.value.value.clone())
}
