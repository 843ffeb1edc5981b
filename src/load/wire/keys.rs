//! Tokens of authorization servers: fetched before the load, renewed within it, beside the load
//! threads.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::header::HeaderValue;
use reqwest::{Response, Url};
use serde_json::Value;

use super::address::resolve;
use super::{Unreachable, control};
use crate::plan::grant::Grant;
use crate::plan::{Drive, Http, Target};
use crate::sample::Failure;
use crate::secret::Masks;

/// What a question to a target, beside the load, proves its sender by.
///
/// # Errors
/// The authorization server that gave no token, and why.
pub async fn proof(target: &Target) -> Result<Option<HeaderValue>, Unreachable> {
    if let Some(grant) = &target.proof.grant {
        let keys = Keys::of(std::iter::once(grant), target);
        keys.fetch().await?;
        return Ok(keys.newest(0, &mut (0, None)));
    }
    let header = target.proof.header.as_deref();
    let header = header.and_then(|text| HeaderValue::from_str(text.trim()).ok());
    Ok(header.map(|mut value| {
        value.set_sensitive(true);
        value
    }))
}

/// The largest answer with a token.
const MOST_BYTES: usize = 64 * 1024;
/// A token is renewed so long before it ends; one that lasts shorter, in the last third of its
/// life.
const EARLY: Duration = Duration::from_secs(30);
/// The pause before a renewal is tried again, and the shortest time between two.
const PAUSE: Duration = Duration::from_millis(500);
/// How many tokens of a client are remembered, the newest, to be hidden in reports.
const MOST_HIDDEN: usize = 1_000;

/// The tokens of a load, one for each client that gets some.
pub struct Keys {
    all: Vec<Key>,
    /// Whose trust and deadline hold.
    target: Target,
}

/// One client, and the token it has.
struct Key {
    grant: Grant,
    /// How many tokens it has had.
    version: AtomicU64,
    had: Mutex<Had>,
}

/// What an authorization server gave.
#[derive(Default)]
struct Had {
    /// The value of `Authorization`.
    header: Option<HeaderValue>,
    /// The tokens so far, the newest last.
    tokens: VecDeque<String>,
    /// When the last one is to be renewed.
    due: Option<Instant>,
}

/// What one load thread knows of a token: its version and its header.
pub(super) type Seen = (u64, Option<HeaderValue>);

/// A token, and how long it lasts.
struct Token {
    text: String,
    lasts: Option<Duration>,
}

impl Keys {
    pub(super) fn new(drive: &Drive) -> Self {
        Self::of(drive.requests.iter().filter_map(|request| request.grant.as_ref()), &drive.target)
    }

    fn of<'g>(grants: impl Iterator<Item = &'g Grant>, target: &Target) -> Self {
        let mut all: Vec<Key> = Vec::new();
        for grant in grants {
            if all.iter().all(|key| key.grant != *grant) {
                let (grant, version) = (grant.clone(), AtomicU64::new(0));
                all.push(Key { grant, version, had: Mutex::default() });
            }
        }
        Self { all, target: target.clone() }
    }

    /// The number of a client among those of the load.
    pub(super) fn place(&self, grant: Option<&Grant>) -> Option<usize> {
        let grant = grant?;
        self.all.iter().position(|key| key.grant == *grant)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The header with the newest token. A load thread looks at a counter alone where it has that
    /// one already.
    pub(super) fn newest(&self, place: usize, seen: &mut Seen) -> Option<HeaderValue> {
        let key = self.all.get(place)?;
        let version = key.version.load(Ordering::Acquire);
        if seen.0 != version {
            // Copied, so that threads do not count the users of one value together.
            let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
            *seen = (version, key.had().header.as_ref().and_then(copy));
        }
        seen.1.clone()
    }

    /// Where tokens come from, as the gate file has it.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|key| key.grant.shown.as_str())
    }

    /// Gets a token for each client.
    ///
    /// # Errors
    /// The first authorization server that gave none, and why.
    pub async fn fetch(&self) -> Result<(), Unreachable> {
        for key in &self.all {
            self.renew_one(key).await?;
        }
        Ok(())
    }

    /// Renews each token before it ends, for ever. What goes wrong is told, and tried again; the
    /// old token is shown meanwhile.
    pub async fn renew(&self, tell: impl Fn(&str)) -> Infallible {
        loop {
            let due = self.all.iter().filter_map(|key| Some((key.had().due?, key)));
            let Some((moment, key)) = due.min_by_key(|(moment, _)| *moment) else {
                return std::future::pending().await;
            };
            tokio::time::sleep_until(moment.into()).await;
            if let Err(Unreachable { what, .. }) = self.renew_one(key).await {
                tell(&format!("{what}; tried again, with the old token meanwhile"));
                key.had().due = Some(Instant::now() + PAUSE);
            }
        }
    }

    /// Adds every token to what is hidden.
    pub fn hide(&self, masks: &mut Masks) {
        for key in &self.all {
            key.had().tokens.iter().for_each(|token| masks.hide("oauth2_token", token));
        }
    }

    /// Gets a token, and notes when it is to be renewed.
    async fn renew_one(&self, key: &Key) -> Result<(), Unreachable> {
        let asked = Instant::now();
        let got = self.ask(&key.grant).await.and_then(|token| Ok((header(&token.text)?, token)));
        let (header, token) = got.map_err(|Unreachable { why, what }| {
            let what = format!("no token from {}: {what}", key.grant.shown);
            Unreachable { why, what }
        })?;
        let mut had = key.had();
        had.header = Some(header);
        if !had.tokens.contains(&token.text) {
            had.tokens.push_back(token.text);
            if had.tokens.len() > MOST_HIDDEN {
                had.tokens.pop_front();
            }
        }
        had.due =
            token.lasts.map(|lasts| asked + lasts.saturating_sub(EARLY.min(lasts / 3)).max(PAUSE));
        drop(had);
        key.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Asks for a token, with the client's secret in a header, and where that is not understood, in
    /// the body (RFC 6749, section 2.3.1).
    async fn ask(&self, grant: &Grant) -> Result<Token, Unreachable> {
        let Grant { secure, host, port, .. } = grant.clone();
        let (own, shown) = (host == self.target.host, grant.shown.clone());
        let mut server =
            Target { secure, host, port, shown, http: Http::One, ..self.target.clone() };
        if !own {
            // Who we are is told to the target alone.
            server.tls.identity = None;
        }
        let addresses = resolve(&server).await?;
        let unfit = |what: super::Unfit| Unreachable { why: Failure::Tls, what: what.0 };
        let client = control::client(&server, &addresses).map_err(unfit)?;
        let address = control::address(&server, &grant.path);
        let mut last = None;
        for in_body in [false, true] {
            let mut request = client
                .post(&address)
                .header("accept", "application/json")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form(grant, in_body));
            if !in_body {
                let [id, secret] =
                    [&grant.client_id, &grant.client_secret].map(|text| encoded(text));
                request = request.basic_auth(id, Some(secret));
            }
            let answer = request.send().await.map_err(|error| control::told(&error))?;
            let status = answer.status().as_u16();
            let body = whole(answer).await?;
            match token(status, &body) {
                Err(refused) if !in_body && matches!(status, 400 | 401) => last = Some(refused),
                Err(refused) => return Err(last.unwrap_or(refused)),
                Ok(token) => return Ok(token),
            }
        }
        Err(last.unwrap_or_else(|| malformed("the answer holds no token")))
    }
}

