//! Bitbucket: a report of Code Insights on the tested commit, with what failed as its annotations.

mod reading;

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value as Json, json};

use super::client::Client;
use super::patience::{Patience, Repeat};
use super::{Comment, Desk, Door, Outcome, Told};
use crate::host::Forge;
use crate::host::annotate::{Annotation, Severity};
use crate::host::check::{self, Conclusion};
use crate::host::reply::{Deed, Refusal, Reply};
use crate::metric::Value;

/// The most annotations of one request.
const MOST_ANNOTATIONS: usize = 100;
/// The most characters of a text beside a report.
const MOST_CHARS: usize = 450;

/// Writes the report, in place of an earlier run's on the same commit.
pub(super) async fn tell(desk: &Desk<'_>, told: &Told, patience: Patience, outcome: &mut Outcome) {
    let wanted = desk.wish.check || desk.wish.comment != Comment::Never;
    if !wanted || !told.is_whole() {
        return;
    }
    match written(desk, told, patience).await {
        Ok(Some(name)) => outcome.said.push(format!("the verdict is in the report {name}")),
        Ok(None) => outcome.said.push("no report: the gate passed".to_owned()),
        Err(refusal) => outcome.miss(refusal.told(Forge::Bitbucket, Deed::Report)),
    }
}

/// A repository at the forge, with what it takes to ask it.
pub(super) struct Bitbucket {
    client: Client,
    /// `…/repositories/OWNER/NAME`.
    root: String,
    patience: Patience,
}

impl Bitbucket {
    pub(super) fn new(door: &Door, patience: Patience) -> Result<Self, Refusal> {
        let odd = |why: &str| Refusal::Odd(why.to_owned());
        let place = &door.place;
        let api = place.api.as_deref().ok_or_else(|| odd("the address of its API is not known"))?;
        let repository = place.repository.as_deref();
        let repository = repository.ok_or_else(|| odd("BITBUCKET_REPO_SLUG is not set"))?;
        let client = match (&door.token, &place.proxy) {
            (Some(token), _) => Client::new(api, AUTHORIZATION, token.header("Bearer")?)?,
            (None, Some(proxy)) => Client::behind(proxy)?,
            (None, None) => return Err(Refusal::Token),
        };
        Ok(Self { client, root: format!("{api}/repositories/{repository}"), patience })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Reply, Refusal> {
        let address = format!("{}/{path}", self.root);
        let once = async || self.client.json(method.clone(), &address, body).await;
        self.patience.ask(Repeat::Harmless, once).await
    }
}

/// Writes it and hands back its name. A pass leaves none where only failures are wanted: one of an
/// earlier run is taken away.
async fn written(
    desk: &Desk<'_>,
    told: &Told,
    patience: Patience,
) -> Result<Option<String>, Refusal> {
    let head = desk.door.place.head.as_deref();
    let head = head.ok_or_else(|| Refusal::Odd("BITBUCKET_COMMIT is not set".to_owned()))?;
    let bitbucket = Bitbucket::new(desk.door, patience)?;
    let name = format!("loadgate-{}", desk.wish.key.as_str());
    let report = format!("commit/{head}/reports/{name}");
    // With it go the annotations of an earlier run.
    match bitbucket.ask(Method::DELETE, &report, None).await {
        Ok(Reply { .. }) | Err(Refusal::NotFound) => {}
        Err(refusal) => return Err(refusal),
    }
    if !desk.wish.check && !desk.may_create(told) {
        return Ok(None);
    }
    bitbucket.ask(Method::PUT, &report, Some(&body(desk, told))).await?;
    let all: Vec<Json> = told.annotations.iter().enumerate().map(annotation).collect();
    for part in all.chunks(MOST_ANNOTATIONS) {
        let list = json!(part);
        bitbucket.ask(Method::POST, &format!("{report}/annotations"), Some(&list)).await?;
    }
    Ok(Some(name))
}

fn body(desk: &Desk<'_>, told: &Told) -> Json {
    let mut body = json!({
        "title": check::name(&desk.wish.key),
        "details": check::cut(&told.title, MOST_CHARS),
        "reporter": "loadgate",
        "report_type": "TEST",
        "result": if told.conclusion == Conclusion::Pass { "PASSED" } else { "FAILED" },
        "data": told.figures.iter().map(|(title, value)| datum(title, *value)).collect::<Vec<_>>(),
    });
    if let Some(url) = &desk.door.place.url {
        body["link"] = json!(url);
    }
    body
}

/// A number in the table beside the report.
fn datum(title: &str, value: Value) -> Json {
    let (kind, value) = match value {
        Value::Time(time) => {
            ("DURATION", json!(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
        }
        Value::Never => ("TEXT", json!("never")),
        Value::Share(share) => ("PERCENTAGE", json!(hundredths(share.share() * 100.0))),
        Value::Rate(rate) => ("NUMBER", json!(hundredths(rate.as_f64()))),
        Value::Count(count) => ("NUMBER", json!(count)),
        Value::Number(number, _) => ("NUMBER", json!(hundredths(number))),
    };
    json!({ "title": title, "type": kind, "value": value })
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn annotation((nth, one): (usize, &Annotation)) -> Json {
    let severity = match one.severity {
        Severity::Error => "HIGH",
        Severity::Warning => "MEDIUM",
    };
    let mut body = json!({
        "external_id": format!("loadgate-{}", nth + 1),
        "annotation_type": "BUG",
        "severity": severity,
        "result": "FAILED",
        "summary": check::cut(&format!("{}: {}", one.title, one.message), MOST_CHARS),
    });
    if let Some(file) = &one.file {
        body["path"] = json!(file);
        body["line"] = json!(one.line);
    }
    body
}
