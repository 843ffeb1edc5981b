//! Messages of gRPC: made from JSON by the description of their shape, framed, and read again.

use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::{FileDescriptorProto, FileDescriptorSet};
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, SerializeOptions};
use serde_json::Value;

use super::misfit::{Misfit, misfits, told};

/// The largest message that is made or read, in bytes.
pub const MESSAGE_CAP: usize = 64 * 1024 * 1024;
/// The bytes in front of each message: a flag for compression, and the length.
const PREFIX: usize = 5;

/// What services offer: their methods, and the shapes of their messages.
#[derive(Clone, Debug)]
pub struct Descriptors(DescriptorPool);

/// A method of a service that takes one message and answers with one.
#[derive(Clone, Debug)]
pub struct Method {
    name: String,
    input: MessageDescriptor,
    output: MessageDescriptor,
}

/// Why there is no such method, or none that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Half a sentence that names the method.
    pub why: String,
    /// What to do.
    pub hint: String,
}

/// Why bytes are not the one message that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// What came is no message, or not exactly one.
    Malformed(&'static str),
    /// It is larger than [`MESSAGE_CAP`].
    TooLarge,
}

impl Descriptors {
    /// Reads a set of compiled files, as `protoc --descriptor_set_out` writes it. The files of
    /// `google/protobuf` may be left out.
    ///
    /// # Errors
    /// Why the bytes are not such a set, in half a sentence.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        FileDescriptorSet::decode(bytes).map_err(|_| "it is no set of descriptors".to_owned())?;
        let pool = DescriptorPool::decode(bytes).or_else(|first| {
            let mut known = DescriptorPool::global();
            known.decode_file_descriptor_set(bytes).map(|()| known).map_err(|_| first)
        });
        let pool = pool.map_err(|error| told(&error.to_string()))?;
        if pool.services().len() == 0 {
            return Err("it describes no service".to_owned());
        }
        Ok(Self(pool))
    }

    /// Puts compiled files together, in whatever order they came.
    ///
    /// # Errors
    /// Why they do not fit together, in half a sentence.
    pub fn of(mut files: Vec<FileDescriptorProto>) -> Result<Self, String> {
        let mut pool = DescriptorPool::new();
        // Those of Google are known here; some services leave them out.
        let mut at = 0;
        while let Some(needed) = files.get(at).map(|file| file.dependency.clone()) {
            for name in needed {
                let google = DescriptorPool::global().get_file_by_name(&name);
                if let Some(google) = google.filter(|_| files.iter().all(|one| one.name() != name))
                {
                    files.push(google.file_descriptor_proto().clone());
                }
            }
            at += 1;
        }
        let added = pool.add_file_descriptor_protos(files);
        added.map_err(|error| told(&error.to_string()))?;
        Ok(Self(pool))
    }

    /// The method of that name: `shop.v1.Cart/Add`.
    ///
    /// # Errors
    /// There is none, with the nearest one as a hint; or it is a stream.
    pub fn method(&self, name: &str) -> Result<Method, Unknown> {
        let (service, short) = name.rsplit_once('/').unwrap_or((name, ""));
        let Some(found) = self.0.get_service_by_name(service) else {
            let services = self.0.services().map(|one| one.full_name().to_owned());
            return Err(unknown(&format!("there is no service `{service}`"), service, services));
        };
        let Some(method) = found.methods().find(|method| method.name() == short) else {
            let methods = found.methods().map(|one| format!("{service}/{}", one.name()));
            return Err(unknown(&format!("there is no method `{name}`"), name, methods));
        };
        if method.is_client_streaming() || method.is_server_streaming() {
            let why = format!("`{name}` is a stream");
            let hint = "only methods with one message each way can be asked".to_owned();
            return Err(Unknown { why, hint });
        }
        Ok(Method { name: name.to_owned(), input: method.input(), output: method.output() })
    }
}

/// Nothing has that name: what was meant, or what there is.
fn unknown(why: &str, name: &str, among: impl Iterator<Item = String>) -> Unknown {
    let mut among: Vec<String> = among.collect();
    among.sort();
    let distance = |known: &String| strsim::osa_distance(name, known);
    let near = among.iter().min_by_key(|known| distance(known));
    let hint = match near.filter(|known| distance(known) <= 3.max(name.len() / 5)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if among.is_empty() => "it describes none".to_owned(),
        None => {
            let listed: Vec<String> = among.into_iter().take(20).collect();
            format!("there is {}", listed.join(", "))
        }
    };
    Unknown { why: why.to_owned(), hint }
}

