//! Scenarios: what a kind of user does, step by step, at which pace, with which data.

use std::sync::Arc;
use std::time::Duration;

use super::profile::Profile;
use super::stream::Said;
use crate::run::is_group;
use crate::script::extract::Extract;
use crate::script::feeder::Pick;
use crate::script::json::Query;
use crate::script::table::Table;
use crate::script::template::Template;

/// A kind of user.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name; unique.
    pub name: String,
    /// Its part among the users (closed model) or arrivals (open model).
    pub share: Share,
    /// Words by which it is chosen or left out.
    pub tags: Vec<String>,
    /// What a user does once, at the beginning of its life.
    pub start: Vec<Step>,
    /// What a user does again and again (closed model) or once (open model).
    pub work: Work,
    /// What a user does once, at the end of its life.
    pub stop: Vec<Step>,
    /// How long a user rests between tasks; in a sequence, between steps.
    pub pace: Pace,
    /// The data it draws a row of for each turn.
    pub feeds: Vec<Feed>,
    /// Each of its users keeps the cookies that answers set, and sends them back (RFC 6265).
    pub cookies: bool,
    /// A load that it does not share with all others; those that hold the same one share it.
    pub load: Option<Arc<Profile>>,
}

/// A scenario's part of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// In proportion to the others' weights; at least 1.
    Weight(u32),
    /// So many users, whatever the others have (closed model).
    Fixed(u32),
}

/// What there is to do.
#[derive(Clone, Debug)]
pub enum Work {
    /// All of it, in order.
    Steps(Vec<Step>),
    /// One of them, drawn by weight.
    Tasks(Vec<Task>),
}

/// Something a user does as a whole.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// Its weight among its siblings; at least 1.
    pub weight: u32,
    /// Words by which it is chosen or left out.
    pub tags: Vec<String>,
    /// How many times in a row, from and to, both included.
    pub repeat: (u32, u32),
    /// After each time: whether that was enough. Where it never is, the turn fails.
    pub until: Option<Template>,
    /// What it consists of.
    pub work: Work,
}

/// One request of a user, and what is taken from its answer.
#[derive(Clone, Debug)]
pub struct Step {
    /// The index of the request in the plan.
    pub request: usize,
    /// What is taken from the answer into the user's state. A missing value fails the step.
    pub extract: Vec<Extract>,
    /// A rest after this step, beside the scenario's own pace.
    pub wait: Option<Think>,
    /// The groups it belongs to, the outermost first.
    pub groups: Vec<Group>,
}

/// A group of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name as a scope: `group:checkout / pay`.
    pub name: Arc<str>,
    /// The index of the scope it is counted under, behind the endpoints.
    pub endpoint: usize,
}

/// How long a user rests; never part of a latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Not at all.
    None,
    /// After each task, think time.
    Wait(Think),
    /// Tasks begin so far apart, however long each takes (`constant_pacing` in Locust's words).
    Paced(Duration),
}

/// Think time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Think {
    /// Always the same.
    Constant(Duration),
    /// Evenly between two times, both included.
    Between(Duration, Duration),
    /// Exponential with this mean, at most ten times it.
    Exponential(Duration),
}

/// A data file that a scenario draws rows of.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The name under which templates know the row.
    pub name: String,
    /// The rows.
    pub table: Arc<Table>,
    /// Which row comes next.
    pub pick: Pick,
    /// How long a user keeps its row.
    pub per: Per,
}

/// How long a user keeps a row of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// For one turn.
    Turn,
    /// For its whole life.
    User,
}

/// The parts of a request that are written anew each time.
#[derive(Clone, Debug)]
pub struct Live {
    /// Path and query, the target's prefix included.
    pub path: Template,
    /// How long that prefix is: a `/` stands behind it once the path is filled in.
    pub prefix: usize,
    /// All of the request's own headers, by lower-case name.
    pub headers: Vec<(String, Template)>,
    /// The body; `None` where the request's own is sent as it is.
    pub body: Option<Template>,
    /// What is expected of the answer beside what is the same for all users.
    pub expect: Vec<Wanted>,
    /// What the events hold that answer it, where that is not the same for all users.
    pub said: Option<Said>,
}

/// An expectation that is written anew for each answer.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A text that the body contains.
    Body(Template),
    /// A text that the body does not contain.
    Lacks(Template),
    /// What a header is, or contains.
    Header {
        /// Its name in lower case.
        name: String,
        /// The text.
        value: Template,
        /// It is the whole value.
        whole: bool,
    },
    /// A value in a JSON body; the template writes it as JSON.
    Json(Query, Template),
}

impl Wanted {
    /// What is expected in the words under which misses are counted, its templates as they are.
    #[must_use]
    pub fn asked(&self) -> String {
        match self {
            Self::Body(text) => format!("body contains \"{}\"", text.source()),
            Self::Lacks(text) => format!("body lacks \"{}\"", text.source()),
            Self::Header { name, value, whole } => {
                let verb = if *whole { "equals" } else { "contains" };
                format!("header {name} {verb} \"{}\"", value.source())
            }
            Self::Json(query, value) => format!("json {query} equals {}", value.source()),
        }
    }
}

/// The sum over endpoints; what groups count is in it already.
pub(super) fn total(names: &[String], counts: &[u64]) -> u64 {
    let all = names.iter().zip(counts);
    all.filter(|(name, _)| !is_group(name)).map(|(_, count)| count).sum()
}
