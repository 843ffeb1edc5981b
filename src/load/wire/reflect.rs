//! Before the load: a gRPC service is asked what it offers, where no file of the gate says so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use prost_reflect::prost_types::FileDescriptorProto;
use tokio::time::timeout;
use tonic::codegen::{Service, tokio_stream};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Extensions, Request, Status};
use tonic_reflection::pb::{v1, v1alpha};

use super::ask::{AGENT, authority};
use super::dial::{self, Line};
use super::keys::proof;
use super::{HttpWire, Unreachable};
use crate::plan::{Call, Drive, Target};
use crate::sample::Failure;
use crate::sanitise;
use crate::script::message::{Descriptors, Method};

/// The most files that a service may describe itself by.
const MOST_FILES: usize = 1_000;
/// The most bytes of all of them.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Whether the service must be asked for the shapes of messages.
#[must_use]
pub fn is_needed(drive: &Drive) -> bool {
    drive.requests.iter().filter_map(|one| one.call.as_ref()).any(|call| call.shapes.is_none())
}

/// What of a load is known before its service was asked: all but the calls that nothing describes.
#[must_use]
pub fn known(drive: &Drive) -> Drive {
    let mut known = drive.clone();
    let described = |call: &Call| call.shapes.is_some();
    known.requests.retain(|request| request.call.as_ref().is_none_or(described));
    known
}

/// The same load, with the shapes of all messages as the service describes them (gRPC server
/// reflection, v1 or else v1alpha).
///
/// # Errors
/// The service does not answer or does not describe itself, a method is not there, or a message
/// does not fit.
pub async fn describe(drive: &Drive, addresses: &[SocketAddr]) -> Result<Drive, Unreachable> {
    let mut drive = drive.clone();
    let requests = std::mem::take(&mut drive.requests);
    let unfit = |what: String| Unreachable { why: Failure::Expectation, what };
    let mut wire = HttpWire::prepare(&drive, addresses).map_err(|bad| unfit(bad.0))?;
    wire.knock().await?;
    let calls = requests.iter().filter_map(|one| one.call.as_ref());
    let open = calls.filter(|call| call.shapes.is_none());
    let names: BTreeSet<&str> = open.map(|call| call.method.as_str()).collect();
    let patience = drive.target.timeout;
    let asked = Asker::connect(wire, &drive.target);
    let found = timeout(patience, async { asked.await?.descriptors(&names).await }).await;
    let late = || Unreachable {
        why: Failure::Timeout,
        what: "the service did not describe itself (gRPC reflection) before the deadline".into(),
    };
    let descriptors = found.map_err(|_| late())??;
    let mut shapes: BTreeMap<String, Method> = BTreeMap::new();
    for name in names {
        let found = descriptors.method(name);
        let found = found.map_err(|bad| unfit(format!("{}; {}", bad.why, bad.hint)))?;
        shapes.insert(name.to_owned(), found);
    }
    drive.requests = requests;
    for request in &mut drive.requests {
        let Some(call) = request.call.as_mut().filter(|call| call.shapes.is_none()) else {
            continue;
        };
        call.shapes = shapes.get(&call.method).cloned();
        let misfits = call.shapes.iter().flat_map(|method| method.misfits(&call.message));
        if let Some(misfit) = misfits.into_iter().next() {
            let what = format!("`{}` {}", misfit.path.join("."), misfit.why);
            let hint = misfit.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            return Err(unfit(format!("{}: {what}{hint}", request.name)));
        }
    }
    Ok(drive)
}

/// Asks in one version of the protocol: they differ in nothing but the types.
macro_rules! ask_in {
    ($version:ident, $reflection:expr, $asked:expr) => {{
        use $version::server_reflection_client::ServerReflectionClient as Client;
        use $version::server_reflection_request::MessageRequest as Ask;
        use $version::server_reflection_response::MessageResponse as Told;
        let message = match $asked {
            Asked::Symbol(name) => Ask::FileContainingSymbol(name.clone()),
            Asked::File(name) => Ask::FileByFilename(name.clone()),
        };
        let (host, message_request) = (String::new(), Some(message));
        let request = $version::ServerReflectionRequest { host, message_request };
        let client = Client::new($reflection.channel.clone());
        let mut client = client.max_decoding_message_size(MOST_BYTES);
        let answer = client.server_reflection_info($reflection.request(request)).await?;
        match answer.into_inner().message().await?.and_then(|one| one.message_response) {
            Some(Told::FileDescriptorResponse(files)) => Ok(files.file_descriptor_proto),
            Some(Told::ErrorResponse(error)) => Err(told(error.error_code, error.error_message)),
            Some(_) | None => Err(Status::internal("an answer to another question")),
        }
    }};
}

/// Asks a service about itself.
struct Asker {
    channel: Channel,
    headers: HeaderMap,
    /// The older version of reflection is spoken.
    alpha: bool,
}

