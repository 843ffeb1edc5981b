//! Every number that a reader sees in `report.html` is the one in `verdict.json`.

use serde_json::Value;

use super::browser::{Page, reports};

/// The columns of the table of endpoints, by where `verdict.json` has them.
const COLUMNS: [&str; 8] = [
    "/count",
    "/error_percent",
    "/throughput_per_s",
    "/latency_ms/p50",
    "/latency_ms/p95",
    "/latency_ms/p99",
    "/latency_ms/max",
    "/latency_ms/mean",
];

/// Whether a text shows a number, as exactly as it has digits; `never` and `–` show that there is
/// none.
#[track_caller]
fn shows(text: &str, told: Option<&Value>, place: &str) {
    let told = told.and_then(Value::as_f64);
    let Some(told) = told else {
        assert!(text == "never" || text == "–" || text.is_empty(), "{place}: {text} is nowhere");
        return;
    };
    let text = text.replace(',', "");
    let end = text.find(|sign: char| !"+-.0123456789".contains(sign)).unwrap_or(text.len());
    let (digits, unit) = (&text[..end], text[end..].trim());
    let shown: f64 = digits.parse().unwrap_or(f64::NAN);
    // Percentages and rates come without zeros at their end.
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let decimals = match unit {
        "%" | "pp" if told.abs() < 1.0 => decimals.max(2),
        "%" | "pp" => decimals.max(1),
        "/s" => decimals.max(3),
        _ => decimals,
    };
    let scale = if unit == "s" { 1e3 } else { 1.0 };
    let exact = 0.5 * 0.1_f64.powi(i32::try_from(decimals).expect("few digits")) * 1.001;
    assert!((shown - told / scale).abs() <= exact, "{place}: {text} shows {told}");
}

fn table<'a>(page: &'a Page, id: &str) -> &'a [Value] {
    page.seen.tables.get(id).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn cells(row: &Value) -> Vec<&str> {
    row.as_array().map_or_else(Vec::new, |row| row.iter().filter_map(Value::as_str).collect())
}

fn list<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    value.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A scope and a metric as the tables of checks have them.
fn named(finding: &Value) -> (String, String) {
    let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let scope = match (word("rule").as_str(), word("scope").as_str()) {
        ("trust", _) => "measurement".to_owned(),
        (_, "*") => "whole run".to_owned(),
        (_, scope) => scope.to_owned(),
    };
    (scope, word("metric"))
}

#[test]
fn every_check_shows_what_its_finding_tells() {
    for page in reports() {
        let rows = table(page, "checks").iter().chain(table(page, "held"));
        let rows: Vec<_> = rows.map(cells).filter(|row| row[0] != "outcome").collect();
        let findings = list(&page.verdict, "/findings");
        assert_eq!(rows.len(), findings.len(), "{}: a row for each", page.name);
        for finding in findings {
            let (scope, metric) = named(finding);
            let limit = finding["asked"].as_str().unwrap_or_default().replace(' ', "");
            let is_it = |row: &&Vec<&str>| {
                let asked = row[4].replace(' ', "");
                row[1] == scope && row[2] == metric && (asked == limit || row[4].is_empty())
            };
            let place = format!("{}: {scope} {metric} {limit}", page.name);
            let row = rows.iter().find(is_it);
            let row = row.unwrap_or_else(|| unreachable!("{place} is in no table"));
            let change = finding.get("change");
            let told = change.map_or(finding.pointer("/got/value"), |one| one.get("estimate"));
            shows(row[3], told, &place);
            let count = finding.get("samples").filter(|count| **count != 0);
            shows(row[6], count, &place);
            let bounds = change.or_else(|| finding.get("interval"));
            let bounds = bounds.map(|one| [one.get("lower"), one.get("upper")]);
            if let (Some([lower, upper]), Some((low, high))) = (bounds, row[5].split_once(" to ")) {
                shows(low, lower, &place);
                shows(high, upper, &place);
            }
        }
    }
}

