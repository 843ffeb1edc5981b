//! Redirects, followed to services of the gate file alone (RFC 9110, section 15.4).

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use reqwest::Url;

use super::ask::lines;
use super::fault::Fault;
use super::live::{LiveAsk, Luggage};
use super::{HttpProbe, Shared, ask, one, trip};
use crate::load::jar::Jar;
use crate::load::probe::{Answer, Errand, Kept, Rendered};
use crate::sample::{End, Failure};

/// Another service that redirects may lead to, with its idle connections.
pub(super) struct Abroad {
    pub(super) hub: Rc<Shared>,
    idle: RefCell<Vec<one::Connection>>,
}

impl Abroad {
    pub(super) fn new(hub: Rc<Shared>) -> Self {
        Self { hub, idle: RefCell::default() }
    }
}

/// Where a request is, on its way from redirect to redirect.
struct Hop {
    address: Url,
    method: String,
    /// The body goes along.
    carries: bool,
    /// It never left the service that it was written for.
    own: bool,
}

/// Sends a request, and follows where it is led if it is to.
pub(super) async fn roam(
    probe: &mut HttpProbe,
    request: usize,
    errand: Errand<'_>,
    deadline: Instant,
) -> Answer {
    if probe.hub().ask(request).follow > 0 {
        // Boxed, so that the future of a request stays small: most are led nowhere.
        return Box::pin(go(probe, request, errand, deadline)).await;
    }
    trip::once(probe, request, errand, deadline).await
}

/// Sends a request, and follows where it is led. Each step is part of its time.
async fn go(
    probe: &mut HttpProbe,
    request: usize,
    errand: Errand<'_>,
    deadline: Instant,
) -> Answer {
    let Errand { parts, want, mut jar, user } = errand;
    let hub = Rc::clone(probe.hub());
    let mut brief = Kept { brief: true, ..Kept::default() };
    let want = want.unwrap_or(&mut brief);
    let first = Errand { parts, want: Some(&mut *want), jar: jar.as_deref_mut(), user };
    let mut answer = trip::once(probe, request, first, deadline).await;
    let (ask, parts) = (hub.ask(request), parts.unwrap_or(&trip::NONE));
    let Some((live, start)) = hub.live(request).and_then(|live| Some((live, live.address(parts)?)))
    else {
        return answer;
    };
    let method = live.method().to_owned();
    let mut hop = Hop { address: start.clone(), method, carries: true, own: true };
    for count in 0.. {
        let End::Good(status) = answer.end else { break };
        if !ask.follows(status, &want.headers) {
            break;
        }
        let made = if count >= ask.follow {
            let what = format!("more than {} redirects, one after the other", ask.follow);
            Err(Fault::new(Failure::Status, what))
        } else {
            hop.lead(status, &want.headers).and_then(|()| place(&hub, &start, &hop.address))
        };
        let led = match made {
            Ok(place) => {
                hop.own &= place.is_none();
                let way = Way { hub: &hub, request, live, parts, place, deadline };
                way.send(probe, &hop, want, jar.as_deref_mut()).await
            }
            Err(fault) => Err(fault),
        };
        match led {
            Ok(next) => answer = joined(&answer, next),
            Err(Fault { why, what }) => {
                answer.unmet = hub.note(request, why, || what.into_owned());
                answer.end = End::Failed { why, status: Some(status) };
                break;
            }
        }
    }
    answer
}

impl Hop {
    /// Goes where an answer leads, in the way of browsers: only 307 and 308 keep method and body
    /// whatever they are.
    fn lead(&mut self, status: u16, headers: &[(String, Vec<u8>)]) -> Result<(), Fault> {
        let lost = || Fault::malformed("a redirect to what is no address of HTTP");
        let location = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let location = location.and_then(|(_, value)| std::str::from_utf8(value).ok());
        let next = location.and_then(|text| self.address.join(text).ok()).ok_or_else(lost)?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(lost());
        }
        self.address = next;
        let changes = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "GET" && self.method != "HEAD",
            _ => false,
        };
        if changes {
            (self.method, self.carries) = ("GET".to_owned(), false);
        }
        Ok(())
    }

    fn path(&self) -> String {
        let query = self.address.query().map_or(String::new(), |query| format!("?{query}"));
        format!("{}{query}", self.address.path())
    }

    /// Host and port, as `Host` has them.
    fn host(&self) -> String {
        let port = self.address.port().map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", self.address.host_str().unwrap_or_default())
    }
}

