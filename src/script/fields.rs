//! Bodies with fields as sources of templates: tags as they are, all else escaped.

use super::quote::{url_encoded, write_escaped};
use super::tags::{has_tag, tags};
use super::template::{BadTemplate, Place, Template};

impl Template {
    /// Reads a template for a body out of a JSON value, whose texts and keys may hold tags.
    /// Values are escaped, so that the body stays JSON.
    ///
    /// # Errors
    /// The first fault of a text; its place is counted within that text.
    pub fn parse_json(value: &serde_json::Value) -> Result<Self, BadTemplate> {
        let mut source = String::new();
        write_json(&mut source, value)?;
        Self::parse_for(Place::JsonString, &source)
    }

    /// Reads a template for a form out of names and values of its fields, which may hold tags.
    /// Texts and values are encoded, so that no value can add a field.
    ///
    /// # Errors
    /// The first fault of a text; its place is counted within that text.
    pub fn parse_form(fields: &[(String, String)]) -> Result<Self, BadTemplate> {
        let mut source = String::new();
        for (place, (name, value)) in fields.iter().enumerate() {
            source.push_str(if place > 0 { "&" } else { "" });
            write_form_text(&mut source, name)?;
            source.push('=');
            write_form_text(&mut source, value)?;
        }
        Self::parse_for(Place::Form, &source)
    }
}

/// Writes JSON as the source of a template: tags as they are, all else escaped.
fn write_json(out: &mut String, value: &serde_json::Value) -> Result<(), BadTemplate> {
    use serde_json::Value as Json;
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => out.push_str(&value.to_string()),
        Json::String(text) => write_json_text(out, text)?,
        Json::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write_json(out, item)?;
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (place, (name, item)) in members.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write_json_text(out, name)?;
                out.push(':');
                write_json(out, item)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_json_text(out: &mut String, text: &str) -> Result<(), BadTemplate> {
    let escape = |out: &mut String, text: &str| {
        write_escaped(out, text).expect("a String takes every text");
    };
    // Read on its own first, so that a fault is found where the text was written.
    Template::parse_for(Place::JsonString, text)?;
    out.push('"');
    let mut from = 0;
    for tag in tags(text) {
        escape(out, &text[from..tag.start]);
        let raw = !tag.is_value && tag.tokens.first().is_some_and(|token| token.text == "raw");
        let tag_text = &text[tag.start..tag.end];
        if raw {
            escape(out, tag_text);
        } else {
            out.push_str(tag_text);
        }
        from = tag.end;
    }
    escape(out, &text[from..]);
    out.push('"');
    debug_assert!(has_tag(text) || from == 0, "a text without tags is escaped whole");
    Ok(())
}

fn write_form_text(out: &mut String, text: &str) -> Result<(), BadTemplate> {
    Template::parse_for(Place::Form, text)?;
    let mut from = 0;
    for tag in tags(text) {
        out.push_str(&url_encoded(&text[from..tag.start]));
        let tag_text = &text[tag.start..tag.end];
        let raw = !tag.is_value && tag.tokens.first().is_some_and(|token| token.text == "raw");
        match tag_text.split_once("%}").filter(|_| raw) {
            // Encoded, what stands in it needs no braces around it any more.
            Some((_, inner)) => {
                let inner = inner.rsplit_once("{%").map_or(inner, |(inner, _)| inner);
                out.push_str(&url_encoded(inner));
            }
            None => out.push_str(tag_text),
        }
        from = tag.end;
    }
    out.push_str(&url_encoded(&text[from..]));
    Ok(())
}
