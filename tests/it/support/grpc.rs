//! A gRPC service by tonic, with reflection, and one that answers as no service should.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Service;
use tonic::server::{Grpc, NamedService};
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status};

use super::proto::{descriptor, google};
use super::serving::Serving;

/// Which versions of reflection a service has.
#[derive(Clone, Copy, Default)]
pub(crate) enum Reflection {
    #[default]
    V1,
    Alpha,
    None,
}

/// A running service.
pub(crate) struct Shop {
    serving: Serving,
    calls: Arc<AtomicU64>,
}

impl Shop {
    pub(crate) fn start(reflection: Reflection, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        Self::serve(reflection, tls, None)
    }

    /// It answers nobody, also not about itself, without this `authorization`.
    pub(crate) fn guarded(reflection: Reflection, proof: &'static str) -> Self {
        Self::serve(reflection, None, Some(proof))
    }

    fn serve(
        reflection: Reflection,
        tls: Option<Arc<rustls::ServerConfig>>,
        proof: Option<&'static str>,
    ) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        let routes = routes(reflection, Arc::clone(&calls));
        let serving = Serving::start(move |listener| listen(listener, (routes, proof), tls));
        Self { serving, calls }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// How many calls of `Cart` and `Odd` came.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

fn routes(reflection: Reflection, calls: Arc<AtomicU64>) -> Routes {
    use tonic_reflection::server::Builder as Reflected;
    let routes = Routes::new(Cart(Arc::clone(&calls))).add_service(Odd(calls));
    let (shop, google) = (descriptor(), google());
    let builder = Reflected::configure()
        .register_encoded_file_descriptor_set(&shop)
        .register_encoded_file_descriptor_set(&google);
    match reflection {
        Reflection::V1 => routes.add_service(builder.build_v1().expect("descriptors")),
        Reflection::Alpha => routes.add_service(builder.build_v1alpha().expect("descriptors")),
        Reflection::None => routes,
    }
}

/// What is served, and to whom alone.
type Behind = (Routes, Option<&'static str>);

async fn listen(
    listener: TcpListener,
    (routes, proof): Behind,
    tls: Option<Arc<rustls::ServerConfig>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (routes, tls) = (routes.clone(), tls.clone());
        tokio::spawn(attend(stream, (routes, proof), tls));
    }
}

async fn attend(
    stream: TcpStream,
    routes: Behind,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    match tls.map(TlsAcceptor::from) {
        None => converse(stream, routes).await,
        Some(acceptor) => converse(acceptor.accept(stream).await.ok()?, routes).await,
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (routes, proof): Behind,
) -> Option<()> {
    let knows = move |request: Request<()>| {
        let shown = request.metadata().get("authorization");
        let shown = shown.and_then(|value| value.to_str().ok());
        match proof {
            Some(_) if shown != proof => Err(Status::unauthenticated("who asks?")),
            Some(_) | None => Ok(request),
        }
    };
    let service = TowerToHyperService::new(InterceptedService::new(routes, knows));
    let builder = Builder::new(TokioExecutor::new()).http2_only();
    builder.serve_connection(TokioIo::new(stream), service).await.ok()
}

/// `shop.v1.Cart`: what is put into a cart is counted.
#[derive(Clone)]
struct Cart(Arc<AtomicU64>);

type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl NamedService for Cart {
    const NAME: &'static str = "shop.v1.Cart";
}

impl Service<http::Request<Body>> for Cart {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answering {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(Grpc::new(Dynamic).unary(Add, request).await) })
    }
}

struct Add;

impl Service<Request<DynamicMessage>> for Add {
    type Response = Response<DynamicMessage>;
    type Error = Status;
    type Future = Ready<Result<Response<DynamicMessage>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<DynamicMessage>) -> Self::Future {
        ready(add(&request))
    }
}

