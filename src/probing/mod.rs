//! Questions beside a load: in a thread of their own, so that slow answers hold up nothing but
//! themselves.

#[cfg(unix)]
mod command;
mod ask;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::plan::probe::Probe;
use crate::run::Series;
use crate::unit::show_duration;
use ask::Asker;

/// No answer is longer, in bytes.
const MOST_ANSWER: usize = 64 * 1024;
/// Questions of one probe that are kept, at most.
const MOST: usize = 1_000_000;

/// Everything that is asked beside a load, until it is dropped.
pub struct Sampler {
    began: std::time::Instant,
    /// Each probe's answers, and the pause between two questions.
    all: Vec<(Duration, Arc<Mutex<Series>>)>,
    /// Ends the thread when it is dropped.
    _stop: oneshot::Sender<()>,
    said: UnboundedReceiver<String>,
}

impl Sampler {
    /// Begins to ask, at once and then again and again.
    ///
    /// # Errors
    /// When the system gives no thread, no runtime or no client; in words.
    pub fn start(probes: &[Probe]) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, said) = unbounded_channel();
        let began = std::time::Instant::now();
        let mut all = Vec::new();
        let mut askers = Vec::new();
        for probe in probes {
            let series = Series {
                name: probe.name.clone(),
                unit: probe.unit.to_owned(),
                readings: Vec::new(),
                said: String::new(),
            };
            let series = Arc::new(Mutex::new(series));
            all.push((probe.every, Arc::clone(&series)));
            askers.push((probe.clone(), Asker::new(&probe.asks)?, series));
        }
        let work = move || {
            runtime.block_on(async {
                for (probe, asker, series) in askers {
                    tokio::spawn(ask(probe, asker, series, began, tell.clone()));
                }
                // Also when the other side is gone.
                let _ = stopped.await;
            });
        };
        let thread = std::thread::Builder::new().name("probes".to_owned()).spawn(work);
        thread.map_err(|error| error.to_string())?;
        Ok(Self { began, all, _stop: stop, said })
    }

    /// How long it has been asking.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// What was asked and answered so far, on the time axis of a load that began so long after the
    /// first question. What was asked before that is left out.
    #[must_use]
    pub fn series(&self, offset: Duration) -> Vec<Series> {
        let now = self.elapsed();
        let shifted = |(every, series): &(Duration, Arc<Mutex<Series>>)| {
            let mut series = locked(series).clone().whole(*every, now);
            series.readings = series
                .readings
                .into_iter()
                .filter_map(|(at, answer)| Some((at.checked_sub(offset)?, answer)))
                .collect();
            series
        };
        self.all.iter().map(shifted).collect()
    }

    /// What should be said of it by now: probes that do not answer, each once.
    pub fn said(&mut self) -> Option<String> {
        self.said.try_recv().ok()
    }
}

fn locked(series: &Mutex<Series>) -> MutexGuard<'_, Series> {
    series.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks one question again and again. Where an answer takes longer than the pause, the questions
/// that would have come meanwhile are left out, and count as unanswered.
async fn ask(
    probe: Probe,
    asker: Asker,
    series: Arc<Mutex<Series>>,
    began: std::time::Instant,
    tell: UnboundedSender<String>,
) {
    let mut ticks = interval(probe.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut answered, mut told) = (false, false);
    for _ in 0..MOST {
        ticks.tick().await;
        let at = Instant::now().into_std().saturating_duration_since(began);
        // Unanswered until it is answered, also where the load ends before.
        locked(&series).readings.push((at, None));
        let answer = timeout(probe.timeout, asker.ask()).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(format!("no answer came within {}", show_duration(probe.timeout)))
        });
        answered |= answer.is_ok();
        match answer {
            Ok(number) => {
                if let Some(last) = locked(&series).readings.last_mut() {
                    last.1 = Some(number);
                }
            }
            Err(why) => {
                if !answered && !told {
                    told = true;
                    // Nobody may be listening any more.
                    let _ = tell.send(format!("warning: probe {}: {why}", probe.name));
                }
                locked(&series).said = why;
            }
        }
    }
}
