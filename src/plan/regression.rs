//! What a comparison with an earlier version asks, and how it is made.

use std::fmt;
use std::time::Duration;

use super::threshold::{Level, Selector};
use super::{Load, Site};
use crate::metric::{Better, Metric};
use crate::unit::{Margin, Ratio};

/// What `[regression]` asks, with what stands for all that it does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// The branch whose earlier runs are the ones to compare with.
    pub baseline: Option<String>,
    /// The service that runs the version to compare with, side by side; its path is the target's.
    pub against: Option<Site>,
    /// How sure a claim must be, over all checks of the comparison together.
    pub confidence: Ratio,
    /// A smaller change is never claimed, as a share of what it was.
    pub ignore: Ratio,
    /// What a comparison counts as that could not tell.
    pub inconclusive: Inconclusive,
    /// How two versions are put under load side by side.
    pub mode: Mode,
    /// So many rounds at most; `None`: as many as the way of comparing needs.
    pub rounds: Option<usize>,
    /// The judged time of a round; `None`: as long as the way of comparing needs.
    pub round: Option<Duration>,
    /// The command that starts a version anew before each round.
    pub restart: Option<String>,
    /// What is asked, in the order of the file. Never empty.
    pub changes: Vec<Change>,
}

/// One expectation of a comparison: of what, which metric, how much worse it may become.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Of what it is expected.
    pub selector: Selector,
    /// What is compared: a percentile of latency, the mean, throughput or the error rate.
    pub metric: Metric,
    /// How much worse it may become: in percentage points of an error rate, else as a share.
    pub limit: Margin,
    /// A change must also be larger than this to be a breach (latency).
    pub floor: Option<Duration>,
    /// Whether a breach fails the gate or is only said.
    pub level: Level,
    /// The user did not write it.
    pub default: bool,
    /// The line of the gate file it stands on, 1-based; 0 for a default.
    pub line: usize,
}

/// What a comparison counts as that was made, and could not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inconclusive {
    /// The gate does not pass: it is inconclusive as a whole.
    Fail,
    /// It is said as a warning, and the gate passes if all else holds.
    #[default]
    Warn,
    /// It is told in the reports alone, and the gate passes if all else holds.
    Pass,
}

/// How two versions are put under load side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// At the same time: each arrival goes to one of them by a draw.
    #[default]
    Duet,
    /// In short turns, for versions that must not be under load at once.
    Alternate,
}

/// A rise of an error rate up to this is never claimed: a tenth of a percentage point.
pub const IGNORED_ERRORS: f64 = 0.001;

/// Confidence where the file says none.
const CONFIDENCE: f64 = 0.99;
/// What is ignored where the file says nothing.
const IGNORE: f64 = 0.01;
/// The standard deviation from one start of a process to the next, where processes run on and
/// nobody has measured it.
const START_DEVIATION: f64 = 0.01;

/// Rounds at which a comparison may end where processes start anew, before the last.
const LOOKS_RESTARTED: [usize; 5] = [6, 9, 12, 16, 24];
/// The same where processes run on: windows of one process tell less.
const LOOKS_RUNNING_ON: [usize; 2] = [16, 24];

impl Regression {
    /// The fewest rounds that can ever be judged.
    pub const FEWEST_ROUNDS: usize = 6;

    /// The comparison of a file that says nothing of one.
    #[must_use]
    pub fn usual() -> Self {
        Self {
            baseline: None,
            against: None,
            confidence: Ratio::new(CONFIDENCE).expect("99 % is a share"),
            ignore: Ratio::new(IGNORE).expect("1 % is a share"),
            inconclusive: Inconclusive::default(),
            mode: Mode::default(),
            rounds: None,
            round: None,
            restart: None,
            changes: usual_changes(),
        }
    }

    /// What is asked of a load in which users wait for their answers, or of one in which they do
    /// not: there throughput is what was sent, and asked for only by who writes it.
    pub fn asked(&self, closed: bool) -> impl Iterator<Item = &Change> {
        let decided = move |change: &&Change| {
            closed || !change.default || change.metric != Metric::Throughput
        };
        self.changes.iter().filter(decided)
    }

