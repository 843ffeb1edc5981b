//! What a head says of its body's length, and of the connection (RFC 9112, sections 6.3 and 9.3).

use httparse::Header;

use super::fault::Fault;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// The last transfer coding.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    #[default]
    None,
    Chunked,
    Other,
}

/// What the headers of an answer say.
#[derive(Default)]
struct Said {
    length: Option<u64>,
    coding: Coding,
    close: bool,
    keep: bool,
}

/// How the body ends, and whether the connection stays. `modern` is HTTP/1.1, `bodiless` an answer
/// that has no body whatever its headers say.
pub(super) fn framing(
    headers: &[Header<'_>],
    modern: bool,
    bodiless: bool,
) -> Result<(Framing, bool), Fault> {
    let said = read(headers)?;
    let coded = said.coding != Coding::None;
    if coded && said.length.is_some() {
        return Err(Fault::malformed("both content-length and transfer-encoding"));
    }
    if coded && !modern {
        return Err(Fault::malformed("a transfer-encoding in HTTP/1.0"));
    }
    let framing = match said.length {
        _ if bodiless => Framing::Length(0),
        Some(length) => Framing::Length(length),
        None if said.coding == Coding::Chunked => Framing::Chunked,
        None => Framing::UntilClose,
    };
    let stays = !said.close && (modern || said.keep) && framing != Framing::UntilClose;
    Ok((framing, stays))
}

fn read(headers: &[Header<'_>]) -> Result<Said, Fault> {
    let mut said = Said::default();
    for header in headers {
        // Compared by length first: most headers are none of these.
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                said.length = Some(content_length(header.value, said.length)?);
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                for coding in tokens(header.value) {
                    if said.coding == Coding::Chunked {
                        return Err(Fault::malformed("a coding behind `chunked`"));
                    }
                    let chunked = coding.eq_ignore_ascii_case(b"chunked");
                    said.coding = if chunked { Coding::Chunked } else { Coding::Other };
                }
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for token in tokens(header.value) {
                    said.close |= token.eq_ignore_ascii_case(b"close");
                    said.keep |= token.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            _ => {}
        }
    }
    Ok(said)
}

/// The value of a content-length header, the same as any before.
fn content_length(value: &[u8], before: Option<u64>) -> Result<u64, Fault> {
    let mut length = before;
    for token in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        let digits = !token.is_empty() && token.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(token).ok().filter(|_| digits);
        let Some(number) = number.and_then(|text| text.parse().ok()) else {
            return Err(Fault::malformed("a content-length that is no number"));
        };
        if length.is_some_and(|length| length != number) {
            return Err(Fault::malformed("two content-lengths that differ"));
        }
        length = Some(number);
    }
    length.ok_or_else(|| Fault::malformed("an empty content-length"))
}

/// The members of a comma-separated list.
fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|token| !token.is_empty())
}

/// Why bytes are not the head of an answer.
pub(super) fn not_http(error: httparse::Error, bytes: &[u8]) -> &'static str {
    match error {
        // A TLS alert or handshake record.
        _ if matches!(bytes, [0x15 | 0x16, 3, ..]) => "TLS came: is the target https://?",
        httparse::Error::TooManyHeaders => "more than 100 headers",
        httparse::Error::HeaderName | httparse::Error::HeaderValue => "a header that is none",
        httparse::Error::Version | httparse::Error::Status | httparse::Error::Token => {
            "a status line that is none"
        }
        httparse::Error::NewLine => "a line that does not end as lines do",
    }
}
