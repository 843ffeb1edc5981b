//! What virtual users carry: templates, data, extraction.

/// Data files, and who gets which row.
mod data;
/// Values out of answers.
mod extract;
/// Properties that hold for every template and every feeder.
mod laws;
/// GraphQL documents and gRPC messages.
mod protocol;
/// Templates: what they put out, and what is said of bad ones.
mod template;

use std::sync::Arc;
use std::time::Duration;

use loadgate::script::Value;
use loadgate::script::feeder::{Feeder, OnEnd, Pick, Shard};
use loadgate::script::read;
use loadgate::script::state::State;
use loadgate::script::table::Table;
use loadgate::script::template::Template;

/// 2026-03-04 05:06:07.089 UTC.
const NOW: Duration = Duration::from_millis(1_772_600_767_089);

/// A user that knows one of everything.
fn state() -> State {
    let mut state = State::new(7, 3);
    state.set_iteration(12);
    state.set_now(NOW);
    state.keep_text(&"id".into(), "a/b c");
    state.keep_text(&"quoted".into(), "say \"hi\"\\\n");
    state.keep(&"price".into(), Value::from(2.5));
    state.keep(&"flag".into(), Value::from(true));
    state.keep(&"nothing".into(), Value::from(()));
    let item = serde_json::json!({"sku": "x-1", "tags": ["new", "<b>"], "n": 9});
    state.keep(&"item".into(), Value::from(loadgate::script::Json(item)));
    let table =
        read::csv(&b"email,name\nann@example.org,\"Ann, \"\"A\"\"\"\n"[..]).expect("it is CSV");
    let feeder = feeder("row", table, Pick::Next(OnEnd::Wrap), Shard::ALONE);
    state.keep_row(feeder.name(), feeder.pick(3, 0).expect("it wraps"));
    let lines = read::json_lines(&b"{\"sku\": \"y-2\", \"n\": 4, \"of\": {\"a\": null}}"[..]);
    let feeder = feeder_of_lines(lines.expect("it is JSON"));
    state.keep_row(feeder.name(), feeder.pick(3, 0).expect("it is the first"));
    state
}

fn feeder_of_lines(table: Table) -> Feeder {
    feeder("line", table, Pick::Once, Shard::ALONE)
}

fn feeder(name: &str, table: Table, pick: Pick, shard: Shard) -> Feeder {
    Feeder::new(name, Arc::new(table), pick, shard, 42)
}

/// What a template puts out for a user, or why it does not.
fn render(template: &Template, state: &State) -> Result<String, String> {
    let mut out = b"before ".to_vec();
    let rendered = template.render(state, &mut out).map_err(|why| why.to_string());
    let text = String::from_utf8(out).expect("a template puts out text");
    let text = text.strip_prefix("before ").expect("a template only appends").to_owned();
    match rendered {
        Ok(()) => Ok(text),
        Err(why) => {
            assert_eq!(text, "", "a template that fails appends nothing");
            Err(why)
        }
    }
}

/// A file of a first line and so many others.
fn file(first: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let lines = std::iter::once(first.to_owned()).chain((0..rows).map(row));
    lines.collect::<Vec<_>>().join("\n")
}

/// A table of one column `n`, from 0 up.
fn numbers(rows: usize) -> Table {
    read::csv(file("n", rows, |row| row.to_string()).as_bytes()).expect("it is CSV")
}