#[test]
fn every_change_shows_both_values_and_its_bounds() {
    let page = reports().find(|page| page.name == "compared").expect("a page of two versions");
    let rows: Vec<_> = table(page, "comparison").iter().map(cells).skip(1).collect();
    let findings = list(&page.verdict, "/findings").iter();
    let changed: Vec<_> = findings.filter(|one| one.get("change").is_some()).collect();
    assert!(changed.len() > 8, "three endpoints with four changes each: {}", changed.len());
    assert_eq!(rows.len(), changed.len());
    for finding in changed {
        let (scope, metric) = named(finding);
        let row = rows.iter().find(|row| row[1] == scope && row[2] == metric);
        let row = row.expect("each change has its row");
        let place = format!("{scope} {metric}");
        shows(row[3], finding.pointer("/change/base/value"), &place);
        shows(row[4], finding.pointer("/got/value"), &place);
        shows(row[5], finding.pointer("/change/estimate"), &place);
        let (low, high) = row[6].split_once(" to ").expect("both bounds");
        shows(low, finding.pointer("/change/lower"), &place);
        shows(high, finding.pointer("/change/upper"), &place);
    }
}

/// Shifts in words, `p50 +1.2 % (+0.8 % to +1.6 %)` each, are those of a scope: every one of them.
#[track_caller]
fn shifts(text: &str, between: &str, told: &Value, place: &str) {
    let told = list(told, "/percentiles");
    let words: Vec<&str> = text.split(between).collect();
    assert_eq!(words.len(), told.len(), "{place}: {text}");
    for (words, told) in words.iter().zip(told) {
        let place = format!("{place}: {words}");
        let parts = words.strip_suffix(')').and_then(|words| words.split_once(" ("));
        let (first, bounds) = parts.expect("an estimate with its bounds");
        let (percentile, estimate) = first.split_once(' ').expect("a percentile with its shift");
        let (lower, upper) = bounds.split_once(" to ").expect("two bounds");
        assert_eq!(told["percentile"], percentile, "{place}");
        shows(estimate, told.get("estimate_percent"), &place);
        shows(lower, told.get("lower_percent"), &place);
        shows(upper, told.get("upper_percent"), &place);
    }
}

#[test]
fn every_shift_drawn_is_in_the_verdict() {
    let (mut scopes, mut plots) = (0, 0);
    for page in reports() {
        let rows = table(page, "shifts").iter().chain(table(page, "more-shifts"));
        let rows: Vec<_> = rows.map(cells).filter(|row| row[0] != "of").collect();
        let told = list(&page.verdict, "/facts/shifts/scopes");
        assert_eq!(rows.len(), told.len(), "{}: a row for each", page.name);
        for (row, told) in rows.iter().zip(told) {
            let scope = if told["scope"] == "*" { "whole run" } else { row[0] };
            assert!(row[0] == scope && (told["scope"] == scope || told["scope"] == "*"));
            shifts(row[1], "; ", told, &format!("{}: {scope}", page.name));
            scopes += 1;
        }
        for plot in table(page, "plots").iter().map(cells) {
            let Some(scope) = plot[0].strip_suffix(": shift by percentile") else { continue };
            let is_it = |row: &&(&Vec<&str>, &Value)| row.0[0] == scope;
            let pairs: Vec<_> = rows.iter().zip(told).collect();
            let (_, told) = pairs.iter().find(is_it).expect("what is drawn is told");
            let words = plot[1].strip_prefix("How much slower each percentile became: ");
            let words = words.and_then(|words| words.strip_suffix('.'));
            shifts(words.expect("a plot in words"), ", ", told, page.name);
            plots += 1;
        }
    }
    assert!(scopes >= 7 && plots >= 4, "{scopes} scopes of two pages, {plots} plots");
    let kept = reports().find(|page| page.name == "kept").expect("a page of kept runs");
    for one in list(&kept.verdict, "/facts/shifts/scopes") {
        for shift in list(one, "/percentiles") {
            let is_it = |finding: &&Value| {
                finding["scope"] == one["scope"]
                    && finding["metric"] == shift["percentile"]
                    && finding.get("change").is_some()
            };
            let finding = list(&kept.verdict, "/findings").iter().find(is_it);
            let change = &finding.expect("each is a finding's")["change"];
            for key in ["estimate", "lower", "upper"] {
                assert_eq!(shift[format!("{key}_percent")], change[key], "{one}: {key}");
            }
        }
    }
}

