//! `expect` as it is written, made into rules: the same for all users, or each user's own.

use serde_json_path::JsonPath;

use super::ask::{self, HeaderAsk, JsonAsk};
use super::live::{self, Use};
use super::reader::{At, Reader};
use super::scenario::Wanted;
use super::{Expect, JsonRule};
use crate::script::json::Query;
use crate::script::template::{Place, Template};

/// What makes an answer good: what is the same for all users, and what is written anew for each.
pub(super) fn rules(
    at: &At<ask::Expect>,
    method: &str,
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) -> (Expect, Vec<Wanted>) {
    let asked = &at.value;
    let mut expect = Expect {
        status: asked.status.value().map(|list| list.0.iter().map(|at| at.value.0).collect()),
        ..Expect::default()
    };
    let mut wanted = Vec::new();
    for text in asked.body.value().iter().flat_map(|body| &body.0) {
        if text.value.live {
            let template = live::template(text, Place::Body, uses, reader);
            wanted.extend(template.map(Wanted::Body));
        } else {
            expect.body.push(text.value.value.clone());
        }
    }
    for (key, value) in asked.header.value().iter().flat_map(|dict| &dict.0) {
        header_name_is_good(key, reader);
        header(key, &value.value, (&mut expect, &mut wanted), uses, reader);
    }
    let codes = asked.grpc.value().into_iter().flat_map(|list| &list.0);
    expect.grpc.extend(codes.map(|at| at.value.0));
    for (key, value) in asked.json.value().iter().flat_map(|dict| &dict.0) {
        match JsonPath::parse(&key.value) {
            Ok(path) => json(path, &value.value, (&mut expect, &mut wanted), uses, reader),
            Err(wrong) => {
                let message = format!("`{}` is not a JSON path: {}", key.value, wrong.message());
                let hint = "write one such as `\"$.items[0].id\"`".to_owned();
                reader.fault(key.span.clone(), message, hint);
            }
        }
    }
    let looks = |wanted: &Wanted| matches!(wanted, Wanted::Body(_) | Wanted::Json(..));
    if method == "HEAD" && (expect.needs_body() || wanted.iter().any(looks)) {
        let hint = "expect a `status` or a `header` instead".to_owned();
        reader.fault(at.span.clone(), "an answer to HEAD has no body", hint);
    }
    (expect, wanted)
}

fn header(
    key: &At<String>,
    asked: &HeaderAsk,
    (expect, wanted): (&mut Expect, &mut Vec<Wanted>),
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) {
    let name = key.value.to_ascii_lowercase();
    let Some(text) = asked.text.as_ref().filter(|text| text.value.live) else {
        expect.headers.push((name, asked.rule.clone()));
        return;
    };
    let value = live::template(text, Place::Header, uses, reader);
    let whole = asked.is_whole();
    wanted.extend(value.map(|value| Wanted::Header { name, value, whole }));
}

fn json(
    path: JsonPath,
    asked: &JsonAsk,
    (expect, wanted): (&mut Expect, &mut Vec<Wanted>),
    uses: &mut Vec<Use>,
    reader: &mut Reader<'_>,
) {
    let live = match &asked.rule {
        JsonRule::Equals(_) => asked.json.as_ref().filter(|json| !json.live.is_empty()),
        JsonRule::Present | JsonRule::NotEmpty => None,
    };
    let Some(value) = live else {
        expect.json.push((path, asked.rule.clone()));
        return;
    };
    let parse = || Template::parse_json(&value.script);
    let template = live::whole(&value.live, Place::JsonString, parse, uses, reader);
    wanted.extend(template.map(|template| Wanted::Json(Query::from(path), template)));
}

/// RFC 9110, section 5.6.2: a field name is a token.
pub(super) fn header_name_is_good(key: &At<String>, reader: &mut Reader<'_>) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if key.value.is_empty() || !key.value.bytes().all(token) {
        let message = format!("`{}` cannot be the name of a header", key.value);
        reader.fault(key.span.clone(), message, "write one such as `x-request-id`".to_owned());
    }
}
