//! The keys that make a request, wherever one is written: method, path, body, and what its answer
//! must be.

/// A table of the gate file that is a request: its own keys, and the keys of every request.
macro_rules! request_table {
    (
        $(#[doc = $about:literal])+
        $name:ident as $example:literal { $($own:tt)* }
    ) => {
        $crate::plan::reader::table! {
            $(#[doc = $about])+
            $name as $example {
                /// The endpoint's name in every report; steps of users may share one. Default:
                /// method and path, without the query.
                name: $crate::plan::reader::Text,
                /// The method, together with `path`; `get`, `post`, … are the short forms.
                method: $crate::plan::reader::Text,
                /// The path, with its query; together with `method`.
                path: $crate::plan::reader::Text,
                /// A GET request of that path.
                get: $crate::plan::reader::Text,
                /// A POST request of that path.
                post: $crate::plan::reader::Text,
                /// A PUT request of that path.
                put: $crate::plan::reader::Text,
                /// A PATCH request of that path.
                patch: $crate::plan::reader::Text,
                /// A DELETE request of that path.
                delete: $crate::plan::reader::Text,
                /// A HEAD request of that path.
                head: $crate::plan::reader::Text,
                /// An OPTIONS request of that path.
                options: $crate::plan::reader::Text,
                /// Headers beside the target's, which they replace where they have the same
                /// name.
                headers: $crate::plan::value::Dict<$crate::plan::reader::Text>,
                /// The body, as text.
                body: $crate::plan::reader::Text,
                /// The body, as any value that is sent as JSON.
                json: $crate::plan::json::Json,
                /// The body, as the fields of a form.
                form: $crate::plan::value::Dict<$crate::plan::json::Form>,
                /// The body, as parts: texts, and files beside the gate file by "@" and their path.
                /// A text that begins with "@" is written with two of them.
                multipart: $crate::plan::value::Dict<
                    $crate::plan::value::OneOrMany<$crate::plan::reader::Text>,
                >,
                /// The body, from a file beside the gate file.
                file: $crate::plan::reader::Text,
                /// The body, as an operation of GraphQL; errors in its answer make it fail.
                graphql: $crate::plan::protocol::Graphql,
                /// Instead of a method, path and body: a call of a gRPC method, over HTTP/2.
                grpc: $crate::plan::protocol::Grpc,
                /// What makes an answer good.
                expect: $crate::plan::ask::Expect,
                /// The answer is a stream of events (server-sent events), and the request lasts to
                /// its end.
                sse: $crate::plan::events::SseAsk,
                /// A WebSocket at that path; its latency runs to the end of `talk`.
                ws: $crate::plan::reader::Text,
                /// Of a WebSocket: the subprotocol that the server must choose.
                subprotocol: $crate::plan::reader::Text,
                /// Of a WebSocket: what is said on it, one exchange after the other, before it is
                /// closed.
                talk: $crate::plan::value::Many<$crate::plan::socket::ExchangeTable>,
                $($own)*
            }
        }
    };
}
pub(super) use request_table;
