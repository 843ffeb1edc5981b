//! How long we wait for a forge, and how often we ask it.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use crate::host::reply::{Refusal, Reply};
use crate::machine;

/// The time that is left for publishing.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    end: Instant,
}

/// Whether a request may be made again without looking first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is the same as once.
    Harmless,
    /// It makes something new each time.
    LookFirst,
}

impl Patience {
    /// So long from now.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        Self { end: Instant::now() + time }
    }

    /// Asks until it is granted, refused for good, or time is up.
    ///
    /// # Errors
    /// What the forge refused last.
    pub async fn ask<Once>(
        self,
        repeat: Repeat,
        mut once: impl FnMut() -> Once,
    ) -> Result<Reply, Refusal>
    where
        Once: Future<Output = Result<Reply, Refusal>>,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let refusal = match self.bounded(once()).await {
                Ok(reply) => match reply.granted(machine::seconds()) {
                    Ok(reply) => return Ok(reply),
                    Err(refusal) => refusal,
                },
                Err(refusal) => refusal,
            };
            if repeat == Repeat::LookFirst && refusal.is_open() {
                return Err(refusal);
            }
            match refusal.again(tried, machine::draw_share()) {
                Some(wait) if Instant::now() + wait < self.end => sleep(wait).await,
                Some(_) | None => return Err(refusal),
            }
        }
    }

    /// Waits a while before a request is made anew; `false` where there is no time.
    pub async fn pause(self, refusal: &Refusal, tried: u32) -> bool {
        match refusal.again(tried, machine::draw_share()) {
            Some(wait) if Instant::now() + wait < self.end => {
                sleep(wait).await;
                true
            }
            Some(_) | None => false,
        }
    }

    async fn bounded(
        self,
        once: impl Future<Output = Result<Reply, Refusal>>,
    ) -> Result<Reply, Refusal> {
        timeout_at(self.end.into(), once).await.unwrap_or(Err(Refusal::OutOfTime))
    }
}