#[test]
fn every_endpoint_shows_what_was_measured_of_it() {
    for page in reports() {
        let rows: Vec<_> = table(page, "endpoints").iter().map(cells).skip(1).collect();
        let whole = page.verdict.pointer("/facts/whole").expect("the whole run");
        let told: Vec<_> =
            std::iter::once(whole).chain(list(&page.verdict, "/facts/endpoints")).collect();
        assert_eq!(rows.len(), told.len(), "{}", page.name);
        for endpoint in told {
            let name = endpoint["name"].as_str().unwrap_or_default();
            let name = if name == "*" { "all" } else { name };
            let row = rows.iter().find(|row| row[0] == name).expect("each endpoint has its row");
            for (text, place) in row[1..].iter().zip(COLUMNS) {
                shows(text, endpoint.pointer(place), &format!("{}: {name} {place}", page.name));
            }
        }
    }
}

#[test]
fn the_top_and_the_lists_show_what_was_measured() {
    let facts = [
        ("load", "planned arrivals", "/facts/planned"),
        ("load", "requests sent", "/facts/sent"),
        ("load", "dropped", "/facts/dropped"),
        ("load", "connections opened", "/facts/connections"),
        ("load", "bytes read", "/facts/whole/bytes"),
        ("generator", "load threads", "/facts/generator/threads"),
        ("generator", "CPU of each", "/facts/generator/cpu_percent/0"),
        ("tiles", "requests judged", "/facts/ended"),
        ("tiles", "failed", "/facts/whole/error_percent"),
        ("tiles", "good answers", "/facts/whole/throughput_per_s"),
        ("tiles", "p50", "/facts/whole/latency_ms/p50"),
        ("tiles", "p95", "/facts/whole/latency_ms/p95"),
        ("tiles", "p99", "/facts/whole/latency_ms/p99"),
    ];
    for page in reports() {
        for (section, name, told) in facts {
            let pairs = table(page, section).iter().map(cells);
            let mut values = pairs.filter(|pair| pair[0] == name).map(|pair| pair[1]);
            let value = values.next();
            assert!(value.is_some(), "{}: {section} has no {name}", page.name);
            let place = format!("{}: {name}", page.name);
            shows(value.expect("just seen"), page.verdict.pointer(told), &place);
        }
        let cards = table(page, "top");
        assert!((3..=5).contains(&cards.len()), "{}: {cards:?}", page.name);
        let word = page.verdict["verdict"].as_str().unwrap_or_default();
        let text = page.seen.text();
        assert!(text.contains(word) && text.contains("load delivered"), "{}: {text}", page.name);
    }
}

/// Between two words of a text; `None` where either is missing.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

