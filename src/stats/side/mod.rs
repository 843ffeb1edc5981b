//! Two versions side by side, in rounds: looked at a few times, ended as soon as it is clear.

mod error_rate;
mod look;
mod caution;

use super::count::{ErrorShift, Errors};
use super::shift::{Check, Found, Outcome};
use super::size;
use super::special::t_critical;

pub use caution::{Caution, cautions};

/// How the two versions did in one round, for one check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The logarithm of the version compared with.
    pub base: f64,
    /// The logarithm of the version judged.
    pub new: f64,
    /// Samples beyond the quantile, of the version that has fewer: n(1 − q).
    pub tail: f64,
}

/// One round: both versions under load at the same time, or in turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// One for each check; `None` where a side had nothing.
    pub pairs: Vec<Option<Pair>>,
    /// One for each endpoint whose error rate is compared.
    pub errors: Vec<Errors>,
}

/// What is asked of an error rate, as shares of all requests: 0.005 is half a percentage point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorCheck {
    /// A smaller rise is never claimed.
    pub ignore: f64,
    /// A larger rise is not allowed.
    pub limit: f64,
}

/// When the rounds are looked at, and what share of both error rates is spent there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// After so many rounds.
    pub rounds: usize,
    /// This share of alpha and of beta.
    pub spent: f64,
}

/// The error rates of a comparison, and when it may end.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The chance of any false claim, over all checks and looks.
    pub alpha: f64,
    /// The chance that a check passes although it is beyond its limit, over all looks.
    pub beta: f64,
    /// When the rounds are looked at; the last look ends the comparison.
    pub looks: Vec<Look>,
}

/// A comparison as it was planned: the family of checks is fixed before looking.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Error rates and looks.
    pub rules: Rules,
    /// What is asked of quantiles and throughput.
    pub checks: Vec<Check>,
    /// What is asked of error rates, for each endpoint.
    pub errors: Vec<ErrorCheck>,
}

/// What is known of one error rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorFound {
    /// What came of it.
    pub outcome: Outcome,
    /// What was counted.
    pub shift: ErrorShift,
    /// Bounds of the difference, as shares of all requests.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// The p value, corrected for the family of error rates.
    pub p: f64,
    /// Whether as many requests without any error would prove the rise to be within its limit.
    pub armed: bool,
}

/// What came of a comparison, so far or for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What came of all checks together.
    pub outcome: Outcome,
    /// Rounds it rests on.
    pub rounds: usize,
    /// Rounds to be done before the next look; `None` once it has ended.
    pub next: Option<usize>,
    /// For each check; `None` where too few samples support it.
    pub checks: Vec<Option<Found>>,
    /// For each error rate; `None` where nothing was sent.
    pub errors: Vec<Option<ErrorFound>>,
}

impl Rules {
    /// Looks after 6, 9, 12 and 16 rounds: the plan where both versions start anew each round.
    #[must_use]
    pub fn restarted(alpha: f64, beta: f64) -> Self {
        let looks = [(6, 0.1), (9, 0.2), (12, 0.3), (16, 0.4)];
        Self::looking(alpha, beta, &looks)
    }

    /// Looks after 16 and 24 windows: the plan where one process of each version runs on. What is
    /// ignored must be widened by [`ignored_without_restart`].
    #[must_use]
    pub fn running_on(alpha: f64, beta: f64) -> Self {
        Self::looking(alpha, beta, &[(16, 0.4), (24, 0.6)])
    }

    /// One look after 8 rounds: five minutes.
    #[must_use]
    pub fn short(alpha: f64, beta: f64) -> Self {
        Self::looking(alpha, beta, &[(8, 1.0)])
    }

    fn looking(alpha: f64, beta: f64, looks: &[(usize, f64)]) -> Self {
        let looks = looks.iter().map(|(rounds, spent)| Look { rounds: *rounds, spent: *spent });
        Self { alpha, beta, looks: looks.collect() }
    }

    /// The rounds of the whole plan.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.looks.last().map_or(0, |look| look.rounds)
    }
}

/// What must be ignored, as a share, where processes do not start anew: two and a half times the
/// standard deviation from one start to another, if that is more than what was asked.
#[must_use]
pub fn ignored_without_restart(ignore: f64, start_deviation: f64) -> f64 {
    ignore.max(2.5 * start_deviation)
}

impl Comparison {
    /// Judges the rounds there are: look by look, up to the first that ends the comparison.
    ///
    /// The same rounds give the same answer, whether they were looked at before or not.
    #[must_use]
    pub fn judge(&self, rounds: &[Round]) -> Judged {
        let mut latest = None;
        for (index, look) in self.rules.looks.iter().enumerate() {
            let Some(seen) = rounds.get(..look.rounds) else { break };
            let judged = look::judge(self, index, seen);
            if judged.next.is_none() {
                return judged;
            }
            latest = Some(judged);
        }
        latest.unwrap_or_else(|| self.too_few(rounds))
    }

    /// The shift of a check that the whole plan finds with 95 %, as a logarithm, where it varies by
    /// a standard deviation from round to round and so many checks are compared.
    #[must_use]
    pub fn detectable(&self, check: &Check, spread: f64, checks: usize) -> f64 {
        check.ignored() + self.reach(checks) * spread / size(self.rules.planned()).sqrt()
    }

    /// After how many rounds a shift as large as a limit, a logarithm, would be found with 95 %;
    /// `None` where what is ignored is more.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of rounds, and at most what fits"
    )]
    pub fn rounds_for(
        &self,
        check: &Check,
        limit: f64,
        spread: f64,
        checks: usize,
    ) -> Option<usize> {
        let room = limit - check.ignored();
        let rounds = (self.reach(checks) * spread / room).powi(2).ceil();
        (room > 0.0 && rounds < 1e6).then_some(rounds as usize)
    }

    /// How many standard errors above what is ignored a shift must lie to be found with 95 % among
    /// so many checks.
    fn reach(&self, checks: usize) -> f64 {
        let share = self.rules.alpha * self.share_of_shifts() / size(checks);
        let freedom = size(self.rules.planned()) - 1.0;
        t_critical(share, freedom) + t_critical(0.05, freedom)
    }

    /// Before the first look nothing is said.
    fn too_few(&self, rounds: &[Round]) -> Judged {
        Judged {
            outcome: Outcome::Inconclusive,
            rounds: rounds.len(),
            next: self.rules.looks.first().map(|look| look.rounds),
            checks: vec![None; self.checks.len()],
            errors: vec![None; self.errors.len()],
        }
    }

    /// The share of alpha for latency and throughput: three quarters, and all of it where no error
    /// rate is compared.
    fn share_of_shifts(&self) -> f64 {
        if self.errors.is_empty() { 1.0 } else { 0.75 }
    }

    /// The share of alpha for error rates.
    fn share_of_errors(&self) -> f64 {
        if self.checks.is_empty() { 1.0 } else { 0.25 }
    }
}
