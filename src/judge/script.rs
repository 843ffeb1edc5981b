//! What a script did beside its requests: exceptions that it let go, a check of its own.

use super::finding::{Asked, Finding, Outcome, Rule, Scope};
use crate::metric::Value;
use crate::plan::Plan;
use crate::run::Run;
use crate::unit::show_count;

/// What is found of the script that another tool was told to run; `None` where there was none.
pub(super) fn finding(plan: &Plan, run: &Run) -> Option<Finding> {
    let script = run.imported.as_ref()?.script.as_ref()?;
    let allowed = plan.locust.as_ref().map_or(0, |locust| locust.max_script_exceptions);
    let count = show_count(script.exceptions);
    let told = script.raised.first().map_or(String::new(), |told| format!(": {told}"));
    let noun = if script.exceptions == 1 { "exception" } else { "exceptions" };
    let (outcome, said) = if let Some(code) = script.exit {
        (Outcome::Breached, format!("failed by a check of its own: it set exit code {code}"))
    } else if script.exceptions > allowed {
        let allowed = show_count(allowed);
        let said = format!("let {count} {noun} go, {allowed} may be{told}");
        (Outcome::Breached, said)
    } else if script.exceptions > 0 {
        (Outcome::Held, format!("let {count} {noun} go, which may be{told}"))
    } else {
        (Outcome::Held, "let no exception go and set no exit code".to_owned())
    };
    let got = Some(Value::Count(script.exceptions));
    let asked = Asked::Script(said);
    Some(Finding { got, ..Finding::of(Rule::Trust, Scope::Whole, asked, outcome) })
}
