//! Where a run stands: repository, commit, pull request, job.

use super::{Ci, Forge};

/// Where a run stands, as far as the CI host tells. Every text in it is fit for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The CI host.
    pub ci: Ci,
    /// Who keeps the repository and shows the pull request; `None` where nobody is known.
    pub forge: Option<Forge>,
    /// The root of the forge's programming interface, without a slash at its end.
    pub api: Option<String>,
    /// The repository, as the forge's addresses have it: `owner/name`, or its number.
    pub repository: Option<String>,
    /// The commit that checks and statuses belong to: the head of the pull request, never a merge
    /// commit that nobody looks at.
    pub head: Option<String>,
    /// The pull request.
    pub pull: Pull,
    /// The user named it, and the job is for something else: what the host tells of a base is not
    /// about it.
    pub foreign: bool,
    /// Repository and commit that the job itself runs for, where a status belongs to these.
    pub job: Option<(String, String)>,
    /// The run's number at the host; later runs have larger ones.
    pub run: Option<u64>,
    /// How often this run was started, 1 for the first time.
    pub attempt: u64,
    /// The page of the run.
    pub url: Option<String>,
    /// The page of the pull request.
    pub page: Option<String>,
    /// A proxy that knows who we are, so that no token is needed.
    pub proxy: Option<String>,
}

/// The pull request that a run belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pull {
    /// This one.
    Number(u64),
    /// The open one whose head is this commit: only the forge can tell.
    ByHead(String),
    /// Several at once, waiting in a merge queue: a comment would stand nowhere.
    Queue,
    /// None: a push, a schedule, a start by hand.
    Nothing,
    /// There should be one and the host does not say which: why, as a half sentence.
    Unknown(String),
}

impl Place {
    /// Whether whoever shows our pages draws Mermaid's charts in them. Where a host shows them
    /// itself beside the forge, it must draw them too.
    #[must_use]
    pub fn draws_charts(&self) -> bool {
        let forge = match self.forge {
            Some(Forge::GitHub | Forge::Gitea | Forge::GitLab) => true,
            Some(Forge::Azure | Forge::Bitbucket) | None => false,
        };
        let host = match self.ci {
            Ci::GitHub | Ci::Gitea | Ci::GitLab | Ci::CircleCi | Ci::Jenkins => true,
            Ci::Azure | Ci::Bitbucket | Ci::Buildkite => false,
        };
        forge && host
    }

    /// A place of which nothing is known but the CI host.
    #[must_use]
    pub fn bare(ci: Ci) -> Self {
        Self {
            ci,
            forge: None,
            api: None,
            repository: None,
            head: None,
            pull: Pull::Nothing,
            foreign: false,
            job: None,
            run: None,
            attempt: 1,
            url: None,
            page: None,
            proxy: None,
        }
    }

    /// The same place with a pull request that the user named.
    #[must_use]
    pub fn with_pull(mut self, number: u64) -> Self {
        if self.pull != Pull::Number(number) {
            // What the event says of a head is about another pull request.
            self.head = None;
            self.page = None;
            // What is tested in a merge queue is made against the queue's base, whoever is told.
            self.foreign = self.pull != Pull::Queue;
            self.pull = Pull::Number(number);
        }
        self
    }
}

/// A repository's name where it is one, fit for the path of an address.
#[must_use]
pub fn repository(text: &str) -> Option<String> {
    let part = |part: &str| {
        let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
        !part.is_empty() && part.chars().all(plain) && part != "." && part != ".."
    };
    let (owner, name) = text.split_once('/')?;
    (part(owner) && part(name)).then(|| text.to_owned())
}

/// A part of a path, fit for an address (RFC 3986, 2.3).
#[must_use]
pub fn encoded(part: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    part.bytes().map(byte).collect()
}

/// A commit's name where it is one: 40 or 64 hexadecimal digits.
#[must_use]
pub fn commit(text: &str) -> Option<String> {
    let digits = matches!(text.len(), 40 | 64) && text.bytes().all(|sign| sign.is_ascii_hexdigit());
    digits.then(|| text.to_ascii_lowercase())
}

/// An address that may stand in a comment: http or https, no sign that ends a link early.
#[must_use]
pub fn link(text: &str) -> Option<String> {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(sign);
    let web = text.starts_with("https://") || text.starts_with("http://");
    (web && text.len() <= 500 && text.chars().all(plain))
        .then(|| text.trim_end_matches('/').to_owned())
}