impl Asker {
    async fn connect(wire: HttpWire, target: &Target) -> Result<Self, Unreachable> {
        let unfit = |_| Unreachable { why: Failure::Connect, what: "not an address".to_owned() };
        let scheme = if target.secure { "https" } else { "http" };
        let origin: Uri = format!("{scheme}://{}", authority(target)).parse().map_err(unfit)?;
        // TLS is in the connection that is handed over; the channel itself must not know of it.
        let plain: Uri = format!("http://{}", authority(target)).parse().map_err(unfit)?;
        let endpoint = Endpoint::from(plain).origin(origin);
        let endpoint = endpoint.user_agent(AGENT).expect("a user agent of plain signs");
        let deadline = Instant::now() + target.timeout;
        let channel = endpoint.connect_with_connector(Dial { wire, deadline }).await;
        let channel = channel.map_err(|_| Unreachable {
            why: Failure::Connect,
            what: format!("{}: no HTTP/2 connection for gRPC reflection", target.shown),
        })?;
        let mut headers = HeaderMap::new();
        for (name, value) in &target.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            if let Some((name, value)) = name.zip(HeaderValue::from_str(value).ok()) {
                headers.append(name, value);
            }
        }
        if let Some(proof) = proof(target).await? {
            headers.insert("authorization", proof);
        }
        Ok(Self { channel, headers, alpha: false })
    }

    /// Every file that these methods need.
    async fn descriptors(mut self, methods: &BTreeSet<&str>) -> Result<Descriptors, Unreachable> {
        let mut files: BTreeMap<String, FileDescriptorProto> = BTreeMap::new();
        let mut bytes = 0;
        let services = methods.iter().filter_map(|name| name.rsplit_once('/'));
        let mut next: Vec<Asked> =
            services.map(|(service, _)| Asked::Symbol(service.to_owned())).collect();
        next.dedup();
        while let Some(asked) = next.pop() {
            if asked.is_file_of(&files) {
                continue;
            }
            let described = match self.ask(&asked).await {
                Ok(described) => described,
                // Those of Google are known here too; some services leave them out.
                Err(_) if asked.is_googles() => continue,
                Err(status) => return Err(refused(&asked, &status)),
            };
            for one in described {
                bytes += one.len();
                let file = FileDescriptorProto::decode(one.as_slice());
                let file = file.map_err(|_| broken("a file that is none"))?;
                next.extend(file.dependency.iter().cloned().map(Asked::File));
                files.insert(file.name().to_owned(), file);
                if files.len() > MOST_FILES || bytes > MOST_BYTES {
                    return Err(broken("more than 1,000 files or 32 MiB"));
                }
            }
        }
        Descriptors::of(files.into_values().collect()).map_err(|why| broken(&why))
    }

    /// The compiled files that answer a question.
    async fn ask(&mut self, asked: &Asked) -> Result<Vec<Vec<u8>>, Status> {
        if !self.alpha {
            match self.ask_v1(asked).await {
                Err(status) if status.code() == Code::Unimplemented => self.alpha = true,
                told => return told,
            }
        }
        self.ask_alpha(asked).await
    }

    fn request<T>(&self, message: T) -> Request<tokio_stream::Once<T>> {
        let metadata = MetadataMap::from_headers(self.headers.clone());
        Request::from_parts(metadata, Extensions::default(), tokio_stream::once(message))
    }

    async fn ask_v1(&self, asked: &Asked) -> Result<Vec<Vec<u8>>, Status> {
        ask_in!(v1, self, asked)
    }

    async fn ask_alpha(&self, asked: &Asked) -> Result<Vec<Vec<u8>>, Status> {
        ask_in!(v1alpha, self, asked)
    }
}

/// What a service is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    /// The file that a service is described in.
    Symbol(String),
    /// A file that another one needs.
    File(String),
}

impl Asked {
    fn is_file_of(&self, files: &BTreeMap<String, FileDescriptorProto>) -> bool {
        match self {
            Self::Symbol(_) => false,
            Self::File(name) => files.contains_key(name),
        }
    }

    fn is_googles(&self) -> bool {
        match self {
            Self::Symbol(_) => false,
            Self::File(name) => name.starts_with("google/protobuf/"),
        }
    }
}

/// An error that came within an answer.
fn told(code: i32, message: String) -> Status {
    Status::new(Code::from_i32(code), message)
}

fn broken(what: &str) -> Unreachable {
    let what = format!("the service does not describe itself well (gRPC reflection): {what}");
    Unreachable { why: Failure::Malformed, what }
}

fn refused(asked: &Asked, status: &Status) -> Unreachable {
    let hint = "write `descriptor` with a compiled file in the gate file";
    let what = match (asked, status.code()) {
        (Asked::Symbol(service), Code::NotFound | Code::InvalidArgument) => {
            format!("there is no service `{service}`, as the target describes itself")
        }
        (_, Code::Unimplemented) => {
            format!("the service does not describe itself (gRPC reflection is off); {hint}")
        }
        (_, code) => {
            let words = sanitise::redacted(status.message());
            format!("gRPC reflection failed with {code:?}: {words}; {hint}")
        }
    };
    Unreachable { why: Failure::Status, what }
}

/// Makes connections for a channel the way the load makes them: same addresses, same trust.
#[derive(Clone)]
struct Dial {
    wire: HttpWire,
    deadline: Instant,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Line>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Line>, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { wire, deadline } = self.clone();
        Box::pin(async move {
            let line = dial::dial(&wire, deadline).await;
            line.map(TokioIo::new).map_err(|fault| io::Error::other(fault.what))
        })
    }
}
