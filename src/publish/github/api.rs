//! The requests: each tried with patience, each answer read no further than it must be.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Response, Uri};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::annotate::{Annotation, Severity};
use crate::host::check;
use crate::host::letter::Letter;
use crate::host::reply::{Refusal, Reply};
use crate::host::sticky::Listed;
use crate::host::{Forge, Pull, place};
use crate::machine;
use crate::publish::client::{self, Client, Lost, Token, Transport};
use crate::publish::patience::{Patience, Repeat};
use crate::publish::stick::{Stuck, stick};
use crate::publish::{Desk, Door, Told};

/// The most pages of comments that are looked through: 2,000 comments.
const MOST_PAGES: u32 = 20;
/// The most annotations of one request about a check.
const MOST_ANNOTATIONS: usize = 50;
/// The most bytes of a check's summary.
const MOST_SUMMARY: usize = 65_535;

/// A repository at the forge, with a token in hand.
pub struct GitHub {
    octo: Octocrab,
    forge: Forge,
    /// `/repos/owner/name`.
    pub(super) root: String,
    patience: Patience,
    token: Token,
}

/// A comment, as far as we look at it. GitHub's description lets the author be null; octocrab does
/// not.
#[derive(Deserialize)]
struct Remark {
    id: u64,
    user: Option<Account>,
    body: Option<String>,
    html_url: Option<String>,
}

/// An account, as far as we look at it.
#[derive(Deserialize)]
struct Account {
    login: String,
}

type Answer = octocrab::Result<Response<BoxBody<Bytes, octocrab::Error>>>;

impl GitHub {
    /// Which forge it is.
    pub(super) fn forge(&self) -> Forge {
        self.forge
    }

    /// Comes to the repository of a place.
    ///
    /// # Errors
    /// When the host does not say where that is, or the token must not be sent there.
    pub fn new(door: &Door, patience: Patience) -> Result<Self, Refusal> {
        let odd = |why: &str| Refusal::Odd(why.to_owned());
        let place = &door.place;
        let forge = place.forge.ok_or_else(|| odd("the forge is not known"))?;
        let api = place.api.as_deref().ok_or_else(|| odd("GITHUB_API_URL is not set"))?;
        let repository = place.repository.as_deref();
        let repository = repository.ok_or_else(|| odd("GITHUB_REPOSITORY is not set"))?;
        let token = door.token.clone().ok_or(Refusal::Token)?;
        let scheme = if forge == Forge::Gitea { "token" } else { "Bearer" };
        let client = Client::new(api, AUTHORIZATION, token.header(scheme)?)?;
        let base: Uri = api.parse().map_err(|_| odd("the address of its API is none"))?;
        let octo = OctocrabBuilder::new_empty()
            .with_service(Transport(client))
            .with_layer(&BaseUriLayer::new(base))
            .with_auth(AuthState::None)
            .build()
            .unwrap_or_else(|never| match never {});
        let root = format!("/repos/{repository}");
        Ok(Self { octo, forge, root, patience, token })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Reply, Refusal> {
        let once = async || read(self.octo._get(path).await).await;
        self.patience.ask(Repeat::Harmless, once).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Result<Reply, Refusal> {
        let once = async || read(self.octo._patch(path, Some(body)).await).await;
        self.patience.ask(Repeat::Harmless, once).await
    }

    async fn post(&self, path: &str, body: &Value, repeat: Repeat) -> Result<Reply, Refusal> {
        let once = async || read(self.octo._post(path, Some(body)).await).await;
        self.patience.ask(repeat, once).await
    }

    /// The open pull request whose head is this commit.
    ///
    /// # Errors
    /// When the forge does not say.
    pub async fn pull_of(&self, head: &str) -> Result<Option<u64>, Refusal> {
        let reply = self.get(&format!("{}/commits/{head}/pulls?per_page=100", self.root)).await?;
        let pulls: Vec<Value> = parsed(&reply)?;
        let ours = |pull: &&Value| {
            pull["head"]["sha"].as_str() == Some(head) && pull["state"].as_str() == Some("open")
        };
        Ok(pulls.iter().find(ours).and_then(|pull| pull["number"].as_u64()))
    }

    /// The head commit of a pull request.
    ///
    /// # Errors
    /// When the forge does not say.
    pub async fn head_of(&self, number: u64) -> Result<String, Refusal> {
        let reply = self.get(&format!("{}/pulls/{number}", self.root)).await?;
        let pull: Value = parsed(&reply)?;
        let head = pull["head"]["sha"].as_str().and_then(place::commit);
        head.ok_or_else(|| Refusal::Odd("the pull request has no head".to_owned()))
    }

    /// Who we are, among the authors of comments. The token of a job may not ask; its comments come
    /// from a robot of a known name.
    pub(super) async fn selves(&self, given: &[String]) -> Result<Vec<String>, Refusal> {
        if !given.is_empty() {
            return Ok(given.to_vec());
        }
        let robots = || match self.forge {
            Forge::Gitea => vec!["gitea-actions".to_owned(), "forgejo-actions".to_owned()],
            Forge::GitHub | Forge::GitLab | Forge::Azure | Forge::Bitbucket => {
                vec!["github-actions[bot]".to_owned()]
            }
        };
        if self.token.begins("ghs_") {
            return Ok(robots());
        }
        match self.get("/user").await {
            Ok(reply) => Ok(vec![parsed::<Account>(&reply)?.login]),
            Err(Refusal::Forbidden(_) | Refusal::NotFound) => Ok(robots()),
            Err(refusal) => Err(refusal),
        }
    }

    async fn comments(&self, number: u64) -> Result<Vec<Listed>, Refusal> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let list = format!("{}/issues/{number}/comments?per_page=100&page={page}", self.root);
            let reply = self.get(&list).await?;
            all.extend(parsed::<Vec<Remark>>(&reply)?.into_iter().map(Listed::from));
            if !reply.more {
                break;
            }
        }
        Ok(all)
    }

