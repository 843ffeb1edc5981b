//! A change is judged by its own gate file and by that of the commit it is made against: the
//! stricter decides.

use super::finding::{Asked, Doubt, Finding, Judgement, Outcome, Rule, Scope};
use super::judge_after;
use crate::baseline::History;
use crate::plan::Plan;
use crate::policy::{Approval, Policy, Standing};
use crate::run::Run;

/// Judges a run by the gate file of a change and by that of its base, and says what the comparison
/// of the two came to. Where asking for less was approved, the change's own decides alone.
#[must_use]
pub fn judge_both(
    plan: &Plan,
    base: Option<&Plan>,
    policy: Policy,
    run: &Run,
    history: Option<&History>,
) -> Judgement {
    let own = judge_after(plan, run, history);
    let mut judgement = match base.filter(|_| !policy.approval.is_given()) {
        Some(base) => stricter(own, judge_after(base, run, history)),
        None => own,
    };
    judgement.findings.push(standing(&policy));
    judgement.policy = Some(policy);
    judgement
}

/// The findings of both, each question once: fails exactly where one of the two fails, and passes
/// exactly where both do.
#[must_use]
pub fn stricter(mut own: Judgement, base: Judgement) -> Judgement {
    let mut more = Vec::new();
    for finding in base.findings {
        let twin = own.findings.iter_mut().find(|one| is_same_question(one, &finding));
        match (twin, &finding.asked) {
            (Some(twin), Asked::Fit | Asked::Sound | Asked::Valid | Asked::Script(_)) => {
                if finding.outcome.verdict() > twin.outcome.verdict() {
                    twin.outcome = finding.outcome;
                }
            }
            (Some(twin), _) if twin.outcome.verdict() >= finding.outcome.verdict() => {}
            (_, _) => more.push(Finding { base: true, line: 0, ..finding }),
        }
    }
    // Before what is said of the measurement itself.
    let place = own.findings.iter().position(|one| one.rule == Rule::Trust);
    let place = place.unwrap_or(own.findings.len());
    own.findings.splice(place..place, more);
    own
}

fn is_same_question(one: &Finding, other: &Finding) -> bool {
    one.scope == other.scope && one.asked == other.asked && one.level == other.level
}

/// Who approved it, as the end of a sentence.
fn approved(approval: &Approval) -> String {
    match approval {
        Approval::Label(by) => format!("{by} approved by a label"),
        Approval::Nobody | Approval::Flag | Approval::Refused(_) => "was approved".to_owned(),
    }
}

/// What is said behind the first thing that asks for less: how many more there are, and why it is
/// not approved where somebody tried.
fn rest(more: usize, approval: &Approval) -> String {
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    match approval {
        Approval::Refused(why) => format!("{more}; {why}"),
        Approval::Nobody | Approval::Flag | Approval::Label(_) => more,
    }
}

/// What the comparison came to, as a finding of its own.
fn standing(policy: &Policy) -> Finding {
    let base = &policy.base;
    let given = policy.approval.is_given();
    let approved = approved(&policy.approval);
    let mut loosened = policy.loosened();
    let first = loosened.next();
    let (outcome, said) = match (&policy.standing, first) {
        (Standing::Unreadable(_), _) if given => {
            (Outcome::Held, format!("is not compared with {base}, which {approved}"))
        }
        (Standing::Unreadable(why), _) => {
            (Outcome::Unjudged(Doubt::NoBase(why.clone())), String::new())
        }
        (Standing::New, _) => {
            (Outcome::Held, format!("is new since {base} and judged as it stands"))
        }
        (Standing::Outside, _) => {
            (Outcome::Held, "lies outside the repository and is judged as it stands".to_owned())
        }
        (Standing::Compared(_), None) => {
            (Outcome::Held, format!("asks for no less than at {base}"))
        }
        (Standing::Compared(_), Some(_)) if given => {
            (Outcome::Held, format!("asks for less than at {base}, which {approved}"))
        }
        (Standing::Compared(_), Some(first)) => {
            let rest = rest(loosened.count(), &policy.approval);
            (Outcome::Breached, format!("asks for less than at {base}: {first}{rest}"))
        }
    };
    Finding::of(Rule::Trust, Scope::Whole, Asked::Policy(said), outcome)
}
