//! One request with what its user brings along: cookies there, and new ones back, and a
//! token.

use std::rc::Rc;
use std::time::Instant;

use reqwest::Url;

use super::HttpProbe;
use super::live::Luggage;
use super::socket::{self, Party};
use crate::load::jar::Jar;
use crate::load::probe::{Answer, Errand, Kept, Rendered};

/// The parts of a request in which none is written anew.
pub(super) static NONE: Rendered =
    Rendered { path: Vec::new(), headers: Vec::new(), body: Vec::new(), said: None };

/// Sends a request, and keeps what is wanted of the answer.
pub(super) async fn once(
    probe: &mut HttpProbe,
    request: usize,
    errand: Errand<'_>,
    deadline: Instant,
) -> Answer {
    let Errand { parts, want, mut jar, user } = errand;
    let hub = Rc::clone(probe.hub());
    let live = hub.live(request);
    let address = || live.and_then(|live| live.address(parts.unwrap_or(&NONE)));
    let takes = || live.is_some_and(super::live::LiveAsk::takes_cookies);
    let cookie = match jar.as_deref() {
        Some(jar) if !jar.is_empty() && takes() => address().and_then(|to| jar.show(&to)),
        Some(_) | None => None,
    };
    let (cookie, token) = (cookie.as_deref(), hub.token(request));
    let token = token.as_ref();
    let luggage = match parts {
        None if cookie.is_none() && token.is_none() => None,
        parts => Some(Luggage { parts: parts.unwrap_or(&NONE), cookie, token }),
    };
    let mut brief = Kept { brief: true, ..Kept::default() };
    let mut want = if want.is_none() && jar.is_some() { Some(&mut brief) } else { want };
    let answer = if probe.opens_socket(request) {
        let party = Party { luggage, want: want.as_deref_mut(), user };
        Box::pin(socket::call(&hub, request, party, deadline)).await
    } else {
        send(probe, request, luggage, want.as_deref_mut(), deadline).await
    };
    if let (Some(jar), Some(kept)) = (&mut jar, want) {
        keep_cookies(jar, kept, address);
    }
    answer
}

/// Puts the cookies that an answer sets into the jar.
pub(super) fn keep_cookies(jar: &mut Jar, kept: &Kept, from: impl Fn() -> Option<Url>) {
    let set = |(name, _): &&(String, Vec<u8>)| name.eq_ignore_ascii_case("set-cookie");
    let mut cookies = kept.headers.iter().filter(set).peekable();
    if cookies.peek().is_some()
        && let Some(from) = from()
    {
        cookies.for_each(|(_, cookie)| jar.take(cookie, &from));
    }
}

async fn send(
    probe: &mut HttpProbe,
    request: usize,
    luggage: Option<Luggage<'_>>,
    want: Option<&mut Kept>,
    deadline: Instant,
) -> Answer {
    match probe {
        HttpProbe::One(connection) => connection.fire_live(request, luggage, want, deadline).await,
        HttpProbe::Two(place) => place.fire_live(request, luggage, want, deadline).await,
    }
}
