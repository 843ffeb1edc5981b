//! What goes on beside a load, in words, for `loadgate plan`.

use super::Plan;
use super::column::{NAME, Shown, say};
use super::probe::{Asks, ProbeLimit};
use super::threshold::Level;
use crate::unit::{show_count, show_duration};

/// What is asked beside it, and what is expected of the answers.
pub(super) fn probes(out: &mut String, plan: &Plan, shown: Shown<'_>) {
    for limit in &plan.probe_limits {
        let level = if limit.level == Level::Warn { " (warn)" } else { "" };
        let name = shown.cell(&format!("probe.{}", limit.probe), NAME);
        let (gauge, bound) = (format!("{}{level}", limit.gauge), limit.limit.to_string());
        say(out, format_args!("{name} {gauge:<18} {bound:>14}"));
        if let Some(short) = shortfall(limit, plan) {
            say(out, format_args!("  {short}"));
        }
        if !limit.required {
            say(out, format_args!("  not required: having no answers is tolerated"));
        }
    }
    for (nth, probe) in plan.probes.iter().enumerate() {
        let head = if nth == 0 { "probe" } else { "" };
        let begin = if nth == 0 { "\n" } else { "" };
        let way = match &probe.asks {
            Asks::Prometheus { .. } => "a query to",
            Asks::Json { .. } => "GET",
            Asks::Command(_) => "a command:",
        };
        let (name, every) = (shown.line(&probe.name), show_duration(probe.every));
        say(out, format_args!("{begin}{head:<10} {name}, every {every}"));
        let place = shown.cell(&probe.shown, 60);
        say(out, format_args!("           {way} {}", place.trim_end()));
    }
}

/// Why a limit could not be judged, however well its probe answers.
fn shortfall(limit: &ProbeLimit, plan: &Plan) -> Option<String> {
    let load = &plan.drive.as_ref()?.load;
    let probe = plan.probes.iter().find(|probe| probe.name == limit.probe)?;
    let judged = load.profile.duration().saturating_sub(load.warm_up);
    let have = u64::try_from(judged.as_nanos() / probe.every.as_nanos().max(1)).ok()?;
    let need = limit.gauge.samples_needed();
    let (gauge, have_shown, need_shown) = (limit.gauge, show_count(have), show_count(need));
    (have < need).then(|| {
        format!("cannot be judged: {gauge} needs {need_shown} answers, {have_shown} are asked for")
    })
}

/// Whom the numbers go to while it is under way.
pub(super) fn told(out: &mut String, plan: &Plan, shown: Shown<'_>) {
    let Some(export) = &plan.export else { return };
    say(out, format_args!("\nexport     every {}", show_duration(export.interval)));
    for outlet in &export.outlets {
        let (name, place) = (outlet.kind.name(), shown.line(&outlet.shown));
        say(out, format_args!("           {name}: {place}"));
    }
}
