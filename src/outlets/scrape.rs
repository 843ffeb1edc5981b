//! A page for Prometheus to scrape.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};

use super::News;
use crate::telemetry::prometheus;

/// Connections at once; whoever comes beyond them waits.
const MOST: usize = 32;
/// How long somebody may take to ask.
const ASKING: Duration = Duration::from_secs(5);

/// Listens there.
pub(super) fn bind(listen: SocketAddr) -> Result<std::net::TcpListener, String> {
    let bound = std::net::TcpListener::bind(listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|why| format!("cannot listen there: {why}"))
}

/// What the connections share.
struct Desk {
    heard: watch::Receiver<News>,
    /// Somebody took the last numbers.
    taken: Notify,
}

/// Serves the page to the end of the run, and then for so long as somebody may come for the last
/// numbers.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    mut heard: watch::Receiver<News>,
    linger: Duration,
) -> Option<String> {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(why) => return Some(format!("was off: {why}")),
    };
    let desk = Arc::new(Desk { heard: heard.clone(), taken: Notify::new() });
    let over = async {
        while heard.changed().await.is_ok() {}
        // Nobody has to come: that is no loss.
        let _ = tokio::time::timeout(linger, desk.taken.notified()).await;
    };
    tokio::select! {
        () = accept(&listener, &desk) => {}
        () = over => {}
    }
    None
}

async fn accept(listener: &TcpListener, desk: &Arc<Desk>) {
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(desk);
                tokio::spawn(async move {
                    attend(stream, desk).await;
                    drop(place);
                });
            }
            // Out of descriptors, most likely: those in use come back when connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// One question and its answer. The last numbers count as taken once they are all sent.
async fn attend(stream: TcpStream, desk: Arc<Desk>) {
    let served = AtomicBool::new(false);
    let answer = hyper::service::service_fn(|request| {
        std::future::ready(Ok::<_, Infallible>(answer(&request, &desk, &served)))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ASKING)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    // Whatever somebody does to a connection ends that connection and nothing else.
    if connection.await.is_ok() && served.load(Ordering::SeqCst) {
        desk.taken.notify_one();
    }
}

fn answer(request: &Request<Incoming>, desk: &Desk, served: &AtomicBool) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        let mut answer = Response::new(Full::from(text));
        *answer.status_mut() = status;
        answer
    };
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "the numbers are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "");
        answer.headers_mut().insert(ALLOW, http::HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    let news = desk.heard.borrow().clone();
    let page = news.now.map(|now| prometheus::render(&now)).unwrap_or_default();
    let mut answer = Response::new(Full::from(page));
    let kind = http::HeaderValue::from_static(prometheus::CONTENT_TYPE);
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    if news.last && request.method() == Method::GET {
        served.store(true, Ordering::SeqCst);
    }
    answer
}
