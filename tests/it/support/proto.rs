//! The compiled description of a made-up shop, as `protoc` would write it.

use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
};

const TIMESTAMP: &str = "google/protobuf/timestamp.proto";

/// The methods of `shop.v1.Odd`.
pub(crate) const ODD: [&str; 14] = [
    "Fine",
    "WrongType",
    "Status503",
    "Compressed",
    "Cut",
    "Two",
    "Nothing",
    "Huge",
    "Garbage",
    "NoStatus",
    "BadStatus",
    "TrailersOnly",
    "Slow",
    "Closed",
];

/// `shop.v1` without the files of Google, as a set.
pub(crate) fn descriptor() -> Vec<u8> {
    FileDescriptorSet { file: vec![shop()] }.encode_to_vec()
}

/// The file of Google that it needs, as a set.
pub(crate) fn google() -> Vec<u8> {
    let file = DescriptorPool::global().get_file_by_name(TIMESTAMP).expect("a known file");
    FileDescriptorSet { file: vec![file.file_descriptor_proto().clone()] }.encode_to_vec()
}

fn shop() -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some("shop/v1/cart.proto".to_owned()),
        package: Some("shop.v1".to_owned()),
        dependency: vec![TIMESTAMP.to_owned()],
        message_type: vec![item(), request(), reply()],
        enum_type: vec![size()],
        service: vec![
            service("Cart", vec![method("Add", false), method("Watch", true)]),
            service("Odd", ODD.iter().map(|name| method(name, false)).collect()),
        ],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    }
}

fn item() -> DescriptorProto {
    let fields = vec![field(1, "id", Type::String), field(2, "quantity", Type::Int32)];
    message("Item", fields)
}

fn request() -> DescriptorProto {
    let mut notes =
        message("NotesEntry", vec![field(1, "key", Type::String), field(2, "value", Type::Int64)]);
    notes.options = Some(prost_reflect::prost_types::MessageOptions {
        map_entry: Some(true),
        ..Default::default()
    });
    let fields = vec![
        field(1, "cart", Type::String),
        many(of(field(2, "items", Type::Message), "Item")),
        field(3, "gift", Type::Bool),
        of(field(4, "size", Type::Enum), "Size"),
        FieldDescriptorProto {
            type_name: Some(".google.protobuf.Timestamp".to_owned()),
            ..field(5, "at", Type::Message)
        },
        many(of(field(6, "notes", Type::Message), "AddRequest.NotesEntry")),
    ];
    DescriptorProto { nested_type: vec![notes], ..message("AddRequest", fields) }
}

fn reply() -> DescriptorProto {
    let fields = vec![
        field(1, "cart", Type::String),
        field(2, "total_items", Type::Int64),
        field(3, "wrapped", Type::Bool),
        many(field(4, "ids", Type::String)),
    ];
    message("AddReply", fields)
}

fn size() -> EnumDescriptorProto {
    let value = |(number, name): (i32, &&str)| EnumValueDescriptorProto {
        name: Some((*name).to_owned()),
        number: Some(number),
        options: None,
    };
    EnumDescriptorProto {
        name: Some("Size".to_owned()),
        value: (0..).zip(&["SIZE_UNKNOWN", "SMALL", "LARGE"]).map(value).collect(),
        ..EnumDescriptorProto::default()
    }
}

fn message(name: &str, field: Vec<FieldDescriptorProto>) -> DescriptorProto {
    DescriptorProto { name: Some(name.to_owned()), field, ..DescriptorProto::default() }
}

fn field(number: i32, name: &str, kind: Type) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        ..FieldDescriptorProto::default()
    }
}

fn of(field: FieldDescriptorProto, name: &str) -> FieldDescriptorProto {
    FieldDescriptorProto { type_name: Some(format!(".shop.v1.{name}")), ..field }
}

fn many(field: FieldDescriptorProto) -> FieldDescriptorProto {
    FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field }
}

fn method(name: &str, streams: bool) -> MethodDescriptorProto {
    MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".shop.v1.AddRequest".to_owned()),
        output_type: Some(".shop.v1.AddReply".to_owned()),
        server_streaming: Some(streams),
        ..MethodDescriptorProto::default()
    }
}

fn service(name: &str, method: Vec<MethodDescriptorProto>) -> ServiceDescriptorProto {
    ServiceDescriptorProto { name: Some(name.to_owned()), method, options: None }
}
