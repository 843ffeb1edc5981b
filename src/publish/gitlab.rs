//! GitLab: the note under a merge request.

use http::Method;
use http::header::HeaderName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::patience::{Patience, Repeat};
use super::stick::{self, stick};
use super::{Comment, Desk, Outcome, Told};
use crate::host::reply::{Refusal, Reply};
use crate::host::sticky::Listed;
use crate::host::{Forge, Pull};

/// The header of a project's token.
const TOKEN: HeaderName = HeaderName::from_static("private-token");
/// How a job's own token begins (GitLab 16 and later).
const OF_A_JOB: &str = "glcbt-";
/// The most pages of notes that are looked through: 2,000 notes.
const MOST_PAGES: u32 = 20;

/// A project at the forge, with a token in hand.
struct GitLab<'a> {
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

/// Writes the note. The job's own page in the pipeline is what a check would be.
pub(super) async fn tell(desk: &Desk<'_>, told: &Told, patience: Patience, outcome: &mut Outcome) {
    let Pull::Number(number) = desk.place.pull else { return };
    if desk.wish.comment == Comment::Never || !told.is_whole() {
        return;
    }
    let written = async {
        let gitlab = GitLab::new(desk, patience)?;
        let selves = gitlab.selves(&desk.wish.authors).await?;
        let ours = |author: &str| selves.iter().any(|own| own.eq_ignore_ascii_case(author));
        let page = desk.place.page.as_deref();
        let list = async || gitlab.notes(number, page).await;
        let write =
            async |id: Option<u64>, text: String| gitlab.write(number, id, &text, page).await;
        stick(patience, desk.letter(told), ours, desk.may_create(told), list, write).await
    };
    stick::told(written.await, Forge::GitLab, number, outcome);
}

/// A file as it is at a commit.
pub(super) async fn file(
    desk: &Desk<'_>,
    path: &str,
    commit: &str,
    patience: Patience,
) -> Result<Option<Vec<u8>>, Refusal> {
    let gitlab = GitLab::new(desk, patience)?;
    let path = crate::host::place::encoded(path);
    let address = format!("{}/repository/files/{path}/raw?ref={commit}", gitlab.root);
    match gitlab.ask(Method::GET, &address, None, Repeat::Harmless).await {
        Ok(reply) => Ok(Some(reply.body.into_bytes())),
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

impl<'a> GitLab<'a> {
    fn new(desk: &Desk<'a>, patience: Patience) -> Result<Self, Refusal> {
        let odd = |why: &str| Refusal::Odd(why.to_owned());
        let place = desk.place;
        let api = place.api.as_deref().ok_or_else(|| odd("CI_API_V4_URL is not set"))?;
        let project = place.repository.as_deref();
        let project = project.ok_or_else(|| odd("CI_MERGE_REQUEST_PROJECT_ID is not set"))?;
        let token = desk.token.ok_or(Refusal::Token)?;
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

/// Says that there is no check of ours.
pub(super) fn open(outcome: &mut Outcome) {
    let why = "--check does nothing on GitLab: the pipeline shows the job itself";
    outcome.said.push(why.to_owned());
}
