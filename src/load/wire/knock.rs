//! Before the load: is anybody there?

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::dial::{self, Line};
use super::fault::Fault;
use super::{HttpWire, Unreachable, tls, trunk};
use crate::plan::Http;
use crate::sample::Failure;

/// How often it is tried.
const TRIES: u32 = 3;
/// How long all tries may take together.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between tries.
const PAUSE: Duration = Duration::from_millis(500);

impl HttpWire {
    /// Connects to each address, TLS included, up to three times within 5 s, and closes again.
    /// Addresses that do not answer are left out where others do; `http = "auto"` is decided.
    ///
    /// # Errors
    /// No address answers.
    pub async fn knock(&mut self) -> Result<(), Unreachable> {
        if self.common.http == Http::Auto {
            self.offer(&[b"h2", b"http/1.1"]);
        }
        let end = Instant::now() + PATIENCE;
        let mut heard = self.knock_everywhere(end).await;
        for _ in 1..TRIES {
            // A server that is still starting refuses for a while; a wrong certificate stays wrong.
            let refused = |one: &Result<bool, Fault>| {
                one.as_ref().is_err_and(|fault| fault.why == Failure::Connect)
            };
            let hope = heard.iter().any(refused) && !heard.iter().any(Result::is_ok);
            if !hope || Instant::now() + PAUSE >= end {
                break;
            }
            sleep(PAUSE).await;
            heard = self.knock_everywhere(end).await;
        }
        let used = heard.iter().enumerate().filter(|(_, one)| one.is_ok()).map(|(index, _)| index);
        let used: Vec<usize> = used.collect();
        let two = heard.iter().flatten().all(|&two| two);
        if used.is_empty() {
            return Err(self.unreachable(heard));
        }
        self.used = used.into();
        self.settle(two);
        self.common.doors.iter().for_each(super::Door::forget);
        Ok(())
    }

    /// One knock at each address, all at once: whether HTTP/2 was agreed on.
    async fn knock_everywhere(&self, end: Instant) -> Vec<Result<bool, Fault>> {
        let mut knocks = JoinSet::new();
        for index in 0..self.common.doors.len() {
            let wire = self.clone();
            knocks.spawn(async move { (index, wire.knock_at(index, end).await) });
        }
        let mut heard = knocks.join_all().await;
        heard.sort_by_key(|(index, _)| *index);
        heard.into_iter().map(|(_, one)| one).collect()
    }

    async fn knock_at(&self, index: usize, end: Instant) -> Result<bool, Fault> {
        let (begun, door) = (Instant::now(), &self.common.doors[index]);
        if self.common.http == Http::Two {
            return trunk::open(self, door, end).await.map(|_| true);
        }
        let mut line = dial::knock(self, door, end).await?;
        if matches!(line, Line::Plain(_)) {
            return Ok(false);
        }
        let two = line.agreed_on_two();
        // In TLS 1.3 a target refuses a client without certificate only after the handshake.
        let moment = (begun.elapsed() * 2).clamp(Duration::from_millis(50), PAUSE);
        match timeout(moment, line.read_u8()).await {
            Ok(Err(error)) => Err(tls::exchanging(&error)),
            Ok(Ok(_)) | Err(_) => Ok(two),
        }
    }

    fn unreachable(&self, heard: Vec<Result<bool, Fault>>) -> Unreachable {
        let shown = &self.common.shown;
        // That this machine has no IPv6, say, tells less than what another address did.
        let (ours, theirs): (Vec<Fault>, Vec<Fault>) =
            heard.into_iter().filter_map(Result::err).partition(|fault| fault.why.is_ours());
        let fault = theirs.into_iter().chain(ours).next();
        let fault = fault.unwrap_or_else(|| Fault::new(Failure::Dns, "no address"));
        Unreachable { why: fault.why, what: format!("{shown}: {}", fault.what) }
    }
}
