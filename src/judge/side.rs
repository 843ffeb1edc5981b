//! Two versions side by side: rounds in, one answer for each change that was asked for.

use super::finding::{self, Asked, Doubt, Finding, Outcome, Rests, Rule, Scope};
use super::pairs::{Member, counted, of, told};
use super::trust;
use crate::metric::{Metric, Value};
use crate::plan::Plan;
use crate::plan::regression::{IGNORED_ERRORS, Regression};
use crate::plan::threshold::Level;
use crate::run::{Model, Rounds, Run};
use crate::stats::count::uneven_split;
use crate::stats::shift::{self, Check, Found};
use crate::stats::side::{
    Caution, Comparison, ErrorCheck, ErrorFound, Judged, Look, Round, Rules, cautions,
};
use crate::tally::{Frame, Tally};
use crate::unit::Margin;

/// The chance that a check passes although its change is beyond the limit.
const BETA: f64 = 0.05;
/// A split between the versions that is less likely than this was no fair draw.
const UNFAIR: f64 = 1e-6;
/// One in so many rounds may be lost to the generator and is made up for.
const SPARE: usize = 4;

/// A comparison as far as it has come.
struct Seen<'a> {
    /// Rounds that are fit to be compared.
    fit: Vec<&'a Run>,
    /// Why others were not.
    unfit: Vec<String>,
    members: Vec<Member>,
    /// The same rounds as numbers.
    told: Vec<Round>,
    judged: Judged,
    comparison: Comparison,
    frame: Frame,
}

/// Whether more rounds are wanted: not once the comparison is clear, all rounds are over, or too
/// many of them were lost.
#[must_use]
pub fn wants_more(plan: &Plan, run: &Run, rounds: &Rounds) -> bool {
    let Some(regression) = &plan.regression else { return false };
    let planned = regression.rounds();
    let most = planned + planned.div_ceil(SPARE);
    if rounds.ended.is_some() || rounds.rounds.len() >= most {
        return false;
    }
    let fit = rounds.rounds.iter().filter(|round| trouble(plan, round).is_none()).count();
    // Between two looks nothing is judged.
    if fit == 0 || !regression.looks().contains(&fit) {
        return true;
    }
    let asked = super::asked::questions(regression, plan, run);
    Seen::of(plan, regression, rounds, &asked).judged.next.is_some()
}

/// The rounds that are fit to be compared.
#[must_use]
pub fn sound_rounds<'a>(plan: &Plan, rounds: &'a Rounds) -> Vec<&'a Run> {
    rounds.rounds.iter().filter(|round| trouble(plan, round).is_none()).collect()
}

/// Answers what was asked of the change between two versions.
pub(super) fn answer(
    plan: &Plan,
    regression: &Regression,
    rounds: &Rounds,
    findings: &mut [Finding],
) {
    let seen = Seen::of(plan, regression, rounds, findings);
    let doubt = seen.doubt(rounds, regression);
    let armed = seen.armed();
    for finding in findings.iter_mut().filter(|one| one.rule == Rule::Regression) {
        if finding.outcome != Outcome::Held {
            continue;
        }
        seen.tell(finding, armed);
        if let Some(doubt) = &doubt {
            finding.outcome = Outcome::Unjudged(doubt.clone());
        }
    }
}

/// Why a round says nothing: the generator did not keep up, or it was cut short.
fn trouble(plan: &Plan, round: &Run) -> Option<String> {
    if let Some(why) = trust::reasons(plan, round).into_iter().next() {
        return Some(why);
    }
    let [new, base] = Rounds::arms(round).map(counted);
    (new.count() == 0 && base.count() == 0).then(|| "nothing was sent".to_owned())
}

impl<'a> Seen<'a> {
    fn of(plan: &Plan, regression: &Regression, rounds: &'a Rounds, asked: &[Finding]) -> Self {
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for round in &rounds.rounds {
            match trouble(plan, round) {
                None => fit.push(round),
                Some(why) => unfit.push(why),
            }
        }
        let members = family(asked);
        let comparison = planned(regression, &members);
        let first = rounds.rounds.first();
        let frame = Frame {
            span: first.map_or_else(|| regression.round(), Run::judged),
            timeout: first.map_or_else(Default::default, |round| round.load.timeout),
        };
        let told: Vec<Round> = fit.iter().map(|round| told(round, &members, frame)).collect();
        let judged = comparison.judge(&told);
        Self { fit, unfit, members, told, judged, comparison, frame }
    }

    /// Why the comparison as a whole says nothing.
    fn doubt(&self, rounds: &Rounds, regression: &Regression) -> Option<Doubt> {
        let mut reasons: Vec<String> = rounds.ended.iter().cloned().collect();
        let lost = self.unfit.len();
        if let Some(why) = self.unfit.first().filter(|_| self.judged.next.is_some()) {
            reasons.push(format!("{lost} of {} rounds were lost: {why}", rounds.rounds.len()));
        }
        reasons.extend(self.silent());
        reasons.extend(self.uneven());
        if !reasons.is_empty() {
            return Some(Doubt::Unequal(reasons));
        }
        let need = self.judged.next.unwrap_or_else(|| regression.rounds());
        let have = self.fit.len();
        self.judged.next.map(|_| Doubt::TooFewRounds { have, need })
    }