    /// The rounds of the whole plan; a comparison that is clear ends before.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.restart.is_some() { 16 } else { 24 })
    }

    /// The judged time of a round.
    #[must_use]
    pub fn round(&self) -> Duration {
        let usual = if self.restart.is_some() { 30 } else { 15 };
        self.round.unwrap_or(Duration::from_secs(usual))
    }

    /// What is sent and not judged at the beginning of each round: the load's own warm-up, or 5 s
    /// where it has none; where processes run on and are warm, 1 s at most.
    #[must_use]
    pub fn warm_up(&self, load: &Load) -> Duration {
        let own = if load.warm_up.is_zero() { Duration::from_secs(5) } else { load.warm_up };
        if self.restart.is_some() { own } else { own.min(Duration::from_secs(1)) }
    }

    /// The numbers of rounds after which a comparison may end; the last is its end.
    #[must_use]
    pub fn looks(&self) -> Vec<usize> {
        let (all, usual) = (
            self.rounds(),
            match self.restart {
                Some(_) => &LOOKS_RESTARTED[..],
                None => &LOOKS_RUNNING_ON[..],
            },
        );
        let before = usual.iter().copied().filter(|look| *look < all);
        before.chain(std::iter::once(all)).collect()
    }

    /// The standard deviation from one start of a process to the next, as far as it is a part of
    /// what varies from round to round.
    #[must_use]
    pub fn start_deviation(&self) -> f64 {
        if self.restart.is_some() { START_DEVIATION } else { 0.0 }
    }

    /// What is ignored, as a share. Where processes run on it is at least two and a half standard
    /// deviations from one start to the next: the luck of a start is no regression.
    #[must_use]
    pub fn ignored(&self) -> f64 {
        let least = if self.restart.is_some() { 0.0 } else { 2.5 * START_DEVIATION };
        self.ignore.share().max(least)
    }
}

/// What is asked of each endpoint where the file asks nothing; throughput counts where the service
/// decides it.
fn usual_changes() -> Vec<Change> {
    let percentile =
        |percent: &str| Metric::parse(percent).expect("a percentile between 0 and 100");
    let each = Selector::Endpoints("*".to_owned());
    let all = [
        (each.clone(), percentile("p50"), Margin::more(50_000)),
        (each.clone(), percentile("p95"), Margin::more(100_000)),
        (each.clone(), percentile("p99"), Margin::more(200_000)),
        (each, Metric::ErrorRate, Margin::points(5_000)),
        (Selector::Whole, Metric::Throughput, Margin::less(50_000)),
    ];
    let change = |(selector, metric, limit)| Change {
        selector,
        metric,
        limit,
        floor: None,
        level: Level::Fail,
        default: true,
        line: 0,
    };
    all.into_iter().map(change).collect()
}

/// Whether a metric can be compared between versions.
#[must_use]
pub fn is_comparable(metric: Metric) -> bool {
    match metric {
        Metric::Latency(_) | Metric::Mean | Metric::ErrorRate | Metric::Throughput => true,
        Metric::GoodLatency(_)
        | Metric::Max
        | Metric::Status(_)
        | Metric::Count
        | Metric::Timing(..)
        | Metric::EventsPerSecond => false,
    }
}

/// A change of a metric as one writes it, for a hint.
#[must_use]
pub fn example(metric: Metric) -> &'static str {
    match (metric, metric.better()) {
        (Metric::ErrorRate, _) => "+0.5pp",
        (_, Better::Higher) => "-5%",
        (_, Better::Lower | Better::Neither) => "+5%",
    }
}

impl Inconclusive {
    /// The name, as a gate file has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Pass => "pass",
        }
    }
}

impl Mode {
    /// The name, as a gate file has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Duet => "duet",
            Self::Alternate => "alternate",
        }
    }
}

impl fmt::Display for Change {
    /// The check in words: `GET /cart p95 +5%`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { selector, metric, limit, .. } = self;
        write!(out, "{selector} {metric} {limit}")?;
        match self.level {
            Level::Warn => out.write_str(" (warn)"),
            Level::Fail => Ok(()),
        }
    }
}
