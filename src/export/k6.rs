//! What k6 writes with `--summary-export`: milliseconds; `passes` of `http_req_failed` are the
//! failed requests. Times are those of good answers.

use serde_json::{Map, Value as Json, json};

use super::frame;
use crate::metric::{Metric, Value};
use crate::run::Run;
use crate::tally::Tally;
use crate::unit::Ratio;

pub(super) fn render(run: &Run) -> String {
    let mut metrics = Map::new();
    add(run, &run.whole(), "", &mut metrics);
    for endpoint in run.alone() {
        add(run, &endpoint.whole, &format!("{{name:{}}}", endpoint.name), &mut metrics);
    }
    let root = json!({ "name": "", "path": "", "groups": {}, "checks": {} });
    format!("{:#}\n", json!({ "root_group": root, "metrics": metrics }))
}

fn add(run: &Run, tally: &Tally, tags: &str, metrics: &mut Map<String, Json>) {
    let (count, failed) = (tally.count(), tally.bad());
    let value = |name: &str| {
        let value = tally.read(Metric::parse(name)?, frame(run, run.judged()));
        value.and_then(Value::number)
    };
    let millis = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64() * 1e3);
    let duration = json!({
        "count": count,
        "avg": millis(tally.latency().mean()),
        "min": millis(tally.latency().least()),
        "med": value("good_p50"),
        "max": millis(tally.latency().most()),
        "p(90)": value("good_p90"),
        "p(95)": value("good_p95"),
        "p(99)": value("good_p99"),
    });
    let share = Ratio::of(failed, count).map(Ratio::share);
    let rates = json!({ "passes": failed, "fails": count - failed, "value": share });
    metrics.insert(format!("http_req_duration{tags}"), duration);
    metrics.insert(format!("http_req_failed{tags}"), rates);
    let judged = run.judged().as_secs_f64();
    let rate = (judged > 0.0).then(|| crate::stats::real(count) / judged);
    metrics.insert(format!("http_reqs{tags}"), json!({ "count": count, "rate": rate }));
}