/// Which of the other services an address belongs to; `None`: to the target itself.
fn place(hub: &Shared, start: &Url, address: &Url) -> Result<Option<usize>, Fault> {
    let is = |home: Option<&Url>| home.is_some_and(|home| home.origin() == address.origin());
    if is(Some(start)) || is(hub.wire.common.home.as_ref()) {
        return Ok(None);
    }
    let found = hub.abroad.iter().position(|other| is(other.hub.wire.common.home.as_ref()));
    found.map(Some).ok_or_else(|| {
        let origin = address.origin().ascii_serialization();
        let what = format!("redirect to {origin}: neither `target.url` nor one of `target.also`");
        Fault::new(Failure::Status, what)
    })
}

/// The answer to a request as a whole: from the first step to the last.
fn joined(so_far: &Answer, next: Answer) -> Answer {
    let connecting = match (so_far.connecting, next.connecting) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    };
    Answer {
        sent: so_far.sent,
        bytes: so_far.bytes + next.bytes,
        reconnected: so_far.reconnected || next.reconnected,
        connecting,
        ..next
    }
}

/// What a step of a redirected request needs.
struct Way<'a> {
    hub: &'a Shared,
    request: usize,
    live: &'a LiveAsk,
    parts: &'a Rendered,
    /// Which of the other services it goes to.
    place: Option<usize>,
    deadline: Instant,
}

impl Way<'_> {
    async fn send(
        &self,
        probe: &mut HttpProbe,
        hop: &Hop,
        want: &mut Kept,
        mut jar: Option<&mut Jar>,
    ) -> Result<Answer, Fault> {
        let Self { hub, request, live, parts, place, deadline } = *self;
        let takes = !hop.own || live.takes_cookies();
        let cookie = jar.as_deref().filter(|_| takes).and_then(|jar| jar.show(&hop.address));
        let token = hub.token(request).filter(|_| hop.own);
        let luggage = Luggage { parts, cookie: cookie.as_deref(), token: token.as_ref() };
        let (headers, body) = live.hop(luggage, (hop.own, hop.carries), &hop.host())?;
        let answer = match (place, probe) {
            (None, HttpProbe::Two(two)) => {
                let mut asked = http::Request::builder()
                    .method(hop.method.as_str())
                    .uri(hop.address.as_str().split('#').next().unwrap_or_default())
                    .body(())
                    .map_err(|_| Fault::malformed("a redirect to what is no address of HTTP"))?;
                *asked.headers_mut() = ask::for_two(headers);
                two.fire_hop(request, (asked, body), want, deadline).await
            }
            (place, probe) => {
                let mut bytes = format!("{} {} HTTP/1.1\r\n", hop.method, hop.path()).into_bytes();
                lines(&mut bytes, &headers);
                bytes.extend_from_slice(b"\r\n");
                bytes.extend_from_slice(&body);
                let other = place.and_then(|place| hub.abroad.get(place));
                match (other, probe) {
                    (None, HttpProbe::One(one)) => {
                        one.fire_hop(request, bytes, want, deadline).await
                    }
                    (None, HttpProbe::Two(_)) => return Err(Fault::malformed("no such service")),
                    (Some(other), _) => other.send(request, bytes, want, deadline).await,
                }
            }
        };
        if let Some(jar) = &mut jar {
            trip::keep_cookies(jar, want, || Some(hop.address.clone()));
        }
        Ok(answer)
    }
}

impl Abroad {
    /// Sends on an idle connection, or on a new one.
    async fn send(
        &self,
        request: usize,
        bytes: Vec<u8>,
        want: &mut Kept,
        deadline: Instant,
    ) -> Answer {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = idle.unwrap_or_else(|| one::Connection::new(Rc::clone(&self.hub)));
        let answer = connection.fire_hop(request, bytes, want, deadline).await;
        if connection.is_open() {
            self.idle.borrow_mut().push(connection);
        }
        answer
    }
}
