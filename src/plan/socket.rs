//! `ws` and `talk` as they are written, made into what is said on a WebSocket.

use super::events::{SaidTable, said};
use super::json::Json;
use super::live::{self, Use};
use super::reader::{At, Reader, Text, table};
use super::stream::{Exchange, Socket, Stream};
use super::take::{Take, extracts, of_body};
use super::value::{Dict, Int, Lasting, Many};
use crate::script::extract::Extract;
use crate::script::template::{Place, Template};

table! {
    /// A message sent on a WebSocket, messages awaited, or both.
    ExchangeTable as "`talk = [{ send = \"ping\", expect = { contains = \"pong\" } }]`" {
        /// A message that is sent, as text.
        send: Text,
        /// A message that is sent: any value, as JSON.
        json: Json,
        /// How many messages are awaited that are as expected; others are passed over. Default: 1.
        messages: Int<0, 1_000_000>,
        /// What each of the messages awaited holds.
        expect: SaidTable,
        /// What is taken out of the last of the messages awaited, by the name that templates know
        /// it by: the next exchange already may send it.
        extract: Dict<Take>,
        /// How long it may take, all of it; the deadline of the request holds besides.
        within: Lasting,
    }
}

/// The keys of a request that only a WebSocket has.
#[derive(Clone)]
pub(super) struct Written<'w> {
    pub(super) subprotocol: Option<&'w At<Text>>,
    pub(super) talk: Option<&'w At<Many<ExchangeTable>>>,
    /// What its step takes out of the answer that opens it.
    pub(super) extract: Vec<Extract>,
}

impl Written<'_> {
    /// Tells of what stands at a request that opens no WebSocket.
    pub(super) fn refuse(&self, reader: &mut Reader<'_>) {
        let spans = [
            ("subprotocol", self.subprotocol.map(|at| at.span.clone())),
            ("talk", self.talk.map(|at| at.span.clone())),
        ];
        for (key, span) in spans {
            let Some(span) = span else { continue };
            let hint = "write `ws = \"/path\"` instead of a method".to_owned();
            reader.fault(span, format!("`{key}` belongs to a WebSocket"), hint);
        }
    }

    /// What is said on the WebSocket.
    pub(super) fn stream(&self, uses: &mut Vec<Use>, reader: &mut Reader<'_>) -> Stream {
        let mut talk: Vec<Exchange> = Vec::new();
        for at in self.talk.into_iter().flat_map(|many| &many.value.0) {
            let mut asked = Vec::new();
            let made = exchange(at, &mut asked, reader);
            // What was taken out of the first answer or an earlier message is known.
            let messages = talk.iter().flat_map(|one| &one.extract);
            let taken = self.extract.iter().chain(messages).map(|one| &*one.into);
            let taken: Vec<&str> = taken.collect();
            asked.retain(|one| !taken.contains(&one.path.split('.').next().unwrap_or_default()));
            uses.extend(asked);
            talk.extend(made);
        }
        let subprotocol = self.subprotocol.and_then(|at| token(at, reader));
        Stream::Socket(Socket { subprotocol, extract: self.extract.clone(), talk })
    }
}

/// The names of everything that is taken out of messages.
pub(super) fn taken(talk: Option<&Many<ExchangeTable>>) -> impl Iterator<Item = &At<String>> {
    let exchanges = talk.into_iter().flat_map(|many| &many.0);
    let dicts = exchanges.filter_map(|at| at.value.extract.value());
    dicts.flat_map(|dict| &dict.0).map(|(name, _)| name)
}

fn exchange(
    at: &At<ExchangeTable>,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Exchange> {
    let table = &at.value;
    let messages = table.messages.value().map_or(1, |messages| messages.0);
    if let (Some(_), Some(json)) = (table.send.get(), table.json.get()) {
        let hint = "an exchange sends one message; write another one behind it".to_owned();
        reader.fault(json.span.clone(), "`send` and `json` exclude each other", hint);
    }
    let nothing = table.send.is_absent() && table.json.is_absent() && messages == 0;
    if nothing {
        let hint = "write `send = \"…\"`, or await some `messages`".to_owned();
        reader.fault(at.span.clone(), "an exchange without a message", hint);
        return None;
    }
    let looks = [
        (table.expect.get().map(|at| &at.span), "nothing is awaited that could be as expected"),
        (table.extract.get().map(|at| &at.span), "nothing is awaited that holds a value"),
    ];
    for (span, message) in looks {
        if let Some(span) = span.filter(|_| messages == 0) {
            let hint = "leave `messages` out to await one".to_owned();
            reader.fault(span.clone(), message, hint);
        }
    }
    let extract = extracts(table.extract.value(), reader);
    of_body(&extract, table.extract.value(), reader);
    Some(Exchange {
        send: message(table, uses, reader),
        messages,
        expect: said(&table.expect, uses, reader),
        extract,
        within: table.within.value().map(|within| within.0),
    })
}

/// What is sent.
fn message(
    table: &ExchangeTable,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    if let Some(text) = table.send.get() {
        return live::text(text, uses, reader);
    }
    let json = table.json.value()?;
    if json.live.is_empty() {
        return Some(Template::fixed(&json.value.to_string()));
    }
    let parse = || Template::parse_json(&json.script);
    live::whole(&json.live, Place::JsonString, parse, uses, reader)
}

/// RFC 6455, section 4.1: the name of a subprotocol is a token.
fn token(at: &At<Text>, reader: &mut Reader<'_>) -> Option<String> {
    let name = &at.value.value;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        let hint = "write its name, such as \"graphql-transport-ws\"".to_owned();
        reader.fault(at.span.clone(), "this is not the name of a subprotocol", hint);
        return None;
    }
    Some(name.clone())
}
