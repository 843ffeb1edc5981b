//! `auth` as it is written, made into a header or into a client that gets tokens.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::address::Address;
use super::grant::Grant;
use super::live::refuse;
use super::reader::{At, Node, Read, Reader, Slot, Text, table};
use super::value::{Dict, schemas};
use crate::script::template::{Place, Template};

/// Credentials, or `false` for none.
#[derive(Debug)]
pub(super) struct AuthAsk(Option<Auth>);

table! {
    /// What a request proves its sender by: one of these.
    Auth as "`auth = { bearer = \"${API_TOKEN}\" }`" {
        /// A token, sent as it is (RFC 6750).
        bearer: Text,
        /// A name and a password (RFC 7617).
        basic: Basic,
        /// A token that an authorization server gives to a client (client credentials, RFC 6749):
        /// fetched before the load, and renewed within it.
        oauth2: Oauth2,
    }
}

table! {
    /// A name and a password.
    Basic as "`basic = { user = \"ci\", password = \"${PASSWORD}\" }`" {
        /// The name, without a colon.
        user (required): Text,
        /// The password.
        password (required): Text,
    }
}

table! {
    /// A client that an authorization server gives tokens to.
    Oauth2 as "`oauth2 = { token_url = \"https://…\", client_id = \"ci\", client_secret = … }`" {
        /// The address that gives tokens. Its certificate is trusted as the target's is.
        token_url (required): Text,
        /// Who the client is.
        client_id (required): Text,
        /// How it proves that.
        client_secret (required): Text,
        /// What the token is to allow, words with spaces between them.
        scope: Text,
        /// Whom the token is for, where the server asks for that.
        audience: Text,
    }
}

impl Read for AuthAsk {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value.get_ref().as_bool() {
            Some(false) => return Some(Self(None)),
            Some(true) => {
                let hint = format!("write {}, or `false` for none", Auth::EXAMPLE);
                reader.bad(node, "does not say with what", hint);
                return None;
            }
            None => {}
        }
        let auth = Auth::read(node, reader)?;
        let given = [&auth.bearer.is_absent(), &auth.basic.is_absent(), &auth.oauth2.is_absent()];
        match given.into_iter().filter(|absent| !**absent).count() {
            0 => reader.bad(node, "says nothing", format!("write {}", Auth::EXAMPLE)),
            1 => {}
            _ => {
                let message = "`bearer`, `basic` and `oauth2` exclude each other";
                let hint = "a request has one `authorization`".to_owned();
                reader.fault(node.value.span(), message, hint);
                return None;
            }
        }
        Some(Self(Some(auth)))
    }
}

schemas! {
    AuthAsk, |generator| json_schema!({
        "anyOf": [{ "const": false }, generator.subschema_for::<Auth>()],
    });
}

/// What a request sends of its own to prove who sends it.
#[derive(Default)]
pub(super) struct Proof {
    /// The headers of the request with one more.
    pub(super) headers: Option<Dict<Text>>,
    /// Where the token comes from.
    pub(super) grant: Option<Grant>,
}

/// The proof of a request: its own, or else what it has from its scenario or the target, unless a
/// header of its own says it.
pub(super) fn proof(
    own: Option<&At<AuthAsk>>,
    inherited: Option<&At<AuthAsk>>,
    headers: Option<&Dict<Text>>,
    reader: &mut Reader<'_>,
) -> Proof {
    let is_named = |(key, _): &&(At<String>, _)| key.value.eq_ignore_ascii_case("authorization");
    let named = headers.and_then(|dict| dict.0.iter().find(is_named));
    if let (Some(At { value: AuthAsk(Some(_)), span }), Some(_)) = (own, named) {
        let hint = "write one of them".to_owned();
        let message = "`auth` and the header `authorization` exclude each other";
        reader.fault(span.clone(), message, hint);
        return Proof::default();
    }
    let at = own.or(inherited.filter(|_| named.is_none()));
    let Some(At { value: AuthAsk(Some(auth)), span }) = at else { return Proof::default() };
    let value = auth
        .bearer
        .get()
        .map(|token| At { value: before("Bearer ", &token.value), ..token.clone() });
    let value = value.or_else(|| basic(auth.basic.get()?, reader));
    let headers = value.map(|value| {
        let mut all = headers.map_or_else(Vec::new, |dict| dict.0.clone());
        all.push((At { value: "authorization".to_owned(), span: span.clone() }, value));
        Dict(all)
    });
    Proof { headers, grant: auth.oauth2.get().and_then(|at| grant(&at.value, reader)) }
}

