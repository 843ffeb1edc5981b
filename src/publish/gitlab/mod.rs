//! GitLab: the note under a merge request, and the status of a commit.

mod reading;
mod label;

use http::Method;
use http::header::HeaderName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::patience::{Patience, Repeat};
use super::stick::{self, stick};
use super::{Comment, Desk, Door, Opened, Outcome, Told};
use crate::host::check::{self, Conclusion};
use crate::host::reply::{Deed, Refusal, Reply};
use crate::host::sticky::Listed;
use crate::host::{Forge, Pull};

/// The header of a project's token.
const TOKEN: HeaderName = HeaderName::from_static("private-token");
/// How a job's own token begins (GitLab 16 and later).
const OF_A_JOB: &str = "glcbt-";
/// The most pages of notes that are looked through: 2,000 notes.
const MOST_PAGES: u32 = 20;

/// A project at the forge, with a token in hand.
pub(super) struct GitLab<'a> {
    client: Client,
    api: &'a str,
    /// `…/projects/ID`.
    root: String,
    patience: Patience,
}

/// A note, as far as we look at it.
#[derive(Deserialize)]
struct Note {
    id: u64,
    body: Option<String>,
    author: Option<Account>,
    /// GitLab itself wrote it: a push, a label.
    #[serde(default)]
    system: bool,
}

/// An account, as far as we look at it.
#[derive(Deserialize)]
struct Account {
    username: String,
}

/// Sets the status of the job's commit to running.
pub(super) async fn open(
    desk: &Desk<'_>,
    patience: Patience,
    outcome: &mut Outcome,
) -> Option<Opened> {
    match status(desk, "running", "the load is being put on", patience).await {
        Ok(()) => Some(Opened::Status),
        Err(refusal) => {
            outcome.miss(refusal.told(Forge::GitLab, Deed::Status));
            None
        }
    }
}

/// GitLab's word for the status of a commit.
fn state(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Pass => "success",
        Conclusion::Fail | Conclusion::Inconclusive | Conclusion::Broken => "failed",
        Conclusion::Interrupted => "canceled",
    }
}

async fn status(
    desk: &Desk<'_>,
    state: &str,
    text: &str,
    patience: Patience,
) -> Result<(), Refusal> {
    let place = &desk.door.place;
    let unknown = || Refusal::Odd("CI_PROJECT_ID or CI_COMMIT_SHA is not set".to_owned());
    let (project, commit) = place.job.as_ref().ok_or_else(unknown)?;
    let gitlab = GitLab::new(desk.door, patience)?;
    let mut body = json!({
        "state": state,
        "name": check::context(&desk.wish.key),
        "description": check::description(text),
    });
    // Without it the forge would look for any pipeline of the commit, or make one.
    if let Some(run) = place.run {
        body["pipeline_id"] = json!(run);
    }
    if let Some(url) = &place.url {
        body["target_url"] = json!(url);
    }
    let address = format!("{}/projects/{project}/statuses/{commit}", gitlab.api);
    gitlab.ask(Method::POST, &address, Some(&body), Repeat::Harmless).await.map(|_| ())
}

/// Sets the status that was opened, and writes the note.
pub(super) async fn tell(
    desk: &Desk<'_>,
    opened: Option<Opened>,
    told: &Told,
    patience: Patience,
    outcome: &mut Outcome,
) {
    if opened.is_some() {
        let set = status(desk, state(told.conclusion), &told.title, patience).await;
        if let Err(refusal) = set {
            outcome.miss(refusal.told(Forge::GitLab, Deed::Status));
        }
    }
    let Pull::Number(number) = desk.door.place.pull else { return };
    if desk.wish.comment == Comment::Never || !told.is_whole() {
        return;
    }
    let written = async {
        let gitlab = GitLab::new(desk.door, patience)?;
        let selves = gitlab.selves(&desk.wish.authors).await?;
        let ours = |author: &str| selves.iter().any(|own| own.eq_ignore_ascii_case(author));
        let page = desk.door.place.page.as_deref();
        let list = async || gitlab.notes(number, page).await;
        let write =
            async |id: Option<u64>, text: String| gitlab.write(number, id, &text, page).await;
        stick(patience, desk.letter(told), ours, desk.may_create(told), list, write).await
    };
    stick::told(written.await, Forge::GitLab, number, outcome);
}

impl<'a> GitLab<'a> {
    pub(super) fn new(door: &'a Door, patience: Patience) -> Result<Self, Refusal> {
        let odd = |why: &str| Refusal::Odd(why.to_owned());
        let place = &door.place;
        let api = place.api.as_deref().ok_or_else(|| odd("CI_API_V4_URL is not set"))?;
        let project = place.repository.as_deref();
        let project = project.ok_or_else(|| odd("CI_MERGE_REQUEST_PROJECT_ID is not set"))?;
        let token = door.token.as_ref().ok_or(Refusal::Token)?;
        if token.begins(OF_A_JOB) {
            let why = "LOADGATE_GITLAB_TOKEN has the job's own token, which cannot write notes";
            return Err(odd(why));
        }
        let client = Client::new(api, TOKEN, token.value()?)?;
        Ok(Self { client, api, root: format!("{api}/projects/{project}"), patience })
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Reply, Refusal> {
        let once = async || self.client.json(method.clone(), address, body).await;
        self.patience.ask(repeat, once).await
    }

    /// Who we are, among the authors of notes.
    async fn selves(&self, given: &[String]) -> Result<Vec<String>, Refusal> {
        if !given.is_empty() {
            return Ok(given.to_vec());
        }
        let user = format!("{}/user", self.api);
        let reply = self.ask(Method::GET, &user, None, Repeat::Harmless).await?;
        Ok(vec![parsed::<Account>(&reply)?.username])
    }

    async fn notes(&self, number: u64, page: Option<&str>) -> Result<Vec<Listed>, Refusal> {
        let mut all = Vec::new();
        for nth in 1..=MOST_PAGES {
            let root = &self.root;
            let list =
                format!("{root}/merge_requests/{number}/notes?per_page=100&sort=asc&page={nth}");
            let reply = self.ask(Method::GET, &list, None, Repeat::Harmless).await?;
            let notes = parsed::<Vec<Note>>(&reply)?.into_iter().filter(|note| !note.system);
            all.extend(notes.map(|note| Listed {
                id: note.id,
                author: note.author.map(|author| author.username),
                body: note.body.unwrap_or_default(),
                url: page.map(|page| format!("{page}#note_{}", note.id)),
            }));
            if !reply.more {
                break;
            }
        }
        Ok(all)
    }

    /// Writes a note, in place of another where its number is given; its page.
    async fn write(
        &self,
        number: u64,
        id: Option<u64>,
        text: &str,
        page: Option<&str>,
    ) -> Result<Option<String>, Refusal> {
        let notes = format!("{}/merge_requests/{number}/notes", self.root);
        let body = json!({ "body": text });
        let reply = match id {
            Some(id) => {
                let note = format!("{notes}/{id}");
                self.ask(Method::PUT, &note, Some(&body), Repeat::Harmless).await?
            }
            None => self.ask(Method::POST, &notes, Some(&body), Repeat::LookFirst).await?,
        };
        let note: Note = parsed(&reply)?;
        Ok(page.map(|page| format!("{page}#note_{}", note.id)))
    }
}

fn parsed<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Refusal> {
    let odd = |_| Refusal::Odd("it is not what GitLab's documentation promises".to_owned());
    serde_json::from_str(&reply.body).map_err(odd)
}
