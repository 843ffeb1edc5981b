//! The embedded demo service: something to aim at before there is anything of one's own.
//!
//! It listens on loopback only and runs in its own thread and runtime, so that it shares nothing
//! with the load.

mod service;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// How the demo service misbehaves, to see the gate close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Four times slower.
    Latency,
    /// One answer in ten is a 500.
    Errors,
    /// Frozen for two seconds out of four.
    Stall,
}

/// The running demo service; it ends when this is dropped.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Demo {
    /// Starts it on a loopback port; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken, or the system gives no thread or runtime.
    pub fn start(port: u16, broken: Option<Break>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, Arc::new(Desk::new(broken))) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("demo".to_owned()).spawn(serve)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been said on stderr already; there is nothing to add to it.
            let _ = thread.join();
        }
    }
}

/// What the connections share: how many requests there were, and since when.
struct Desk {
    broken: Option<Break>,
    began: Instant,
    requests: AtomicU64,
}

impl Desk {
    fn new(broken: Option<Break>) -> Self {
        Self { broken, began: Instant::now(), requests: AtomicU64::new(0) }
    }
}

async fn accept(listener: std::net::TcpListener, desk: Arc<Desk>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, Arc::clone(&desk)))),
            // Out of descriptors, most likely: those in use come back when their connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    // Without it the kernel holds small answers back to send fewer packets; loopback works all the
    // same.
    let _ = stream.set_nodelay(true);
    let answer = hyper::service::service_fn(|request| answer(request, &desk));
    // Whatever a client does to its connection ends that connection and nothing else.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(request: Request<Incoming>, desk: &Desk) -> Result<Response<Page>, Infallible> {
    let arrived = Instant::now();
    let n = desk.requests.fetch_add(1, Ordering::Relaxed);
    let (head, body) = request.into_parts();
    let since = arrived.duration_since(desk.began);
    let reply = service::reply(head.method.as_str(), head.uri.path(), n, since, desk.broken);
    let sent = read(body).await;
    wait_until(arrived + reply.after).await;
    let (status, page) = match (reply.body, sent) {
        (Some(text), _) => (reply.status, Bytes::from(text)),
        (None, Some(echo)) => (reply.status, echo),
        (None, None) => (413, Bytes::from_static(b"{\"error\":\"too large\"}")),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Page(Some(page))).expect("a number below 600 and a constant header are valid"))
}

/// The body of a request; `None` when it is larger than 1 MiB or broke off.
async fn read(mut body: Incoming) -> Option<Bytes> {
    const MOST: usize = 1024 * 1024;
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if whole.len() + data.len() > MOST {
            return None;
        }
        whole.extend_from_slice(&data);
    }
    Some(whole.freeze())
}

/// Waits once, and a millisecond less: tokio's timer and the kernel's each round up to the next
/// millisecond.
async fn wait_until(when: Instant) {
    let early = when.checked_sub(Duration::from_millis(1)).unwrap_or(when);
    if Instant::now() < early {
        tokio::time::sleep_until(early.into()).await;
    }
}

/// An answer's body: all of it at once.
struct Page(Option<Bytes>);

impl Body for Page {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
