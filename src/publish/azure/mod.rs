//! Azure DevOps: the thread under a pull request, open while the gate fails, and its status.

pub(super) mod reading;

use http::Method;
use http::header::AUTHORIZATION;
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

/// Every address ends like this.
const VERSION: &str = "api-version=7.1";
/// Bits of a comment's number, within that of its thread.
const COMMENT_BITS: u32 = 16;

/// A repository at the forge, with a token in hand.
struct Repository<'a> {
    client: Client,
    api: &'a str,
    /// `…/repositories/ID`.
    root: String,
    patience: Patience,
}

/// A pull request of it.
struct Azure<'a> {
    repository: Repository<'a>,
    /// `…/pullRequests/N`.
    root: String,
}

/// A thread, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thread {
    id: u64,
    #[serde(default)]
    comments: Vec<Remark>,
    #[serde(default)]
    is_deleted: bool,
}

/// A comment, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remark {
    id: u64,
    content: Option<String>,
    author: Option<Identity>,
    comment_type: Option<String>,
    #[serde(default)]
    is_deleted: bool,
}

/// An account, as far as we look at it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    id: Option<String>,
    unique_name: Option<String>,
}

/// Threads come in an object, though the description has a bare list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Threads {
    Wrapped { value: Vec<Thread> },
    Bare(Vec<Thread>),
}

/// Sets the status of the pull request to pending.
pub(super) async fn open(
    desk: &Desk<'_>,
    patience: Patience,
    outcome: &mut Outcome,
) -> Option<Opened> {
    let Pull::Number(number) = desk.door.place.pull else { return None };
    let set = async {
        let azure = Azure::new(desk.door, number, patience)?;
        azure.status(desk, "pending", "the load is being put on").await
    };
    match set.await {
        Ok(()) => Some(Opened::Status),
        Err(refusal) => {
            outcome.miss(refusal.told(Forge::Azure, Deed::Status));
            None
        }
    }
}

/// Sets the status that was opened, and sees to the thread.
pub(super) async fn tell(
    desk: &Desk<'_>,
    opened: Option<Opened>,
    told: &Told,
    patience: Patience,
    outcome: &mut Outcome,
) {
    let Pull::Number(number) = desk.door.place.pull else { return };
    let azure = match Azure::new(desk.door, number, patience) {
        Ok(azure) => azure,
        Err(refusal) => return outcome.miss(refusal.told(Forge::Azure, Deed::Comment)),
    };
    if opened.is_some() {
        let set = azure.status(desk, state(told.conclusion), &told.title).await;
        if let Err(refusal) = set {
            outcome.miss(refusal.told(Forge::Azure, Deed::Status));
        }
    }
    if desk.wish.comment == Comment::Never || !told.is_whole() {
        return;
    }
    // An open thread blocks the merge where the policy asks for all to be resolved.
    let open = told.conclusion != Conclusion::Pass;
    let written = async {
        let selves = azure.selves(&desk.wish.authors).await?;
        let ours = |author: &str| selves.iter().any(|own| own.eq_ignore_ascii_case(author));
        let list = async || azure.threads(&selves, desk.door.place.page.as_deref()).await;
        let write = async |id: Option<u64>, text: String| azure.write(id, &text, open).await;
        stick(patience, desk.letter(told), ours, desk.may_create(told), list, write).await
    };
    let mut stuck = written.await;
    if let Ok(stick::Stuck::There(page)) = &mut stuck {
        page.clone_from(&desk.door.place.page);
    }
    stick::told(stuck, Forge::Azure, number, outcome);
}

/// Azure's word for the status of a pull request.
fn state(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Pass => "succeeded",
        Conclusion::Fail => "failed",
        Conclusion::Inconclusive | Conclusion::Interrupted | Conclusion::Broken => "error",
    }
}

