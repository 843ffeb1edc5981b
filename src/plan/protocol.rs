//! `graphql` and `grpc` exactly as they are written.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::Spanned;
use toml::de::DeValue;

use super::json::Json;
use super::reader::{Node, Read, Reader, Text, table};
use super::value::Dict;

table! {
    /// An operation of GraphQL, sent as JSON to the path of a POST request.
    Graphql as "`graphql = { query = \"{ products { id } }\" }`" {
        /// The document: a query or a mutation.
        query (required): Text,
        /// The values of its variables.
        variables: Json,
        /// Which operation of the document it is. It is part of the endpoint's default name.
        operation: Text,
    }
}

table! {
    /// A call of a gRPC method that takes one message and answers with one.
    Grpc as "`grpc = { method = \"shop.v1.Cart/Add\", message = { id = 1 } }`" {
        /// The method's full name, such as shop.v1.Cart/Add. It is the endpoint's default name.
        method (required): Text,
        /// The message, as JSON has it. Default: an empty one.
        message: Message,
        /// Headers of the call, beside the target's.
        metadata: Dict<Text>,
        /// A compiled description of the service (a descriptor set of protoc), beside the gate
        /// file. Default: the service is asked before the load, by reflection.
        descriptor: Text,
    }
}

/// A message as JSON has it, and where each part of it stands.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) json: Json,
    /// The spans of names and of values, by the way to them.
    pub(super) spans: BTreeMap<Vec<String>, (Range<usize>, Range<usize>)>,
}

impl Read for Message {
    fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.table(node, "`message = { id = 1 }`")?;
        let json = Json::read(node, reader)?;
        let mut spans = BTreeMap::new();
        places(&mut Vec::new(), node.value.span(), node.value, &mut spans);
        Some(Self { json, spans })
    }
}

fn places(
    path: &mut Vec<String>,
    name: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    spans: &mut BTreeMap<Vec<String>, (Range<usize>, Range<usize>)>,
) {
    spans.insert(path.clone(), (name, value.span()));
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, inner) in table {
                path.push(key.get_ref().to_string());
                places(path, key.span(), inner, spans);
                path.pop();
            }
        }
        DeValue::Array(array) => {
            for (place, inner) in array.iter().enumerate() {
                path.push(place.to_string());
                places(path, inner.span(), inner, spans);
                path.pop();
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

impl JsonSchema for Message {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Message".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object" })
    }
}
