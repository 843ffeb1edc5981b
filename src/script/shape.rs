//! JSON Schemas that answers fit, read once.

use std::fmt;

use jsonschema::{PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value;

/// A JSON Schema, ready to be used.
#[derive(Clone)]
pub struct Shape {
    /// The file it stands in, by its name in the gate file.
    pub file: String,
    validator: Validator,
}

/// Where a value does not fit its schema.
#[derive(Debug)]
pub struct Unlike<'a> {
    /// The place in the value, as a JSON pointer (RFC 6901); empty for the whole.
    pub place: String,
    /// The keyword that is not met: `type`, `required`.
    pub keyword: String,
    /// What stands there.
    pub value: &'a Value,
}

/// No schema leads out of its own file.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("it leads out of the file".into())
    }
}

impl Shape {
    /// Reads a schema. Its draft is the one it names, else 2020-12.
    ///
    /// # Errors
    /// Why it is no schema, with the place in it where that is known.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, String> {
        let schema: Value =
            serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))?;
        let validator = jsonschema::options()
            .with_retriever(Nowhere)
            // Matched in linear time, whatever a service sends.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| {
                let place = error.instance_path().to_string();
                let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
                format!("{at}{error}")
            })?;
        Ok(Self { file: file.to_owned(), validator })
    }

    /// The first place where a value does not fit.
    #[must_use]
    pub fn unlike<'a>(&self, value: &'a Value) -> Option<Unlike<'a>> {
        if self.validator.is_valid(value) {
            return None;
        }
        let error = self.validator.validate(value).err()?;
        let place = error.instance_path().to_string();
        let found = value.pointer(&place).unwrap_or(value);
        let path = error.schema_path().to_string();
        let keyword = path.rsplit('/').next().unwrap_or_default().to_owned();
        Some(Unlike { keyword, place, value: found })
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Shape({})", self.file)
    }
}
