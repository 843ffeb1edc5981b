//! Micro-benchmarks of what stands in the path of a request: templates, rows of data, extraction.

use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use loadgate::script::Value;
use loadgate::script::extract::{Extract, Parts, Pattern, Source};
use loadgate::script::feeder::{Feeder, OnEnd, Pick, Shard};
use loadgate::script::json::LazyJson;
use loadgate::script::read;
use loadgate::script::state::State;
use loadgate::script::table::Table;
use loadgate::script::template::{Place, Template};

fn main() {
    divan::main();
}

fn file(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let lines = std::iter::once(header.to_owned()).chain((0..rows).map(row));
    lines.collect::<Vec<_>>().join("\n")
}

fn table(rows: usize) -> Arc<Table> {
    let file = file("email,password,number", rows, |row| {
        format!("user{row}@example.org,secret-{row},{row}")
    });
    Arc::new(read::csv(file.as_bytes()).expect("it is CSV"))
}

fn state() -> State {
    let mut state = State::new(1, 2);
    state.set_now(Duration::from_secs(1_772_600_767));
    state.keep_text(&"token".into(), "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
    state.keep(&"id".into(), Value::from(4_711));
    let feeder = Feeder::new("row", table(3), Pick::Next(OnEnd::Wrap), Shard::ALONE, 1);
    state.keep_row(feeder.name(), feeder.pick(0, 0).expect("it wraps"));
    state
}

fn render(bencher: Bencher<'_, '_>, place: Place, source: &str) {
    let template = Template::parse_for(place, source).expect(source);
    let state = state();
    let mut out = Vec::with_capacity(4_096);
    bencher.bench_local(|| {
        out.clear();
        template.render(&state, &mut out).expect("its names have values");
        black_box(out.len())
    });
}

#[divan::bench]
fn render_static(bencher: Bencher<'_, '_>) {
    render(bencher, Place::Url, "/products?page=1");
}

#[divan::bench]
fn render_plain(bencher: Bencher<'_, '_>) {
    render(bencher, Place::Url, "/products/{{ id }}?user={{ user }}");
}

#[divan::bench]
fn render_plain_json(bencher: Bencher<'_, '_>) {
    let source = "{\"user\":\"{{ row.email }}\",\"password\":\"{{ row.password }}\"}";
    render(bencher, Place::JsonString, source);
}

#[divan::bench]
fn render_plain_header(bencher: Bencher<'_, '_>) {
    render(bencher, Place::Header, "Bearer {{ token }}");
}

#[divan::bench(args = ["{{ uuid() }}", "/p/{{ int(1, 1000) }}", "{{ choice('a', 'b') }}"])]
fn render_functions(bencher: Bencher<'_, '_>, source: &str) {
    render(bencher, Place::Body, source);
}

#[divan::bench]
fn render_signature(bencher: Bencher<'_, '_>) {
    render(bencher, Place::Header, "{{ hmac_sha256(token, row.email ~ now('unix')) }}");
}

#[divan::bench(args = [Pick::Next(OnEnd::Wrap), Pick::Random])]
fn pick_from_a_million_rows(bencher: Bencher<'_, '_>, pick: Pick) {
    let feeder = Feeder::new("row", table(1_000_000), pick, Shard::ALONE, 1);
    let mut turn = 0;
    bencher.bench_local(|| {
        turn += 1;
        let row = feeder.pick(3, turn).expect("there are rows");
        black_box(row.cell("password").map(str::len))
    });
}

#[divan::bench(sample_count = 5)]
fn read_a_million_rows(bencher: Bencher<'_, '_>) {
    let file = file("email,number", 1_000_000, |row| format!("user{row}@example.org,{row}"));
    bencher.bench_local(|| read::csv(file.as_bytes()).expect("it is CSV").rows());
}

/// A body of about 1 KB.
fn body() -> String {
    let item = |n: usize| format!("{{\"id\":{n},\"name\":\"product {n}\",\"price\":{n}.95}}");
    let items: Vec<String> = (0..22).map(item).collect();
    format!("{{\"items\":[{}],\"token\":\"t-1\"}}", items.join(","))
}

fn extract(bencher: Bencher<'_, '_>, from: Source) {
    let body = body();
    let extract = Extract { into: "id".into(), from, default: None };
    bencher.bench_local(|| {
        let json = LazyJson::new(body.as_bytes());
        let headers = [("content-type", &b"application/json"[..])].into_iter();
        let parts = Parts { status: 200, headers, body: body.as_bytes(), json: &json };
        extract.take(&parts).expect("the body has it")
    });
}

#[divan::bench(args = ["$.token", "$.items[0].id", "$.items[?@.id == 7].id"])]
fn extract_json(bencher: Bencher<'_, '_>, path: &str) {
    let path = serde_json_path::JsonPath::parse(path).expect("it is a path");
    extract(bencher, Source::Json(path.into()));
}

#[divan::bench]
fn extract_pattern(bencher: Bencher<'_, '_>) {
    let pattern = Pattern::parse("\"token\":\"([^\"]+)\"", None).expect("it is a pattern");
    extract(bencher, Source::Regex(pattern));
}
