//! `ws` and `talk` as they are written, made into what is said on a WebSocket.

use super::events::{SaidTable, said};
use super::json::Json;
use super::live;
use super::reader::{At, Reader, Text, table};
use super::stream::{Exchange, Socket, Stream};
use super::value::{Int, Lasting, Many};

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
        /// How long it may take, all of it; the deadline of the request holds besides.
        within: Lasting,
    }
}

/// The keys of a request that only a WebSocket has.
#[derive(Clone)]
pub(super) struct Written<'w> {
    pub(super) subprotocol: Option<&'w At<Text>>,
    pub(super) talk: Option<&'w At<Many<ExchangeTable>>>,
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
    pub(super) fn stream(&self, reader: &mut Reader<'_>) -> Stream {
        let exchanges = self.talk.into_iter().flat_map(|many| &many.value.0);
        let talk = exchanges.filter_map(|at| exchange(at, reader)).collect();
        let subprotocol = self.subprotocol.and_then(|at| token(at, reader));
        Stream::Socket(Socket { subprotocol, talk })
    }
}

fn exchange(at: &At<ExchangeTable>, reader: &mut Reader<'_>) -> Option<Exchange> {
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
    if let (Some(expect), 0) = (table.expect.get(), messages) {
        let hint = "leave `messages` out to await one".to_owned();
        reader.fault(expect.span.clone(), "nothing is awaited that could be as expected", hint);
    }
    let hint = "write a message that is the same for all";
    if let Some(text) = table.send.get() {
        live::refuse(text, "a message", hint, reader);
    }
    let template = table.json.get().and_then(|json| json.value.live.first());
    if let Some(text) = template {
        live::refuse(text, "a message", hint, reader);
    }
    let text = table.send.value().map(|text| text.value.clone());
    let json = table.json.value().map(|json| json.value.to_string());
    Some(Exchange {
        send: text.or(json),
        messages,
        expect: said(&table.expect, reader),
        within: table.within.value().map(|within| within.0),
    })
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