    /// One comment for a gate: made, updated, or left.
    pub(super) async fn stick(
        &self,
        number: u64,
        letter: Letter,
        selves: &[String],
        may_create: bool,
    ) -> Result<Stuck, Refusal> {
        let ours = |author: &str| selves.iter().any(|own| own.eq_ignore_ascii_case(author));
        let list = async || self.comments(number).await;
        let write = async |id: Option<u64>, text: String| self.write(number, id, &text).await;
        stick(self.patience, letter, ours, may_create, list, write).await
    }

    /// Writes a comment, in place of another where its number is given; its page.
    async fn write(
        &self,
        number: u64,
        id: Option<u64>,
        text: &str,
    ) -> Result<Option<String>, Refusal> {
        let body = json!({ "body": text });
        let reply = if let Some(id) = id {
            let path = format!("{}/issues/comments/{id}", self.root);
            self.patch(&path, &body).await?
        } else {
            let path = format!("{}/issues/{number}/comments", self.root);
            self.post(&path, &body, Repeat::LookFirst).await?
        };
        Ok(parsed::<Remark>(&reply)?.html_url)
    }

    pub(super) async fn open_check(&self, desk: &Desk<'_>, head: &str) -> Result<u64, Refusal> {
        let mut body = json!({
            "name": check::name(&desk.wish.key),
            "head_sha": head,
            "status": "in_progress",
            "started_at": machine::now(),
        });
        if let Some(url) = &desk.door.place.url {
            body["details_url"] = json!(url);
        }
        let path = format!("{}/check-runs", self.root);
        let reply = self.post(&path, &body, Repeat::LookFirst).await?;
        let check: Value = parsed(&reply)?;
        check["id"].as_u64().ok_or_else(|| Refusal::Odd("the check has no number".to_owned()))
    }

    /// Completes a check; annotations beyond the first fifty follow.
    pub(super) async fn close_check(&self, id: u64, told: &Told) -> Result<(), Refusal> {
        let path = format!("{}/check-runs/{id}", self.root);
        let page = if told.page.len() > MOST_SUMMARY { &told.short } else { &told.page };
        let all: Vec<Value> = told.annotations.iter().filter_map(annotation).collect();
        let mut parts = all.chunks(MOST_ANNOTATIONS);
        let output = |part: &[Value]| {
            let title = check::title(&told.title);
            json!({ "title": title, "summary": page, "annotations": part })
        };
        let body = json!({
            "status": "completed",
            "conclusion": told.conclusion.check(),
            "completed_at": machine::now(),
            "output": output(parts.next().unwrap_or_default()),
        });
        self.patch(&path, &body).await?;
        for part in parts {
            self.patch(&path, &json!({ "output": output(part) })).await?;
        }
        Ok(())
    }

    pub(super) async fn status(
        &self,
        desk: &Desk<'_>,
        head: &str,
        state: &str,
        text: &str,
    ) -> Result<(), Refusal> {
        let mut body = json!({
            "state": state,
            "context": check::context(&desk.wish.key),
            "description": check::description(text),
        });
        if let Some(url) = &desk.door.place.url {
            body["target_url"] = json!(url);
        }
        let path = format!("{}/statuses/{head}", self.root);
        self.post(&path, &body, Repeat::Harmless).await.map(|_| ())
    }

    /// The commit that checks and statuses belong to.
    pub(super) async fn head(&self, desk: &Desk<'_>) -> Result<String, Refusal> {
        match (&desk.door.place.head, &desk.door.place.pull) {
            (Some(head), _) | (None, Pull::ByHead(head)) => Ok(head.clone()),
            (None, Pull::Number(number)) => self.head_of(*number).await,
            (None, Pull::Queue | Pull::Nothing | Pull::Unknown(_)) => {
                Err(Refusal::Odd("the host does not say which commit is tested".to_owned()))
            }
        }
    }
}

/// A check's annotation; only what points into a file can be one.
fn annotation(one: &Annotation) -> Option<Value> {
    let level = match one.severity {
        Severity::Error => "failure",
        Severity::Warning => "warning",
    };
    Some(json!({
        "path": one.file.as_ref()?,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": level,
        "title": one.title,
        "message": one.message,
    }))
}

impl From<Remark> for Listed {
    fn from(remark: Remark) -> Self {
        Self {
            id: remark.id,
            author: remark.user.map(|user| user.login),
            body: remark.body.unwrap_or_default(),
            url: remark.html_url,
        }
    }
}

/// An answer that came through octocrab.
async fn read(answer: Answer) -> Result<Reply, Refusal> {
    let (parts, body) = answer.map_err(|error| lost(&error))?.into_parts();
    let body = body.collect().await.map_err(|error| lost(&error))?.to_bytes();
    Ok(client::reply(&Response::from_parts(parts, body)))
}

/// What our own transport said, taken out of octocrab's wrapping.
fn lost(error: &octocrab::Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(Lost(refusal)) = inner.downcast_ref::<Lost>() {
            return refusal.clone();
        }
        cause = inner.source();
    }
    Refusal::Odd("the request could not be made".to_owned())
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Refusal> {
    serde_json::from_str(&reply.body).map_err(|_| {
        Refusal::Odd(
            "it is not what GitHub's \
        description promises"
                .to_owned(),
        )
    })
}
