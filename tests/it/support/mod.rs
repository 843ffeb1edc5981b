//! What the tests share.

/// A service in a thread of its own.
pub(crate) mod serving;

pub(crate) mod bucket;
/// A raw TCP server that misbehaves by script.
pub(crate) mod server;
/// One connection of that server.
mod line;
/// An HTTP/2 server that answers by path.
pub(crate) mod two;
/// The compiled description of a gRPC service.
pub(crate) mod proto;
/// A gRPC service, and one that misbehaves.
pub(crate) mod grpc;
/// A WebSocket server that behaves by path.
pub(crate) mod sockets;
/// A shop that is walked by users.
pub(crate) mod shop;
/// Certificates made on the spot, and the TLS configurations that show or trust them.
pub(crate) mod certs;
/// The built binary, run and recorded.
pub(crate) mod gate;
/// Runs that nothing disturbs.
pub(crate) mod calm;
/// Plans, samples and runs made up in code.
pub(crate) mod made;
/// A minute of one endpoint, judged and told in lines.
pub(crate) mod judged;
/// Made-up gates for everything that reads a judgement.
pub(crate) mod cases;