impl Key {
    fn had(&self) -> MutexGuard<'_, Had> {
        self.had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn malformed(what: &str) -> Unreachable {
    Unreachable { why: Failure::Malformed, what: what.to_owned() }
}

fn header(token: &str) -> Result<HeaderValue, Unreachable> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| malformed("the token holds what no header can"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Names and values as a form has them.
fn pairs<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut address = Url::parse("http://form").expect("an address");
    address.query_pairs_mut().extend_pairs(all);
    address.query().unwrap_or_default().to_owned()
}

/// A text as a form has it (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    pairs([("", text)].into_iter()).trim_start_matches('=').to_owned()
}

fn form(grant: &Grant, in_body: bool) -> String {
    let secret = [("client_id", &grant.client_id), ("client_secret", &grant.client_secret)];
    let more = [("scope", &grant.scope), ("audience", &grant.audience)];
    let more = more.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let secret = secret.into_iter().filter(|_| in_body).map(|(name, value)| (name, value.as_str()));
    pairs([("grant_type", "client_credentials")].into_iter().chain(more).chain(secret))
}

async fn whole(mut answer: Response) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| control::told(&error))? {
        body.extend_from_slice(&part);
        if body.len() > MOST_BYTES {
            return Err(malformed("the answer is larger than 64 KiB"));
        }
    }
    Ok(body)
}

/// Takes a token out of an answer (RFC 6749, sections 5.1 and 5.2).
fn token(status: u16, body: &[u8]) -> Result<Token, Unreachable> {
    let answer: Option<Value> = serde_json::from_slice(body).ok();
    if !(200..300).contains(&status) {
        let code = answer.as_ref().and_then(|answer| answer["error"].as_str()).unwrap_or_default();
        let word = |sign: &char| sign.is_ascii_alphanumeric() || "_-.".contains(*sign);
        let code: String = code.chars().filter(word).take(40).collect();
        let code = if code.is_empty() { code } else { format!(", {code}") };
        return Err(Unreachable { why: Failure::Status, what: format!("status {status}{code}") });
    }
    let answer = answer.ok_or_else(|| malformed("the answer is no JSON"))?;
    let kind = answer["token_type"].as_str().unwrap_or("bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(malformed("the token is of another kind than `Bearer`"));
    }
    let text = answer["access_token"].as_str().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| malformed("the answer holds no `access_token`"))?.to_owned();
    let lasts = &answer["expires_in"];
    let lasts = lasts.as_u64().or_else(|| lasts.as_str()?.parse().ok()).filter(|&lasts| lasts > 0);
    // Longer than any load is as good as for ever.
    let lasts = lasts.map(|lasts| Duration::from_secs(lasts.min(1_000_000_000)));
    Ok(Token { text, lasts })
}
