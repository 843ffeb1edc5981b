//! Whoever is told of a run while it is under way: each in a thread of its own, so that one who is
//! slow, down or hostile holds up neither the load nor the others.
//!
//! What is told is always the newest: who cannot keep up misses what lay between. Nothing in here
//! changes a verdict; what was lost is said once, at the end.

mod scrape;
mod sink;
mod statsd;
mod lines;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::machine;
use crate::plan::outlet::{Export, Kind, Outlet};
use crate::store::Store;
use crate::telemetry::Snapshot;

/// How long is waited for those who have not taken the last numbers.
const PATIENCE: Duration = Duration::from_secs(5);
/// A telling is due a little before its time: whoever watches the load comes by once in a second.
const SLACK: Duration = Duration::from_millis(100);
/// How often the last numbers are told to somebody who does not take them, and how long each may
/// take: with the pauses less than [`PATIENCE`].
const LAST: (u32, Duration) = (3, Duration::from_millis(1_400));
/// The pause before the last numbers are told again to somebody who did not take them.
const PAUSE: Duration = Duration::from_millis(250);

/// What there is to tell: the newest numbers, and how many there were before them.
#[derive(Clone, Debug, Default)]
struct News {
    now: Option<Arc<Snapshot>>,
    count: u64,
    /// Nothing comes after it.
    last: bool,
}

/// Everybody who is told.
pub struct Outlets {
    interval: Duration,
    labels: Vec<(String, String)>,
    began: u64,
    due: Duration,
    count: u64,
    news: watch::Sender<News>,
    losses: mpsc::UnboundedReceiver<Option<String>>,
    waiting: usize,
    linger: Duration,
}

impl Outlets {
    /// Opens them all. Who cannot be opened is told of, with the reason, and the others work.
    #[must_use]
    pub fn open(
        export: &Export,
        ours: Vec<(String, String)>,
        store: &Store,
    ) -> (Self, Vec<String>) {
        let (news, heard) = watch::channel(News::default());
        let (tell, losses) = mpsc::unbounded_channel();
        let (mut said, mut waiting, mut linger) = (Vec::new(), 0, Duration::ZERO);
        for outlet in &export.outlets {
            let name = format!("export to {} ({})", outlet.kind.name(), outlet.shown);
            match start(outlet, export.interval, name.clone(), store, (&heard, &tell)) {
                Ok(()) => waiting += 1,
                Err(why) => said.push(format!("{name} is off: {why}")),
            }
            if let Kind::Scrape { linger: own, .. } = &outlet.kind {
                linger = linger.max(*own);
            }
        }
        let labels = ours.into_iter().chain(export.labels.iter().cloned()).collect();
        let (interval, began) = (export.interval, machine::nanos());
        let (due, count) = (Duration::ZERO, 0);
        (Self { interval, labels, began, due, count, news, losses, waiting, linger }, said)
    }

    /// A load begins: it is counted from zero.
    pub fn begin(&mut self) {
        self.began = machine::nanos();
        self.due = self.interval;
    }

    /// Whether it is time to tell.
    #[must_use]
    pub fn is_due(&self, elapsed: Duration) -> bool {
        self.waiting > 0 && elapsed + SLACK >= self.due
    }

    /// Tells how it stands.
    pub fn tell(&mut self, now: Snapshot) {
        self.due = now.elapsed + self.interval;
        self.send(now, false);
    }

    /// Tells how it ended.
    pub fn conclude(&mut self, last: Snapshot) {
        self.send(last, true);
    }

    fn send(&mut self, now: Snapshot, last: bool) {
        let (at, began, labels) = (machine::nanos(), self.began, self.labels.clone());
        let now = Some(Arc::new(Snapshot { at, began, labels, ..now }));
        self.count += 1;
        self.news.send_replace(News { now, count: self.count, last });
    }

    /// Waits until all of them took the last numbers, for so long as they may take; then what was
    /// lost, in words. Where there is a hurry, nobody is waited for who only may come by.
    pub async fn close(self, hurry: impl Future<Output = ()>) -> Vec<String> {
        let Self { news, mut losses, waiting, linger, .. } = self;
        // Whoever sees that nobody tells any more, and has the last numbers, is done.
        drop(news);
        let mut said = Vec::new();
        let all = async {
            for _ in 0..waiting {
                said.extend(losses.recv().await.flatten());
            }
        };
        let slow = tokio::select! {
            done = tokio::time::timeout(PATIENCE + linger, all) => done.is_err(),
            () = hurry => false,
        };
        if slow {
            let seconds = (PATIENCE + linger).as_secs();
            said.push(format!("export: the last numbers were not all taken within {seconds} s"));
        }
        said
    }
}