fn before(word: &str, text: &Text) -> Text {
    let [value, shown, template, script] = [&text.value, &text.shown, &text.template, &text.script]
        .map(|text| format!("{word}{text}"));
    Text { value, shown, template, script, ..text.clone() }
}

fn basic(at: &At<Basic>, reader: &mut Reader<'_>) -> Option<At<Text>> {
    let (user, password) = (at.value.user.get()?, at.value.password.get()?);
    if user.value.around("").contains(':') {
        let hint = "behind a colon stands the password".to_owned();
        reader.fault(user.span.clone(), "the name of `basic` holds a colon", hint);
    }
    reader.warn_of_token(&password.value.template, &password.span);
    let (user, password) = (&user.value, &password.value);
    let pair = STANDARD.encode(format!("{}:{}", user.value, password.value));
    let script =
        format!("Basic {{% filter base64 %}}{}:{}{{% endfilter %}}", user.script, password.script);
    let live = user.live || password.live;
    let value = Text {
        value: format!("Basic {pair}"),
        shown: "Basic …".to_owned(),
        template: "Basic …".to_owned(),
        script: if live { script } else { format!("Basic {pair}") },
        filled: user.filled || password.filled,
        live,
        torn: user.torn || password.torn,
    };
    Some(At { value, span: at.span.clone() })
}

fn grant(written: &Oauth2, reader: &mut Reader<'_>) -> Option<Grant> {
    let texts = [&written.token_url, &written.client_id, &written.client_secret];
    for at in texts.into_iter().chain([&written.scope, &written.audience]).filter_map(Slot::get) {
        refuse(at, "the client of an authorization server", "write it out", reader);
    }
    let (url, secret) = (written.token_url.get()?, written.client_secret.get()?);
    reader.warn_of_token(&secret.value.template, &secret.span);
    if !secret.value.filled {
        reader.masks.hide("client_secret", &secret.value.value);
    }
    let Address { secure, host, port, prefix } = match Address::parse(&url.value.value) {
        Ok(address) => address,
        Err(bad) => {
            reader.fault(url.span.clone(), format!("`token_url` {}", bad.why), bad.hint);
            return None;
        }
    };
    let path = if prefix.is_empty() { "/".to_owned() } else { prefix };
    let text = |slot: &Slot<Text>| slot.value().map(|text| text.value.clone());
    Some(Grant {
        secure,
        host,
        port,
        path,
        shown: url.value.shown.trim().to_owned(),
        client_id: text(&written.client_id)?,
        client_secret: text(&written.client_secret)?,
        scope: text(&written.scope),
        audience: text(&written.audience),
    })
}

impl AuthAsk {
    /// The texts that may have values of a user in them.
    fn texts(&self) -> impl Iterator<Item = &At<Text>> {
        let auth = self.0.as_ref();
        let basic = auth.and_then(|auth| auth.basic.value());
        let bearer = auth.and_then(|auth| auth.bearer.get());
        bearer.into_iter().chain(
            basic
                .into_iter()
                .flat_map(|basic| [&basic.user, &basic.password].into_iter().filter_map(Slot::get)),
        )
    }

    /// The names with their attributes that it needs from a user.
    pub(super) fn names(&self) -> Vec<String> {
        let live = self.texts().filter(|at| at.value.live);
        let read = live.filter_map(|at| Template::parse_for(Place::Header, &at.value.script).ok());
        read.flat_map(|template| template.paths()).collect()
    }
}

/// Tells of values of users where there is no user yet.
pub(super) fn for_all(at: &At<AuthAsk>, reader: &mut Reader<'_>) {
    for text in at.value.texts() {
        refuse(text, "what every request proves its sender by", "give it to scenarios", reader);
    }
}