    /// The version compared with must have answered in every round.
    fn silent(&self) -> Option<String> {
        let base = |round: &&&Run| counted(Rounds::arms(round)[1]).answers() == 0;
        let silent = self.fit.iter().filter(base).count();
        (silent > 0).then(|| {
            format!("the version compared with answered nothing in {silent} rounds: is it there?")
        })
    }

    /// Arrivals that were shared by a draw, and came out as no draw would have it.
    fn uneven(&self) -> Option<String> {
        let open = self.fit.first().is_some_and(|round| {
            round.load.model == Model::Open && round.load.released == Some(round.load.sent)
        });
        let count = |arm: usize| -> u64 {
            self.fit.iter().map(|round| counted(Rounds::arms(round)[arm]).count()).sum()
        };
        let (new, base) = (count(0), count(1));
        (open && uneven_split(new, base) < UNFAIR)
            .then(|| format!("of all requests, {new} went to one version and {base} to the other"))
    }

    /// Whether any check could have found what it asks for.
    fn armed(&self) -> bool {
        let checks = self.judged.checks.iter().flatten().map(|found| found.armed);
        checks.chain(self.judged.errors.iter().flatten().map(|found| found.armed)).any(|one| one)
    }

    /// Tells a finding what is known of it.
    fn tell(&self, finding: &mut Finding, any_armed: bool) {
        let Asked::Change { metric, limit, .. } = finding.asked else { return };
        let is_it = |one: &&Member| one.scope == finding.scope && one.metric == metric;
        let Some(member) = self.members.iter().find(is_it) else { return };
        let kind =
            |one: &&Member| (one.metric == Metric::ErrorRate) == (metric == Metric::ErrorRate);
        let place = self.members.iter().filter(kind).position(|one| is_it(&one)).unwrap_or(0);
        let [new, base] = [0, 1].map(|arm| self.whole(arm, &member.scope));
        finding.got = new.read(metric, self.over_all());
        finding.samples = new.count();
        let base = base.read(metric, self.over_all());
        let (outcome, armed, change) = if metric == Metric::ErrorRate {
            let Some(found) = self.judged.errors.get(place).copied().flatten() else {
                return too_few(finding, &self.fit, member);
            };
            (self.of_errors(found, limit), found.armed, self.errors(found, base))
        } else {
            let Some(found) = self.judged.checks.get(place).copied().flatten() else {
                return too_few(finding, &self.fit, member);
            };
            let check = check(member, &self.comparison.checks[place]);
            let own = Check { limit: limit.size(), ..check };
            let mut change = self.shift(found, &check, base);
            change.cautions = self.cautions(place);
            (self.of_shift(found, &own, base), found.armed, change)
        };
        finding.change = Some(change);
        finding.outcome = match outcome {
            shift::Outcome::Fail => Outcome::Breached,
            shift::Outcome::Pass | shift::Outcome::Warn if armed => Outcome::Held,
            shift::Outcome::Inconclusive if armed => Outcome::Unjudged(Doubt::Undecided),
            shift::Outcome::Pass | shift::Outcome::Warn | shift::Outcome::Inconclusive => {
                // Where others are armed, one that is not holds nothing up.
                if any_armed {
                    finding.level = Level::Warn;
                }
                Outcome::Unjudged(Doubt::Unarmed)
            }
        };
    }

    /// All rounds of one scope of a version.
    fn whole(&self, arm: usize, scope: &Scope) -> Tally {
        let mut sum = Tally::default();
        self.fit.iter().for_each(|round| sum.merge(&of(Rounds::arms(round)[arm], scope)));
        sum
    }

    fn over_all(&self) -> Frame {
        let rounds = u32::try_from(self.fit.len().max(1)).unwrap_or(u32::MAX);
        Frame { span: self.frame.span * rounds, ..self.frame }
    }

    /// The outcome by a finding's own limit; where there are two, the family was tested by one.
    fn of_shift(&self, found: Found, own: &Check, base: Option<Value>) -> shift::Outcome {
        let level = base.and_then(Value::number).unwrap_or(f64::INFINITY) * 1e3;
        let limit = own.limited(level).max(own.logarithm(own.limit));
        let claimed = found.p <= self.spent(true);
        match (claimed, found.bounds.upper < limit) {
            (true, _) if found.estimate >= limit => shift::Outcome::Fail,
            (true, true) => shift::Outcome::Warn,
            (false, true) => shift::Outcome::Pass,
            (_, false) => shift::Outcome::Inconclusive,
        }
    }

    fn of_errors(&self, found: ErrorFound, limit: Margin) -> shift::Outcome {
        let rise = found.shift.difference();
        let claimed = found.p <= self.spent(false) && rise > IGNORED_ERRORS;
        match (claimed, found.upper < limit.size()) {
            (true, _) if rise >= limit.size() => shift::Outcome::Fail,
            (true, true) => shift::Outcome::Warn,
            (false, true) => shift::Outcome::Pass,
            (_, false) => shift::Outcome::Inconclusive,
        }
    }

