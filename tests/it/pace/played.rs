use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use loadgate::load::probe::{Answer, Errand, Hub, Probe, Wire};
use loadgate::load::{Order, Progress, drive};
use loadgate::plan::axis::axis;
use loadgate::plan::mix::Mix;
use loadgate::plan::profile::{Profile, Stage};
use loadgate::plan::{Arrivals, Load};
use loadgate::run::{Model, Origin, Run, Stop};
use loadgate::sample::{End, Failure};
use loadgate::shard::Shard;

/// What a connection is made of: how long that takes, and how it ends.
type Opening = dyn Fn(u64) -> (Duration, Result<(), Failure>) + Send + Sync;
/// What becomes of the n-th request, sent then: when it is done, if ever, and how it ends.
type Acting = dyn Fn(u64, Instant) -> (Option<Instant>, End) + Send + Sync;

/// A target that does what it is told.
#[derive(Clone)]
pub(super) struct Played {
    open: Arc<Opening>,
    act: Arc<Acting>,
    /// Connections that were tried.
    pub(super) opened: Arc<AtomicU64>,
    /// Requests that were sent.
    pub(super) fired: Arc<AtomicU64>,
    flying: Arc<AtomicU64>,
    /// Most requests at once.
    pub(super) most: Arc<AtomicU64>,
}

impl Played {
    /// Connects at once; each request does what `act` says.
    pub(super) fn new(
        act: impl Fn(u64, Instant) -> (Option<Instant>, End) + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Arc::new(|_| (Duration::from_micros(1), Ok(()))),
            act: Arc::new(act),
            opened: Arc::default(),
            fired: Arc::default(),
            flying: Arc::default(),
            most: Arc::default(),
        }
    }

    /// A good answer after so long.
    pub(super) fn after(time: Duration) -> Self {
        Self::new(move |_, now| (Some(now + time), End::Good(200)))
    }

    /// Connecting does what `open` says.
    pub(super) fn opening(
        self,
        open: impl Fn(u64) -> (Duration, Result<(), Failure>) + Send + Sync + 'static,
    ) -> Self {
        Self { open: Arc::new(open), ..self }
    }
}

impl Wire for Played {
    type Hub = Self;

    fn hub(self) -> Self {
        self
    }
}

impl Hub for Played {
    type Probe = PlayedProbe;

    fn probe(&self) -> PlayedProbe {
        PlayedProbe { play: self.clone(), is_open: false }
    }

    fn examples(&self) -> Vec<(usize, Failure, String)> {
        let fired = self.fired.load(Ordering::Relaxed);
        let nothing = format!("the connection is played, and {fired} requests went out");
        vec![(1, Failure::Connect, nothing)]
    }
}

/// A connection to a played target.
pub(super) struct PlayedProbe {
    play: Played,
    is_open: bool,
}

impl Probe for PlayedProbe {
    async fn open(&mut self, _: Instant) -> Result<Duration, Failure> {
        if self.is_open {
            return Ok(Duration::ZERO);
        }
        let (time, end) = (self.play.open)(self.play.opened.fetch_add(1, Ordering::Relaxed));
        if time > Duration::from_millis(1) {
            tokio::time::sleep(time).await;
        }
        self.is_open = end.is_ok();
        end.map(|()| time)
    }

    async fn fire(&mut self, _: usize, _: Instant) -> Answer {
        let connecting = match self.open(Instant::now()).await {
            Ok(time) => Some(time).filter(|time| !time.is_zero()),
            Err(why) => {
                let (now, end) = (Instant::now(), End::Failed { why, status: None });
                let (sent, done) = (now, now);
                let (bytes, connecting, reconnected) = (0, None, false);
                return Answer {
                    end,
                    sent,
                    done,
                    bytes,
                    connecting,
                    reconnected,
                    inside: None,
                    unmet: None,
                };
            }
        };
        let sent = Instant::now();
        let number = self.play.fired.fetch_add(1, Ordering::Relaxed);
        let flying = self.play.flying.fetch_add(1, Ordering::Relaxed) + 1;
        self.play.most.fetch_max(flying, Ordering::Relaxed);
        let (done, end) = (self.play.act)(number, sent);
        let Some(done) = done else { return pending().await };
        if done > sent {
            tokio::time::sleep_until(done.into()).await;
        }
        self.play.flying.fetch_sub(1, Ordering::Relaxed);
        let (bytes, reconnected) = (100, false);
        Answer { end, sent, done, bytes, connecting, reconnected, inside: None, unmet: None }
    }

    async fn fire_live(&mut self, request: usize, _: Errand<'_>, deadline: Instant) -> Answer {
        self.fire(request, deadline).await
    }

    fn is_open(&self) -> bool {
        self.is_open
    }
}

pub(super) fn stage(ms: u64, from: u64, to: u64) -> Stage {
    let (from, to) = (from * 1_000_000, to * 1_000_000);
    Stage { name: None, duration: Duration::from_millis(ms), from, to }
}

/// An order of one load thread, with two requests of weights 3 and 1.
pub(super) fn order(model: Model, stages: &[Stage], change: impl FnOnce(&mut Order)) -> Order {
    let load = Load {
        profile: Profile { model, stages: stages.to_vec() },
        warm_up: Duration::ZERO,
        arrivals: Arrivals::Even,
        max_in_flight: 10_000,
        connections: 10_000,
        threads: Some(1),
        streams: 10,
        seed: None,
        shard: Shard::ALONE,
        abort_after: Duration::from_secs(30),
    };
    let mut order = Order {
        load,
        timeout: Duration::from_secs(10),
        requests: vec![("GET /often".to_owned(), 3), ("GET /seldom".to_owned(), 1)],
        endpoints: vec!["GET /often".to_owned(), "GET /seldom".to_owned()],
        counted: vec![0, 1],
        max_times: vec![None, None],
        mix: Mix::of_requests(&[(3, 0), (1, 1)], 2, 1),
        story: None,
        axis: Vec::new(),
        seed: 1,
        origin: Origin::default(),
        arms: None,
        recent: false,
    };
    change(&mut order);
    order.axis = axis(&order.load, &[]);
    order
}

/// Puts an order on a played target, to its end.
pub(super) fn run(order: Order, target: &Played) -> Run {
    run_until(order, target, |_| None, pending())
}

/// Puts an order on a played target, until somebody says stop.
pub(super) fn run_until(
    order: Order,
    target: &Played,
    watch: impl FnMut(&Progress<'_>) -> Option<Stop>,
    stop: impl Future<Output = Stop>,
) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(drive(order, target.clone(), watch, stop))
}