impl Method {
    /// Its full name, `shop.v1.Cart/Add`: the path of its requests behind a `/`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everything in a message that does not fit its shape. Texts with tags may stand for any value
    /// that is written as a text.
    #[must_use]
    pub fn misfits(&self, message: &Value) -> Vec<Misfit> {
        misfits(&self.input, message)
    }

    /// A message from JSON, encoded and framed for the wire.
    ///
    /// # Errors
    /// Why it does not fit its shape, in words that name no value.
    pub fn frame(&self, json: &[u8]) -> Result<Vec<u8>, String> {
        let mut from = serde_json::Deserializer::from_slice(json);
        let message = DynamicMessage::deserialize(self.input.clone(), &mut from);
        let message = match message {
            Ok(message) => message,
            Err(_) => self.fitted(json)?,
        };
        let length = message.encoded_len();
        if length > MESSAGE_CAP {
            return Err("the message is larger than 64 MiB".to_owned());
        }
        let mut frame = Vec::with_capacity(PREFIX + length);
        frame.push(0);
        let told = u32::try_from(length).expect("64 MiB fit in 32 bits");
        frame.extend_from_slice(&told.to_be_bytes());
        message.encode_raw(&mut frame);
        Ok(frame)
    }

    /// A message with `"true"` where `true` is meant, as templates write it.
    fn fitted(&self, json: &[u8]) -> Result<DynamicMessage, String> {
        let read = serde_json::from_slice::<Value>(json);
        let mut value = read.map_err(|_| "the message is not JSON".to_owned())?;
        flags(&self.input, &mut value);
        DynamicMessage::deserialize(self.input.clone(), &value).map_err(|error| {
            match self.misfits(&value).first() {
                Some(misfit) if !misfit.path.is_empty() => {
                    format!("`{}` {}", misfit.path.join("."), misfit.why)
                }
                Some(_) | None => told(&error.to_string()),
            }
        })
    }

    /// The JSON of the one message in an answer: names as JSON has them, every field, numbers as
    /// numbers.
    ///
    /// # Errors
    /// There is not exactly one message of that shape.
    pub fn read(&self, frames: &[u8]) -> Result<Vec<u8>, Unread> {
        const OPTIONS: SerializeOptions =
            SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
        let unread = |_| Unread::Malformed("the message is not of its shape");
        let payload = payload(frames)?;
        let message = DynamicMessage::decode(self.output.clone(), payload).map_err(unread)?;
        let mut json = Vec::with_capacity(payload.len() * 2);
        let mut into = serde_json::Serializer::new(&mut json);
        let unwritten = |_| Unread::Malformed("the message has a value that JSON has not");
        message.serialize_with_options(&mut into, &OPTIONS).map_err(unwritten)?;
        Ok(json)
    }
}

/// The bytes of the one message in an answer (gRPC over HTTP/2, "Length-Prefixed-Message").
///
/// # Errors
/// There is none, more than one, half of one, or one that is compressed, which nobody asked for.
pub fn payload(frames: &[u8]) -> Result<&[u8], Unread> {
    let Some((prefix, rest)) = frames.split_at_checked(PREFIX) else {
        let none = if frames.is_empty() { "no message came" } else { "the message is cut short" };
        return Err(Unread::Malformed(none));
    };
    match prefix[0] {
        0 => {}
        1 => return Err(Unread::Malformed("the message is compressed, which nobody asked for")),
        _ => return Err(Unread::Malformed("what came does not begin as a message does")),
    }
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    if length > MESSAGE_CAP {
        return Err(Unread::TooLarge);
    }
    match rest.len().cmp(&length) {
        std::cmp::Ordering::Less => Err(Unread::Malformed("the message is cut short")),
        std::cmp::Ordering::Greater => Err(Unread::Malformed("more than one message came")),
        std::cmp::Ordering::Equal => Ok(rest),
    }
}

/// Makes flags of the texts `"true"` and `"false"` where a shape has flags.
fn flags(shape: &MessageDescriptor, value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for (name, member) in members {
        let field = shape.get_field_by_name(name).or_else(|| shape.get_field_by_json_name(name));
        let Some(field) = field else { continue };
        if let Some(items) = member.as_array_mut().filter(|_| field.is_list()) {
            for item in items {
                flag(&field.kind(), item);
            }
        } else if !field.is_map() {
            flag(&field.kind(), member);
        }
    }
}

fn flag(kind: &Kind, member: &mut Value) {
    if let Kind::Message(inner) = kind {
        return flags(inner, member);
    }
    let read = match member.as_str() {
        Some("true" | "True") => true,
        Some("false" | "False") => false,
        Some(_) | None => return,
    };
    if matches!(kind, Kind::Bool) {
        *member = read.into();
    }
}
