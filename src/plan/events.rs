//! `sse` as it is written, made into what is expected of a stream of events.

use std::borrow::Cow;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::ask::JsonAsk;
use super::live::{self, Use};
use super::nodes::{Nodes, nodes};
use super::reader::{At, Node, Read, Reader, Slot, Text, table};
use super::stream::{Events, Said, Stream, Until};
use super::value::{Dict, Int, Lasting, OneOrMany, schemas};
use super::{Expect, HeaderRule};
use crate::script::template::Template;

/// More events than this are no stream that one waits for.
const MOST_EVENTS: u64 = 1_000_000;

/// `true`, or a table with more to say.
#[derive(Debug)]
pub(super) struct SseAsk(Option<EventsTable>);

table! {
    /// How a stream of events ends, and what its events hold.
    EventsTable as "`sse = true` or `sse = { until = \"[DONE]\" }`" {
        /// The data of the event that ends the stream, or what that event holds; where the answer
        /// ends before, it failed.
        until: UntilAsk,
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

/// The data of an event, or what it holds.
#[derive(Debug)]
pub(super) enum UntilAsk {
    Data(At<Text>),
    Said(SaidTable),
}

impl Read for UntilAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.value.get_ref().is_table() {
            return SaidTable::read(node, reader).map(Self::Said);
        }
        let value = reader.text(node, "the data of an event, or what it holds")?;
        Some(Self::Data(At { value, span: node.value.span() }))
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
    UntilAsk, |generator| json_schema!({
        "anyOf": [{ "type": "string" }, generator.subschema_for::<SaidTable>()],
    });
    SseAsk, |generator| json_schema!({
        "anyOf": [{ "const": true }, generator.subschema_for::<EventsTable>()],
    });
}

/// A stream of events, and the header that its answer has.
pub(super) fn stream(
    at: &At<SseAsk>,
    method: &str,
    expect: &mut Expect,
    uses: &mut Vec<Use>,
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
    Stream::Events(Events {
        until: table.until.get().and_then(|at| until(at, reader)),
        max_events: table.max_events.value().map(|most| most.0),
        idle: table.idle.value().map(|idle| idle.0),
        expect: said(&table.expect, uses, reader),
        extract: Vec::new(),
    })
}

/// What ends a stream.
fn until(at: &At<UntilAsk>, reader: &mut Reader<'_>) -> Option<Until> {
    match &at.value {
        UntilAsk::Data(text) => {
            let hint = "write the data of the stream's last event, such as \"[DONE]\"";
            live::refuse(text, "this", hint, reader);
            let text = words(text, hint, &mut Vec::new(), reader)?;
            Some(Until::Data(text.source().to_owned()))
        }
        UntilAsk::Said(table) => {
            let held = holds(table, &at.span, &mut Vec::new(), reader);
            if held.varies() {
                let hint = "write what the last event holds of every stream".to_owned();
                reader.fault(at.span.clone(), "`until` cannot hold a template", hint);
            }
            Some(Until::Said(held))
        }
    }
}

/// What events or messages hold, where that is said.
pub(super) fn said(slot: &Slot<SaidTable>, uses: &mut Vec<Use>, reader: &mut Reader<'_>) -> Said {
    slot.get().map_or_else(Said::default, |at| holds(&at.value, &at.span, uses, reader))
}

fn holds(
    table: &SaidTable,
    span: &Range<usize>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Said {
    if table.contains.is_absent() && table.lacks.is_absent() && table.json.is_absent() {
        let hint = "write `{ contains = \"text\" }`".to_owned();
        reader.fault(span.clone(), "this says nothing that can be checked", hint);
    }
    let mut texts = |list: &Slot<OneOrMany<Text>>, reader: &mut Reader<'_>| {
        let all = list.value().into_iter().flat_map(|list| &list.0);
        let hint = "every text contains the empty one";
        all.filter_map(|text| words(text, hint, uses, reader)).collect()
    };
    let (contains, lacks) = (texts(&table.contains, reader), texts(&table.lacks, reader));
    let Nodes { same: json, own } = nodes(table.json.value(), uses, reader);
    Said { contains, lacks, json, own }
}

/// A text that is not empty.
fn words(
    at: &At<Text>,
    hint: &str,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    if at.value.value.is_empty() {
        reader.fault(at.span.clone(), "an empty text says nothing", hint.to_owned());
        return None;
    }
    live::text(at, uses, reader)
}