#[test]
fn the_cards_of_what_decided_show_what_their_findings_tell() {
    let mut seen = 0;
    for page in reports() {
        let cards = table(page, "top").iter().map(cells);
        let findings = list(&page.verdict, "/findings");
        for card in cards.filter(|card| !["load delivered", "generator"].contains(&card[0])) {
            let place = format!("{}: card {}", page.name, card[0]);
            let is_it = |finding: &&Value| {
                let (scope, metric) = named(finding);
                let asked = finding["asked"].as_str().unwrap_or_default().replace(' ', "");
                let limit = between(card[2], "limit ", ",").unwrap_or_default().replace(' ', "");
                format!("{scope} {metric}") == card[0] && (asked == limit || limit.is_empty())
            };
            let finding = findings.iter().find(is_it);
            let finding = finding.unwrap_or_else(|| unreachable!("{place} is of no finding"));
            let change = finding.pointer("/change/estimate");
            let told = change.or_else(|| finding.pointer("/got/value"));
            if told.is_some() {
                shows(card[1], told, &place);
            }
            if let Some((before, _)) = card[2].split_once(" sample") {
                let count = before.rsplit(", ").next().unwrap_or_default();
                shows(count, finding.get("samples"), &place);
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "cards tell their samples: {seen}");
}

/// What a card says became of the load planned is what became of it: each part that is not nothing
/// is told, and none that is nothing.
#[track_caller]
fn delivered(rest: &str, verdict: &Value, place: &str) {
    let parts = [
        (" dropped because max_in_flight was reached", "/facts/dropped"),
        (" not sent ", "/facts/unsent"),
        (" of ", "/facts/unanswered"),
    ];
    let mut short = 0;
    for (words, key) in parts {
        let told = verdict.pointer(key).and_then(Value::as_u64).unwrap_or(0);
        let part = rest.split(", ").find(|part| match key {
            "/facts/unanswered" => part.ends_with(" got no whole answer"),
            _ => part.contains(words),
        });
        assert_eq!(part.is_some(), told > 0, "{place}: {key} is {told}: {rest}");
        if let Some(part) = part {
            let number = part.split(words).next().unwrap_or_default();
            shows(number, verdict.pointer(key), place);
        }
        short += if key == "/facts/unanswered" { 0 } else { told };
    }
    assert_eq!(rest.starts_with("all planned "), short == 0, "{place}: {rest}");
    let number = |key: &str| verdict.pointer(key).and_then(Value::as_u64).unwrap_or(0);
    let sent = number("/facts/planned").saturating_sub(short);
    assert_eq!(sent, number("/facts/sent"), "{place}: what was planned is sent or told");
}

#[test]
fn the_cards_of_load_and_generator_show_what_was_measured() {
    for page in reports() {
        let of = |name: &str| {
            let card = table(page, "top").iter().map(cells).find(|card| card[0] == name);
            card.unwrap_or_else(|| unreachable!("{}: no card {name}", page.name))
        };
        let facts = |place: &str| page.verdict.pointer(place);
        let (load, place) = (of("load delivered"), format!("{}: load", page.name));
        let (sent, planned) = load[1].split_once(" of ").expect("the load of each has a timetable");
        shows(sent, facts("/facts/sent"), &place);
        shows(planned, facts("/facts/planned"), &place);
        delivered(load[2], &page.verdict, &place);
        let rate = between(load[2], "good answers at ", ",").expect("a rate");
        shows(rate, facts("/facts/whole/throughput_per_s"), &place);
        let (generator, place) = (of("generator"), format!("{}: generator", page.name));
        let busiest = between(generator[2], "busiest thread at ", " of a core").expect("a share");
        shows(busiest, facts("/facts/generator/cpu_percent/0"), &place);
        if let Some(late) = between(generator[2], "late by ", " or less") {
            shows(late, facts("/facts/generator/lag_ms/p99"), &place);
        }
        let reasons = list(&page.verdict, "/facts/generator/reasons");
        if let Some(first) = reasons.first().and_then(Value::as_str) {
            let more = reasons.len() - 1;
            assert!(generator[2].starts_with(first), "{place}: {}", generator[2]);
            assert!(more == 0 || generator[2].contains(&format!("{more} more reason")), "{place}");
            let text = page.seen.text();
            let told = |reason: &Value| text.contains(reason.as_str().unwrap_or("?"));
            assert!(reasons.iter().all(told), "{place}: each reason is told");
        }
    }
}

#[test]
fn remarks_show_what_was_measured() {
    let (mut failures, mut times) = (0, 0);
    // What hostile endpoints said may look like a remark of ours.
    for page in reports().filter(|page| page.name != "hostile") {
        let whole = page.verdict.pointer("/facts/whole").expect("the whole run");
        for row in table(page, "endpoints").iter().map(cells).skip(1) {
            let is_it = |one: &&Value| one["name"] == row[0];
            let endpoint = list(&page.verdict, "/facts/endpoints").iter().find(is_it);
            let endpoint = endpoint.unwrap_or(whole);
            for remark in row[9].split("; ") {
                let place = format!("{}: {}: {remark}", page.name, row[0]);
                if let Some(told) = remark.strip_prefix("failed: ") {
                    let told = told.split(" (").next().unwrap_or_default();
                    for (count, why) in told.split(", ").filter_map(|one| one.split_once(' ')) {
                        shows(count, endpoint["failures"].get(why), &place);
                        failures += 1;
                    }
                }
                for (title, key) in
                    [("good answers: ", "good_latency_ms"), ("from sending: ", "service_ms")]
                {
                    let told = remark.strip_prefix(title).map(|told| told.split(", "));
                    let pairs = told.into_iter().flatten().filter_map(|one| one.split_once(' '));
                    for (name, time) in pairs {
                        shows(time, endpoint[key].get(name), &place);
                        times += 1;
                    }
                }
            }
        }
    }
    assert!(failures >= 5 && times >= 8, "{failures} counts of failures, {times} times");
}
