//! The CI host around a run: which one it is, what it knows of repository and pull request, and the
//! texts it takes. Pure: variables and the event come in as values, texts and decisions go out.

pub mod ci;
pub mod branch;
pub mod place;
pub mod github;
pub mod gitlab;
pub mod behind;
pub mod azure;
pub mod bitbucket;
pub mod letter;
pub mod sticky;
pub mod check;
pub mod annotate;
pub mod output;
pub mod log;
pub mod reply;

pub use ci::{Choice, Ci, Forge};
pub use place::{Place, Pull};

/// Looks a variable of the environment up.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Place {
    /// Reads it from the host's variables and the text of the event that started the job.
    #[must_use]
    pub fn read(ci: Ci, variables: Variables<'_>, event: Option<&str>) -> Self {
        match ci {
            Ci::GitHub => github::place(ci, Forge::GitHub, variables, event),
            Ci::Gitea => github::place(ci, Forge::Gitea, variables, event),
            Ci::GitLab => gitlab::place(variables),
            Ci::Azure => azure::place(variables),
            Ci::Bitbucket => bitbucket::place(variables),
            Ci::CircleCi => behind::circle(variables),
            Ci::Buildkite => behind::buildkite(variables),
            Ci::Jenkins => behind::jenkins(variables),
        }
    }
}

/// A variable that says something: an empty one is how CI files pass on what is not there.
fn set(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// A whole number above zero.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number > 0)
}
