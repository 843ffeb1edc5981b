//! The top of `report.html`: the verdict, why, the numbers that decided it, the load that was
//! really put on, and whether the generator was fit to put it on.

use maud::{Markup, html};

use super::check::{Check, Mark};
use super::deciding::deciding;
use super::facts::{Facts, Fitness};
use super::measured::Spread;
use super::{delivered, tables, words};
use crate::judge::finding::Verdict;
use crate::metric::Value;

/// A number with what it is a number of.
struct Card {
    class: &'static str,
    what: String,
    number: String,
    /// How full its bar is, where it has one: 1 is at the mark.
    full: Option<f64>,
    rest: String,
    /// Reasons that are told below, in the section on the generator.
    more: usize,
}

/// Writes it.
#[must_use]
pub fn header(facts: &Facts) -> Markup {
    let class = match facts.verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "doubt",
        Verdict::Fail => "fail",
    };
    html! {
        header {
            p class=(format!("badge {class}")) { (sign(facts.verdict)) " " (facts.verdict.name()) }
            h1 { (facts.why) }
            p.sub {
                (facts.origin.gate) " · " (facts.origin.target) " · " (facts.load.profile)
                ", " (words::model(facts.load.model)) " model · " (facts.origin.started)
            }
            @if !facts.notes.is_empty() {
                ul.notes { @for note in &facts.notes { li { (note) } } }
            }
            ul.cards {
                @for check in deciding(facts) { (card(&decided(check))) }
                (card(&delivered(facts)))
                (card(&generator(facts)))
            }
            @if facts.whole.count > 0 { (tiles(facts)) }
        }
    }
}

/// A verdict is told by a shape too, and not by colour alone.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Inconclusive => "?",
        Verdict::Fail => "✕",
    }
}

fn card(card: &Card) -> Markup {
    html! {
        li class=(format!("card {}", card.class)) {
            p.what { (card.what) }
            p.number { (card.number) }
            @if let Some(full) = card.full { (bar(full)) }
            p.rest {
                (card.rest)
                @if card.more > 0 { ", " (tables::more(card.more)) }
            }
        }
    }
}

/// How full something is, with a mark at 1; what is said by it stands beside it in words.
fn bar(full: f64) -> Markup {
    let most = full.clamp(1.25, 4.0);
    let at = |share: f64| format!("{:.1}", share.clamp(0.0, most) / most * 200.0);
    html! {
        svg.meter viewBox="0 0 200 10" width="200" height="10" preserveAspectRatio="none"
            aria-hidden="true" {
            rect.track y="2" width="200" height="6" fill="currentColor" fill-opacity=".12" {}
            rect.full y="2" width=(at(full)) height="6" fill="currentColor" fill-opacity=".6" {}
            rect.mark x=(at(1.0)) width="2" height="10" fill="currentColor" {}
        }
    }
}

/// A check that decided the verdict.
fn decided(check: &Check) -> Card {
    let class = match check.mark {
        Mark::Fail => "fail",
        Mark::Doubt | Mark::Warn | Mark::Unsure | Mark::Open => "doubt",
        Mark::Held => "pass",
    };
    let mut rest = Vec::new();
    if !check.limit.is_empty() {
        rest.push(format!("limit {}", check.limit));
    }
    rest.extend(check.excess.clone());
    if check.samples > 0 {
        rest.push(words::plural(check.samples, "sample"));
    }
    if !check.doubt.as_str().is_empty() {
        rest.push(check.doubt.to_string());
    }
    let number =
        if check.measured() == "–" { check.mark.word().to_owned() } else { check.measured() };
    let what = format!("{} {}", check.place(), check.metric);
    Card { class, what, number, full: check.used, rest: rest.join(", "), more: 0 }
}

/// The load that was really put on.
fn delivered(facts: &Facts) -> Card {
    let delivered::Told { number, share, rest } = delivered::told(facts);
    let short = share.is_some_and(|share| share < 0.98);
    let (class, what) = (if short { "doubt" } else { "" }, "load delivered".to_owned());
    Card { class, what, number, full: share, rest: rest.join(", "), more: 0 }
}

/// Whether the generator was the bottleneck.
fn generator(facts: &Facts) -> Card {
    let generator = &facts.generator;
    let class = match generator.fitness {
        Fitness::Unfit => "doubt",
        Fitness::Fit | Fitness::Unused | Fitness::Foreign => "",
    };
    // All of them stand in the section on the generator.
    let mut rest: Vec<String> = generator.reasons.iter().take(1).map(ToString::to_string).collect();
    let more = generator.reasons.len().saturating_sub(1);
    if let (Some([_, late, _]), true) = (generator.lag, rest.is_empty()) {
        rest.push(format!("99 of 100 requests late by {} or less", time(late)));
    }
    let busiest = generator.cpu.iter().map(|cpu| cpu.share()).reduce(f64::max);
    if let (Some(busiest), Fitness::Fit | Fitness::Unfit) = (busiest, generator.fitness) {
        rest.push(format!("busiest thread at {} of a core", words::percent(busiest)));
    }
    let (what, number) = ("generator".to_owned(), generator.fitness.said().to_owned());
    Card { class, what, number, full: None, rest: rest.join(", "), more }
}

fn time(time: std::time::Duration) -> String {
    words::value(Value::Time(time))
}

/// The whole run in six numbers.
fn tiles(facts: &Facts) -> Markup {
    let whole = &facts.whole;
    let time = |pick: fn(&Spread) -> Value| {
        whole.latency.map_or_else(|| "–".to_owned(), |all| words::value(pick(&all)))
    };
    let rate = whole.throughput.map_or_else(|| "–".to_owned(), |rate| rate.to_string());
    let errors =
        whole.error_rate.map_or_else(|| "–".to_owned(), |rate| words::percent(rate.share()));
    let tiles = [
        ("requests judged", words::count(whole.count)),
        ("failed", errors),
        ("good answers", rate),
        ("p50", time(|all| all.p50)),
        ("p95", time(|all| all.p95)),
        ("p99", time(|all| all.p99)),
    ];
    html! {
        dl.tiles { @for (name, value) in &tiles { div { dt { (name) } dd { (value) } } } }
    }
}
