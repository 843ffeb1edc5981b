//! The functions and filters of templates, beside those that the template engine has itself.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use minijinja::value::Rest;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::quote::{Unwritten, json_of, text_of, url_encoded};
use super::state::{SELF, User};

/// The functions a template may call.
pub const FUNCTIONS: [&str; 11] = [
    "base64",
    "choice",
    "dict",
    "hmac_sha256",
    "int",
    "json",
    "now",
    "range",
    "sha256",
    "urlencode",
    "uuid",
];

/// Why one of our functions gave no value; never with a value in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) Cow<'static, str>);

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::from(ErrorKind::InvalidOperation).with_source(refused)
    }
}

fn refuse<T>(why: &'static str) -> Result<T, Error> {
    Err(Refused(Cow::Borrowed(why)).into())
}

impl From<Unwritten> for Error {
    fn from(why: Unwritten) -> Self {
        match why {
            Unwritten::TooLong => Self::from(ErrorKind::WriteFailure),
            Unwritten::NoValue => Self::from(ErrorKind::UndefinedError),
            Unwritten::Control => Refused(Cow::Borrowed(CONTROL)).into(),
        }
    }
}

/// Why a value cannot stand in a header.
pub(super) const CONTROL: &str =
    "it holds a line break or another control character, which a header cannot carry";

/// Makes the functions and filters known, and takes away those that show or pile up too much.
pub(super) fn register(environment: &mut Environment<'static>) {
    environment.remove_global("debug");
    environment.remove_global("namespace");
    environment.add_function("uuid", uuid);
    environment.add_function("int", int);
    environment.add_function("choice", choice);
    environment.add_function("now", now);
    environment.add_function("base64", base64);
    environment.add_function("hmac_sha256", hmac_sha256);
    environment.add_function("sha256", sha256);
    environment.add_function("urlencode", urlencode);
    environment.add_function("json", json);
    environment.add_filter("base64", base64);
    environment.add_filter("sha256", sha256);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("json", json);
    environment.add_filter("tojson", json);
}

/// The user that a template is rendered for.
fn user(state: &State) -> Result<Arc<User>, Error> {
    let user = state.lookup(SELF).and_then(|value| value.downcast_object::<User>());
    user.ok_or_else(|| Refused(Cow::Borrowed("there is no user to ask")).into())
}

/// A random UUID (RFC 9562, version 4) out of the user's stream.
fn uuid(state: &State) -> Result<String, Error> {
    let user = user(state)?;
    let (high, low) = (user.draws().draw(), user.draws().draw());
    let high = high & !0xF000 | 0x4000;
    let low = low >> 2 | 1 << 63;
    let digits = format!("{high:016x}{low:016x}");
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(groups.join("-"))
}

/// A whole number from the first to the second, both included.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn int(state: &State, from: Value, to: Value) -> Result<i64, Error> {
    let (from, to) = (whole(&from)?, whole(&to)?);
    if from > to {
        return refuse("the first number is above the second");
    }
    let user = user(state)?;
    let above = match to.abs_diff(from).checked_add(1) {
        Some(limit) => user.draws().draw_below(limit),
        None => user.draws().draw(),
    };
    Ok(from.wrapping_add_unsigned(above))
}

/// A whole number, also where it was read as text.
fn whole(value: &Value) -> Result<i64, Error> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => value.as_i64(),
    };
    number.map_or_else(|| refuse("it takes two whole numbers"), Ok)
}

/// One of the arguments, or one item of a list.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn choice(state: &State, of: Rest<Value>) -> Result<Value, Error> {
    let items: Cow<'_, [Value]> = match of.as_slice() {
        [list] if list.as_str().is_none() && list.len().is_some() => {
            let len = list.len().unwrap_or_default() as u64;
            state.consume_fuel(len)?;
            Cow::Owned(list.try_iter()?.collect())
        }
        items => Cow::Borrowed(items),
    };
    if items.is_empty() {
        return refuse("there is nothing to choose from");
    }
    let drawn = user(state)?.draws().draw_below(items.len() as u64);
    let place = usize::try_from(drawn).expect("it is below a length");
    Ok(items[place].clone())
}

/// The time in UTC: as RFC 3339 has it, in seconds or milliseconds, or by a format of strftime.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn now(state: &State, format: Option<String>) -> Result<Value, Error> {
    let since_epoch: Duration = user(state)?.now();
    let format = match format.as_deref() {
        Some("unix") => return Ok(Value::from(since_epoch.as_secs())),
        Some("unix_ms") => return Ok(Value::from(whole_millis(since_epoch))),
        format => format,
    };
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds) else {
        return refuse("the time is beyond the calendar");
    };
    let Ok(time) = time.replace_nanosecond(since_epoch.subsec_nanos()) else {
        return refuse("the time is beyond the calendar");
    };
    let text = match format {
        None => time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339),
        Some(format) => {
            let why = "it knows \"unix\", \"unix_ms\" and formats such as \"%Y-%m-%d\"";
            let items = time::format_description::parse_strftime_borrowed(format);
            match items {
                Ok(items) if format.contains('%') => time.format(&items),
                _ => return refuse(why),
            }
        }
    };
    text.map(Value::from).or_else(|_| refuse("the time cannot be written in this format"))
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The text of an argument, paid for by its length.
fn text(state: &State, value: &Value) -> Result<String, Error> {
    let text = text_of(value)?;
    state.consume_fuel(text.len() as u64 / 16)?;
    Ok(text)
}

/// Base64 with padding (RFC 4648, section 4).
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn base64(state: &State, value: Value) -> Result<String, Error> {
    Ok(STANDARD.encode(text(state, &value)?))
}

/// HMAC with SHA-256 (RFC 2104), in hexadecimal.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn hmac_sha256(state: &State, key: Value, value: Value) -> Result<String, Error> {
    let (key, value) = (text(state, &key)?, text(state, &value)?);
    let mut mac = hmac::Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .expect("a key of HMAC may have any length");
    mac.update(value.as_bytes());
    Ok(hexadecimal(&mac.finalize().into_bytes()))
}

/// SHA-256, in hexadecimal.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn sha256(state: &State, value: Value) -> Result<String, Error> {
    Ok(hexadecimal(&Sha256::digest(text(state, &value)?.as_bytes())))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |bits: u8| char::from(DIGITS[usize::from(bits)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Percent-encoding of all but letters, digits and `-._~`.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn urlencode(state: &State, value: Value) -> Result<String, Error> {
    Ok(url_encoded(&text(state, &value)?))
}

/// JSON, of a text with its quotes.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
fn json(state: &State, value: Value) -> Result<String, Error> {
    let json = json_of(&value)?;
    state.consume_fuel(json.len() as u64 / 16)?;
    Ok(json)
}
