//! Bodies of several parts (RFC 7578), taken apart and put together; files are left out.

use super::body::Body;
use super::conceal::Conceal;
use super::text::Text;

const BOUNDARY: &str = "loadgate-part";

/// A field of a form.
pub(super) struct Part {
    /// Its name.
    pub(super) name: String,
    /// Its value; `None` for a file.
    pub(super) value: Option<Text>,
}

/// Puts a body together, and says how many files were left out of it.
pub(super) fn body(parts: Vec<Part>, conceal: &mut Conceal) -> (Body, usize) {
    let mut text = Text::default();
    let mut files = 0;
    for part in parts {
        let Some(value) = part.value else {
            files += 1;
            continue;
        };
        let name: String =
            part.name.chars().filter(|sign| !sign.is_control() && *sign != '"').collect();
        text.push(&format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n"
        ));
        text.append(conceal.field(&part.name, value));
        text.push("\r\n");
    }
    text.push(&format!("--{BOUNDARY}--\r\n"));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    (Body::Plain { text, content_type: Some(kind) }, files)
}

/// Takes a recorded body apart; what has no name is dropped.
pub(super) fn parts(content_type: &str, text: &str) -> Vec<Part> {
    let Some((_, boundary)) = content_type.split_once("boundary=") else { return Vec::new() };
    let boundary = boundary.split(';').next().unwrap_or_default().trim().trim_matches('"');
    if boundary.is_empty() {
        return Vec::new();
    }
    text.split(&format!("--{boundary}")).filter_map(part).collect()
}

fn part(text: &str) -> Option<Part> {
    let (head, value) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    let name = quoted(head, " name=\"")?;
    let file = quoted(head, "filename=\"").is_some();
    let value = value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value);
    Some(Part { name, value: (!file).then(|| Text::plain(value)) })
}

fn quoted(head: &str, before: &str) -> Option<String> {
    let (_, rest) = head.split_once(before)?;
    rest.split('"').next().map(str::to_owned)
}
