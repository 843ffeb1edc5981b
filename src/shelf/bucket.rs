//! A bucket of storage that speaks S3. Where it is, and who asks, is in the `AWS_…` variables.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey as Key};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore as _, ObjectStoreExt as _, PutMode,
    PutOptions, PutPayload, RetryConfig,
};

use super::{Edit, Entry, MOST_BYTES, latest};
use crate::host::reply::Refusal;
use crate::publish::client::{Client, is_private};

/// Names in a bucket that are listed, at most.
const MOST_NAMES: usize = 20_000;
/// Objects that are read at a time.
const AT_ONCE: usize = 8;
/// How often one question is repeated, where no answer came or the storage was out of order.
const AGAIN: usize = 3;
/// After this long a question is not repeated any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause before it is repeated.
const PAUSE: Duration = Duration::from_secs(2);
/// What is shown of what went wrong, in characters.
const MOST_SAID: usize = 300;

pub(super) fn entries(bucket: &str, prefix: &str) -> Result<Vec<Entry>, String> {
    alone(async {
        let store = store(bucket)?;
        let store = &store;
        let names = latest(names(store, prefix).await?.into_iter());
        let read = |name: String| async move { read(store, prefix, name).await };
        stream::iter(names).map(read).buffered(AT_ONCE).try_collect().await
    })
}

async fn names(store: &AmazonS3, prefix: &str) -> Result<Vec<String>, String> {
    let root = Path::from(prefix);
    let mut listed = store.list(Some(&root));
    let mut names = Vec::new();
    while let Some(found) = listed.next().await {
        let found = found.map_err(|error| told(&error))?;
        let parts = found.location.prefix_match(&root).into_iter().flatten();
        names.push(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
        if names.len() > MOST_NAMES {
            return Err(format!("more than {MOST_NAMES} objects lie there"));
        }
    }
    Ok(names)
}

async fn read(store: &AmazonS3, prefix: &str, name: String) -> Result<Entry, String> {
    let found = store.get(&at(prefix, &name)).await;
    let bytes = match found {
        Ok(found) => found.bytes().await,
        Err(error) => Err(error),
    };
    let bytes = bytes.map_err(|error| format!("`{name}`: {}", told(&error)))?;
    Ok((name, bytes.to_vec()))
}

pub(super) fn change(bucket: &str, prefix: &str, edit: &Edit) -> Result<(), String> {
    alone(async {
        let store = store(bucket)?;
        for (name, bytes) in &edit.add {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let payload = PutPayload::from(bytes.clone());
            match store.put_opts(&at(prefix, name), payload, options).await {
                // The same name is the same run; also of a try whose answer was lost.
                Ok(_) | Err(Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(format!("`{name}`: {}", told(&error))),
            }
        }
        for name in &edit.remove {
            match store.delete(&at(prefix, name)).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(format!("`{name}`: {}", told(&error))),
            }
        }
        Ok(())
    })
}

/// The storage as the environment describes it.
fn store(bucket: &str) -> Result<AmazonS3, String> {
    let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    let says = |key: Key| builder.get_config_value(&key).filter(|value| !value.is_empty());
    let endpoint = says(Key::S3Endpoint).or_else(|| says(Key::Endpoint));
    if endpoint.as_ref().is_some_and(|endpoint| !is_private(endpoint)) {
        let why = "AWS_ENDPOINT_URL is no https address, and what is signed with a key must not \
                   cross a network in the clear";
        return Err(why.to_owned());
    }
    // Nobody is asked for credentials who was not named: least of all the cloud's metadata.
    let known = [
        says(Key::AccessKeyId).and(says(Key::SecretAccessKey)),
        says(Key::WebIdentityTokenFile).and(says(Key::RoleArn)),
        says(Key::ContainerCredentialsRelativeUri),
        says(Key::ContainerCredentialsFullUri),
        says(Key::MetadataEndpoint),
    ];
    if known.iter().all(Option::is_none) {
        let why = "nobody says who asks: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
                   AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN; for the role of the machine \
                   itself AWS_METADATA_ENDPOINT=http://169.254.169.254";
        return Err(why.to_owned());
    }
    let backoff = BackoffConfig { max_backoff: PAUSE, ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: AGAIN, retry_timeout: PATIENCE };
    let builder = builder.with_retry(retry).with_http_connector(Ours);
    builder.build().map_err(|error| told(&error))
}

/// Our own client below the crate: our deadlines, our roots, our proxies, no redirects.
#[derive(Debug)]
struct Ours;

impl HttpConnector for Ours {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let odd = |refusal: Refusal| Error::Generic { store: "S3", source: said(refusal).into() };
        Client::unsigned().map(|client| HttpClient::new(Line(client))).map_err(odd)
    }
}

/// The client where the crate expects a service.
#[derive(Debug)]
struct Line(Client);

impl HttpService for Line {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body: Bytes = body.collect().await?.to_bytes();
            let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
            let sent = self.0.send_within(http::Request::from_parts(head, body), most).await;
            sent.map(|answer| answer.map(HttpResponseBody::from)).map_err(lost)
        })
    }
}

/// What the crate makes of a refusal: no answer is asked for again, an odd one is not.
fn lost(refusal: Refusal) -> HttpError {
    let kind = match refusal {
        Refusal::Unreachable(_) | Refusal::OutOfTime => HttpErrorKind::Request,
        Refusal::Token
        | Refusal::Forbidden(_)
        | Refusal::Locked
        | Refusal::NotFound
        | Refusal::Limited(_)
        | Refusal::TooLong
        | Refusal::Invalid(..)
        | Refusal::Moved(_)
        | Refusal::Broken(_)
        | Refusal::Odd(_) => HttpErrorKind::Unknown,
    };
    HttpError::new_boxed(kind, said(refusal).into())
}

fn said(refusal: Refusal) -> String {
    if let Refusal::Unreachable(why) | Refusal::Odd(why) = refusal {
        return why;
    }
    format!("{refusal:?}")
}

fn at(prefix: &str, name: &str) -> Path {
    Path::from(format!("{prefix}/{name}"))
}

/// Why, in one line with what to do. What the storage itself says is shown by its status and its
/// code alone: the rest of it repeats who asked, and what was signed.
fn told(error: &Error) -> String {
    let text = error.to_string();
    let Some(status) = status(&text) else {
        // The crate tells what it did first, then what went wrong.
        let why = text.split_once(" - ").map_or(text.as_str(), |(_, why)| why);
        let why = why.split('<').next().unwrap_or_default();
        return why.lines().next().unwrap_or_default().chars().take(MOST_SAID).collect();
    };
    let said = match between(&text, "<Code>", "</Code>") {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    };
    match status {
        401 | 403 => format!(
            "the storage says no ({said}): look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, \
             AWS_REGION, and at what the key may do"
        ),
        404 => format!("the storage knows no such bucket or object ({said})"),
        300..=399 => format!("the storage is somewhere else ({said}): look at AWS_REGION"),
        _ => format!("the storage does not do it ({said}), not when asked again either"),
    }
}

/// The status of the last answer, where there was one.
fn status(text: &str) -> Option<u16> {
    let rest = text.split_once("status code: ")?.1;
    rest.get(..3)?.parse().ok()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}

/// Works in a thread and a runtime of its own, since whoever asks may be in one already.
fn alone<T: Send>(work: impl Future<Output = Result<T, String>> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| why.to_string())?;
        let thread = std::thread::Builder::new().name("bucket".to_owned());
        let thread = thread.spawn_scoped(scope, move || runtime.block_on(work));
        let thread = thread.map_err(|why| why.to_string())?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