    /// The chance of a false claim that is spent at the look the comparison ended with.
    fn spent(&self, shifts: bool) -> f64 {
        let rules = &self.comparison.rules;
        let looked = rules.looks.iter().rev().find(|look| look.rounds <= self.judged.rounds);
        let (checks, errors) =
            (!self.comparison.checks.is_empty(), !self.comparison.errors.is_empty());
        let share = match (shifts, checks && errors) {
            (_, false) => 1.0,
            (true, true) => 0.75,
            (false, true) => 0.25,
        };
        looked.map_or(0.0, |look| look.spent) * rules.alpha * share
    }

    fn shift(&self, found: Found, check: &Check, base: Option<Value>) -> finding::Change {
        let (one, other) = (check.change(found.bounds.lower), check.change(found.bounds.upper));
        let complete = found.count;
        let method = crate::stats::paired::Method::of(complete, self.spent(true)).name();
        finding::Change {
            in_points: false,
            estimate: check.change(found.estimate),
            lower: one.min(other),
            upper: one.max(other),
            p: found.p,
            rests: Rests::Rounds(complete),
            base,
            detectable: Some(check.change(found.detectable)).filter(|share| share.is_finite()),
            armed: found.armed,
            method,
            cautions: Vec::new(),
        }
    }

    /// What to know of the rounds that a check was judged by.
    fn cautions(&self, place: usize) -> Vec<Caution> {
        let judged = self.told.iter().take(self.judged.rounds);
        let pairs = judged.filter_map(|round| round.pairs.get(place).copied().flatten());
        cautions(&pairs.collect::<Vec<_>>())
    }

    fn errors(&self, found: ErrorFound, base: Option<Value>) -> finding::Change {
        finding::Change {
            in_points: true,
            estimate: found.shift.difference(),
            lower: found.lower,
            upper: found.upper,
            p: found.p,
            rests: Rests::Rounds(self.judged.rounds),
            base,
            detectable: None,
            armed: found.armed,
            method: "conditional binomial",
            cautions: Vec::new(),
        }
    }
}

/// A check is compared by too few samples in a round for its percentile.
fn too_few(finding: &mut Finding, fit: &[&Run], member: &Member) {
    let counts = fit.iter().map(|round| {
        let [new, base] = Rounds::arms(round).map(|arm| of(arm, &member.scope).count());
        new.min(base)
    });
    let have = counts.min().unwrap_or(0);
    let need = finding_need(member.metric).max(have + 1);
    finding.outcome = Outcome::Unjudged(Doubt::TooFew { have, need });
}

/// Five samples beyond a percentile, in each round and of each version.
fn finding_need(metric: Metric) -> u64 {
    metric.samples_needed().div_ceil(2)
}

/// Every scope and metric once; what fails goes before what only warns.
pub(super) fn family(asked: &[Finding]) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for level in [Level::Fail, Level::Warn] {
        for finding in asked.iter().filter(|one| one.level == level) {
            let Asked::Change { metric, limit, floor } = finding.asked else { continue };
            let known = |one: &Member| one.scope == finding.scope && one.metric == metric;
            if finding.outcome == Outcome::Held && !members.iter().any(known) {
                let floor = floor.map(|floor| floor.as_secs_f64() * 1e6);
                members.push(Member { scope: finding.scope.clone(), metric, limit, floor });
            }
        }
    }
    members
}

/// The comparison as it was planned before anything was seen.
pub(super) fn planned(regression: &Regression, members: &[Member]) -> Comparison {
    let looks = regression.looks();
    // Later looks spend more; where processes run on, there are two, and they are nearly alike.
    let first = if regression.restart.is_some() { 1_u32 } else { 2 };
    let weights: Vec<f64> = (first..).zip(&looks).map(|(weight, _)| f64::from(weight)).collect();
    let sum: f64 = weights.iter().sum();
    let looks = looks.into_iter().zip(weights);
    let looks = looks.map(|(rounds, weight)| Look { rounds, spent: weight / sum }).collect();
    let alpha = 1.0 - regression.confidence.share();
    let asked = |member: &&Member| member.metric != Metric::ErrorRate;
    let shift = |member: &Member| Check {
        better: member.metric.better(),
        ignore: regression.ignored(),
        limit: member.limit.size(),
        floor: member.floor,
    };
    let error = |member: &Member| ErrorCheck { ignore: IGNORED_ERRORS, limit: member.limit.size() };
    Comparison {
        rules: Rules { alpha, beta: BETA, looks },
        checks: members.iter().filter(asked).map(shift).collect(),
        errors: members.iter().filter(|one| !asked(one)).map(error).collect(),
    }
}

fn check(member: &Member, planned: &Check) -> Check {
    Check { better: member.metric.better(), floor: member.floor, ..*planned }
}