/// What each of them is given: what there is to tell, and whom to tell what was lost.
type Ends<'a> = (&'a watch::Receiver<News>, &'a mpsc::UnboundedSender<Option<String>>);

/// Starts a thread for one of them.
fn start(
    outlet: &Outlet,
    interval: Duration,
    name: String,
    store: &Store,
    (heard, tell): Ends<'_>,
) -> Result<(), String> {
    let work = match &outlet.kind {
        Kind::Scrape { listen, linger } => Work::Scrape(scrape::bind(*listen)?, *linger),
        Kind::RemoteWrite(sink) => Work::Sink(Box::new(sink::Post::remote_write(sink)?)),
        Kind::Otlp(sink) => Work::Sink(Box::new(sink::Post::otlp(sink)?)),
        Kind::Influx(sink) => Work::Sink(Box::new(sink::Post::influx(sink)?)),
        Kind::Statsd { host, port, flavour } => {
            Work::Statsd(Box::new(statsd::Station::new(host, *port, *flavour)))
        }
        Kind::Json { file } => {
            Work::Lines(lines::Book::new(store.growing(file).map_err(|no| no.to_string())?))
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| why.to_string())?;
    let (heard, tell) = (heard.clone(), tell.clone());
    let attend = move || {
        let lost = runtime.block_on(work.attend(heard, interval));
        let lost = lost.map(|lost| format!("{name} {lost}"));
        // Nobody listens any more once the run has ended without it.
        let _ = tell.send(lost);
    };
    let thread = std::thread::Builder::new().name("export".to_owned()).spawn(attend);
    thread.map(drop).map_err(|why| why.to_string())
}

/// What one of them does.
enum Work {
    Scrape(std::net::TcpListener, Duration),
    Sink(Box<sink::Post>),
    Statsd(Box<statsd::Station>),
    Lines(lines::Book),
}

impl Work {
    /// To the end of the run; then what was lost, where something was.
    async fn attend(self, heard: watch::Receiver<News>, interval: Duration) -> Option<String> {
        let mut losses = Losses::default();
        match self {
            Self::Scrape(listener, linger) => return scrape::serve(listener, heard, linger).await,
            Self::Sink(post) => deliver(heard, interval, &mut losses, *post).await,
            Self::Statsd(station) => deliver(heard, interval, &mut losses, *station).await,
            Self::Lines(book) => deliver(heard, interval, &mut losses, book).await,
        }
        losses.told()
    }
}

/// Somebody to whom numbers are brought.
trait Bring {
    /// Brings them; why that failed, as half a sentence.
    async fn bring(&mut self, now: &Snapshot) -> Result<(), String>;
}

/// What could not be told.
#[derive(Debug, Default)]
struct Losses {
    tellings: u64,
    lost: u64,
    why: String,
}

impl Losses {
    fn count(&mut self, why: String) {
        self.lost += 1;
        self.why = why;
    }

    fn told(self) -> Option<String> {
        let Self { tellings, lost, why } = self;
        let why = if why.is_empty() { "too slow".to_owned() } else { why };
        (lost > 0).then(|| format!("lost {lost} of {tellings} tellings: {why}"))
    }
}

/// Brings the newest numbers again and again; the last ones up to three times.
async fn deliver(
    mut heard: watch::Receiver<News>,
    interval: Duration,
    losses: &mut Losses,
    mut to: impl Bring,
) {
    let mut seen = 0;
    while heard.changed().await.is_ok() {
        let news = heard.borrow_and_update().clone();
        let Some(now) = &news.now else { continue };
        losses.tellings = news.count;
        // What came and went while the one before was brought.
        losses.lost += news.count - seen - 1;
        seen = news.count;
        let (tries, limit) = if news.last { LAST } else { (1, interval.min(PATIENCE)) };
        for again in (0..tries).rev() {
            let brought = tokio::time::timeout(limit, to.bring(now)).await;
            match brought.unwrap_or_else(|_| Err("no answer came in time".to_owned())) {
                Ok(()) => break,
                Err(why) if again == 0 => losses.count(why),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