impl<'a> Repository<'a> {
    fn new(door: &'a Door, patience: Patience) -> Result<Self, Refusal> {
        let odd = |why: &str| Refusal::Odd(why.to_owned());
        let place = &door.place;
        let api = place.api.as_deref();
        let api =
            api.ok_or_else(|| odd("SYSTEM_COLLECTIONURI or SYSTEM_TEAMPROJECT is not set"))?;
        let repository = place.repository.as_deref();
        let repository = repository.ok_or_else(|| odd("BUILD_REPOSITORY_ID is not set"))?;
        let token = door.token.as_ref().ok_or(Refusal::Token)?;
        // A job's token is a JSON Web Token; what a person made has no dots and no such beginning.
        let header = if token.begins("eyJ") { token.header("Bearer")? } else { token.basic()? };
        let client = Client::new(api, AUTHORIZATION, header)?;
        let root = format!("{api}/_apis/git/repositories/{repository}");
        Ok(Self { client, api, root, patience })
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Reply, Refusal> {
        let sign = if address.contains('?') { '&' } else { '?' };
        let address = format!("{address}{sign}{VERSION}");
        let once = async || self.client.json(method.clone(), &address, body).await;
        // It answers a wrong token with the page to sign in at.
        match self.patience.ask(repeat, once).await {
            Ok(reply) if reply.status == 203 => Err(Refusal::Token),
            Err(Refusal::Moved(302)) => Err(Refusal::Token),
            answer => answer,
        }
    }

    /// Reads something of the repository.
    async fn get(&self, path: &str) -> Result<Reply, Refusal> {
        let address = format!("{}/{path}", self.root);
        self.ask(Method::GET, &address, None, Repeat::Harmless).await
    }
}

impl<'a> Azure<'a> {
    fn new(door: &'a Door, number: u64, patience: Patience) -> Result<Self, Refusal> {
        let repository = Repository::new(door, patience)?;
        let root = format!("{}/pullRequests/{number}", repository.root);
        Ok(Self { repository, root })
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<Reply, Refusal> {
        self.repository.ask(method, address, body, repeat).await
    }

    /// Who we are, among the authors of comments.
    async fn selves(&self, given: &[String]) -> Result<Vec<String>, Refusal> {
        if !given.is_empty() {
            return Ok(given.to_vec());
        }
        let api = self.repository.api;
        let collection = api.rsplit_once('/').map_or(api, |(collection, _)| collection);
        let address = format!("{collection}/_apis/connectionData");
        let once = async || self.repository.client.json(Method::GET, &address, None).await;
        let reply = self.repository.patience.ask(Repeat::Harmless, once).await?;
        let own: Value = parsed(&reply)?;
        let own = own["authenticatedUser"]["id"].as_str();
        let nobody = "it does not say who we are; --comment-author does";
        Ok(vec![own.ok_or_else(|| Refusal::Odd(nobody.to_owned()))?.to_owned()])
    }

    /// Threads by their first comments; both numbers are kept in one, since both are needed to
    /// write.
    async fn threads(&self, us: &[String], page: Option<&str>) -> Result<Vec<Listed>, Refusal> {
        let list = format!("{}/threads", self.root);
        let reply = self.ask(Method::GET, &list, None, Repeat::Harmless).await?;
        let threads = match parsed(&reply)? {
            Threads::Wrapped { value } | Threads::Bare(value) => value,
        };
        let listed = |thread: Thread| {
            let first = thread.comments.into_iter().next().filter(|_| !thread.is_deleted)?;
            let system = first.comment_type.as_deref() == Some("system");
            if system || first.is_deleted || first.id >> COMMENT_BITS > 0 {
                return None;
            }
            let author = first.author.and_then(|who| {
                let known = |name: &&String| us.iter().any(|own| own.eq_ignore_ascii_case(name));
                let named = who.unique_name.as_ref().filter(known).cloned();
                named.or(who.id)
            });
            Some(Listed {
                id: thread.id.checked_mul(1 << COMMENT_BITS)? | first.id,
                author,
                body: first.content.unwrap_or_default(),
                url: page.map(str::to_owned),
            })
        };
        Ok(threads.into_iter().filter_map(listed).collect())
    }

    /// Writes the thread, in place of another's first comment where its number is given.
    async fn write(
        &self,
        id: Option<u64>,
        text: &str,
        open: bool,
    ) -> Result<Option<String>, Refusal> {
        let status = if open { "active" } else { "fixed" };
        let Some(id) = id else {
            let comment = json!({ "parentCommentId": 0, "content": text, "commentType": "text" });
            let body = json!({ "comments": [comment], "status": status });
            let threads = format!("{}/threads", self.root);
            self.ask(Method::POST, &threads, Some(&body), Repeat::LookFirst).await?;
            return Ok(None);
        };
        let (thread, comment) = (id >> COMMENT_BITS, id & ((1 << COMMENT_BITS) - 1));
        let thread = format!("{}/threads/{thread}", self.root);
        let body = json!({ "content": text });
        let first = format!("{thread}/comments/{comment}");
        self.ask(Method::PATCH, &first, Some(&body), Repeat::Harmless).await?;
        let body = json!({ "status": status });
        self.ask(Method::PATCH, &thread, Some(&body), Repeat::Harmless).await?;
        Ok(None)
    }

    async fn status(&self, desk: &Desk<'_>, state: &str, text: &str) -> Result<(), Refusal> {
        let mut body = json!({
            "state": state,
            "description": check::description(text),
            "context": { "name": desk.wish.key.as_str(), "genre": "loadgate" },
        });
        if let Some(url) = &desk.door.place.url {
            body["targetUrl"] = json!(url);
        }
        let statuses = format!("{}/statuses", self.root);
        self.ask(Method::POST, &statuses, Some(&body), Repeat::Harmless).await.map(|_| ())
    }
}

fn parsed<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, Refusal> {
    let odd = |_| Refusal::Odd("it is not what Azure's description promises".to_owned());
    serde_json::from_str(&reply.body).map_err(odd)
}