fn add(request: &Request<DynamicMessage>) -> Result<Response<DynamicMessage>, Status> {
    let text = |message: &DynamicMessage, name: &str| {
        let value = message.get_field_by_name(name).expect("a field").into_owned();
        value.as_str().unwrap_or_default().to_owned()
    };
    let asked = request.get_ref();
    let cart = text(asked, "cart");
    if cart == "missing" {
        return Err(Status::not_found("no cart of ann@example.com, number 4711234, in §"));
    }
    let header = |name: &str| request.metadata().get(name).and_then(|one| one.to_str().ok());
    if cart == "private" && header("x-tenant") != Some("blue") {
        return Err(Status::unauthenticated("who is there?"));
    }
    if header("grpc-timeout").is_none() || header("user-agent").is_none() {
        return Err(Status::internal("a call without its headers"));
    }
    let items = asked.get_field_by_name("items").expect("a field").into_owned();
    let items = items.as_list().unwrap_or_default();
    let items: Vec<&DynamicMessage> = items.iter().filter_map(Value::as_message).collect();
    let quantity = |item: &&DynamicMessage| {
        item.get_field_by_name("quantity").and_then(|one| one.as_i32()).unwrap_or_default()
    };
    let total: i32 = items.iter().map(quantity).sum();
    let gift = asked.get_field_by_name("gift").and_then(|one| one.as_bool()).unwrap_or_default();
    let mut reply = DynamicMessage::new(shape("AddReply"));
    reply.set_field_by_name("cart", Value::String(cart));
    reply.set_field_by_name("total_items", Value::I64(total.into()));
    reply.set_field_by_name("wrapped", Value::Bool(gift));
    let ids = items.iter().map(|item| Value::String(text(item, "id"))).collect();
    reply.set_field_by_name("ids", Value::List(ids));
    Ok(Response::new(reply))
}

fn shape(name: &str) -> prost_reflect::MessageDescriptor {
    let mut pool = DescriptorPool::global();
    pool.decode_file_descriptor_set(descriptor().as_slice()).expect("a set of descriptors");
    pool.get_message_by_name(&format!("shop.v1.{name}")).expect("a message")
}

/// Messages without generated code.
struct Dynamic;

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(into).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Dynamic {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let read = DynamicMessage::decode(shape("AddRequest"), from);
        read.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// `shop.v1.Odd`: each method answers in a way of its own.
#[derive(Clone)]
struct Odd(Arc<AtomicU64>);

impl NamedService for Odd {
    const NAME: &'static str = "shop.v1.Odd";
}

impl Service<http::Request<Body>> for Odd {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.fetch_add(1, Ordering::SeqCst);
        let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        ready(Ok(odd(&method)))
    }
}

/// A message of that many bytes that is empty otherwise, in its frame.
fn frame(flag: u8, told: u32, sent: usize) -> Bytes {
    let mut frame = BytesMut::with_capacity(sent + 5);
    frame.put_u8(flag);
    frame.put_u32(told);
    frame.put_bytes(0, sent);
    frame.freeze()
}

fn odd(method: &str) -> http::Response<Body> {
    let whole = frame(0, 0, 0);
    let (mut status, mut kind, mut trailers) = (200, "application/grpc", HeaderMap::new());
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let mut frames: Vec<Bytes> = vec![whole.clone()];
    let mut end = End::Trailers;
    match method {
        "Fine" => kind = "application/grpc+proto; charset=utf-8",
        "WrongType" => kind = "text/html",
        "Status503" => status = 503,
        "Compressed" => frames = vec![frame(1, 3, 3)],
        "Cut" => frames = vec![frame(0, 9, 4)],
        "Two" => frames = vec![whole.clone(), whole],
        "Nothing" => frames = Vec::new(),
        "Huge" => frames = vec![frame(0, 0x7fff_ffff, 10)],
        "Garbage" => frames = vec![Bytes::from_static(b"\0\0\0\0\x02\xff\xff")],
        "NoStatus" => trailers.clear(),
        "BadStatus" => drop(trailers.insert("grpc-status", HeaderValue::from_static("x"))),
        "Slow" => end = End::Never,
        "Closed" => end = End::Reset,
        _ => {}
    }
    if method == "TrailersOnly" {
        let head = http::Response::builder().header("content-type", kind);
        let head = head.header("grpc-status", "8").header("grpc-message", "at%20most%20two%zz");
        return head.body(Body::empty()).expect("a head");
    }
    let frames = frames.into_iter().map(Frame::data).collect();
    let body = Body::new(Played { frames, end, trailers: Some(trailers) });
    let head = http::Response::builder().status(status).header("content-type", kind);
    head.body(body).expect("a head")
}

/// How a body ends.
#[derive(Clone, Copy)]
enum End {
    Trailers,
    Reset,
    Never,
}

/// A body by script.
struct Played {
    frames: VecDeque<Frame<Bytes>>,
    trailers: Option<HeaderMap>,
    end: End,
}

impl hyper::body::Body for Played {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match self.end {
            End::Never => Poll::Pending,
            End::Reset => Poll::Ready(Some(Err(Status::internal("gone")))),
            End::Trailers => {
                let trailers = self.trailers.take().filter(|trailers| !trailers.is_empty());
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }
}
