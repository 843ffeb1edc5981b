//! Which CI host a run happens on, and which forge keeps its repository.

use super::{Variables, set};

/// A service that runs jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions, on github.com or an Enterprise Server.
    GitHub,
    /// Actions of Gitea or Forgejo.
    Gitea,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// `CircleCI`.
    CircleCi,
    /// Buildkite.
    Buildkite,
    /// Jenkins.
    Jenkins,
}

/// A service that keeps repositories and shows pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub.
    GitHub,
    /// Gitea and Forgejo, which take GitHub's requests for comments and statuses.
    Gitea,
    /// GitLab.
    GitLab,
    /// Azure DevOps.
    Azure,
    /// Bitbucket.
    Bitbucket,
}

/// What the user says about the CI host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The environment tells.
    Detect,
    /// There is none, whatever the environment says.
    Nothing,
    /// It is this one.
    This(Ci),
}

/// Which variable gives a host away; the first that is set decides.
///
/// Gitea stands before GitHub because its runner sets GitHub's variables as well.
const SIGNS: [(&str, Ci); 9] = [
    ("GITEA_ACTIONS", Ci::Gitea),
    ("FORGEJO_ACTIONS", Ci::Gitea),
    ("GITHUB_ACTIONS", Ci::GitHub),
    ("GITLAB_CI", Ci::GitLab),
    ("TF_BUILD", Ci::Azure),
    ("BITBUCKET_BUILD_NUMBER", Ci::Bitbucket),
    ("CIRCLECI", Ci::CircleCi),
    ("BUILDKITE", Ci::Buildkite),
    ("JENKINS_URL", Ci::Jenkins),
];

/// The CI host around us; `None` outside of any.
#[must_use]
pub fn detect(choice: Choice, variables: Variables<'_>) -> Option<Ci> {
    let told = |name: &str| set(variables, name).is_some_and(|value| value != "false");
    match choice {
        Choice::Nothing => None,
        Choice::This(ci) => Some(ci),
        Choice::Detect => SIGNS.into_iter().find(|(name, _)| told(name)).map(|(_, ci)| ci),
    }
}

impl Ci {
    /// The variable that says where the repository lies on this machine.
    #[must_use]
    pub fn workspace(self) -> &'static str {
        match self {
            Self::GitHub | Self::Gitea => "GITHUB_WORKSPACE",
            Self::GitLab => "CI_PROJECT_DIR",
            Self::Azure => "BUILD_SOURCESDIRECTORY",
            Self::Bitbucket => "BITBUCKET_CLONE_DIR",
            Self::CircleCi => "CIRCLE_WORKING_DIRECTORY",
            Self::Buildkite => "BUILDKITE_BUILD_CHECKOUT_PATH",
            Self::Jenkins => "WORKSPACE",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::Gitea => "Gitea Actions",
            Self::GitLab => "GitLab CI",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::CircleCi => "CircleCI",
            Self::Buildkite => "Buildkite",
            Self::Jenkins => "Jenkins",
        }
    }
}

impl Ci {
    /// The files that it or a plugin of it reads, beside those that are always written.
    #[must_use]
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::GitLab => &["load_performance.json", "metrics.txt", "annotations.json"],
            Self::Jenkins => &["performance.xml"],
            Self::GitHub
            | Self::Gitea
            | Self::Azure
            | Self::Bitbucket
            | Self::CircleCi
            | Self::Buildkite => &[],
        }
    }
}

impl Forge {
    /// What to do where its token is not set.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::GitHub | Self::Gitea | Self::Bitbucket => "",
            Self::GitLab => {
                "; it takes a project access token with the scope `api`, since the job's own token \
                 cannot write notes, and a protected variable is absent on unprotected branches"
            }
            Self::Azure => "; map $(System.AccessToken) to it in the step's env",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::Gitea => "Gitea",
            Self::GitLab => "GitLab",
            Self::Azure => "Azure DevOps",
            Self::Bitbucket => "Bitbucket",
        }
    }

    /// The variables that may hold its token; the first that is set is taken.
    #[must_use]
    pub fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::GitHub | Self::Gitea => &["LOADGATE_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"],
            Self::GitLab => &["LOADGATE_GITLAB_TOKEN"],
            Self::Azure => &["LOADGATE_AZURE_TOKEN", "SYSTEM_ACCESSTOKEN"],
            Self::Bitbucket => &["LOADGATE_BITBUCKET_TOKEN"],
        }
    }

    /// The name and value of the token that the environment has for it.
    #[must_use]
    pub fn token(self, variables: Variables<'_>) -> Option<(&'static str, String)> {
        self.tokens().iter().find_map(|name| Some((*name, set(variables, name)?)))
    }
}
