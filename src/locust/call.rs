//! What Locust is told: by the gate file, and by whoever typed its words.

use std::path::Path;

use super::find::Unfound;
use super::resolve;
use crate::load::wire::control::address;
use crate::plan::locust::Locust;
use crate::sanitise::Clean;
use crate::store;

/// The largest configuration file of Locust's.
const MOST_CONFIG: u64 = 1024 * 1024;

/// What Locust is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its locustfiles, with commas between them; `None` where the command names its own.
    pub files: Option<String>,
    /// Everything else.
    pub words: Vec<String>,
}

impl Call {
    /// What tells one load from another: the words, and the locustfiles byte by byte. Whom it is
    /// put on does not: a service may be somewhere else each time.
    pub fn traits(&self, mut tell: impl FnMut(&[u8])) {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == "--host" {
                words.next();
            } else {
                tell(word.as_bytes());
            }
        }
        bytes_of(self.files.as_deref().unwrap_or_default(), &mut tell);
    }
}

/// The bytes of files that are named with commas between them; names where there are none.
pub(super) fn bytes_of(files: &str, tell: &mut impl FnMut(&[u8])) {
    /// The largest locustfile whose bytes tell one load from another.
    const MOST_SCRIPT: u64 = 16 * 1024 * 1024;
    for path in files.split(',').map(str::trim).filter(|path| !path.is_empty()) {
        let text = store::read(Path::new(path), MOST_SCRIPT).unwrap_or_default();
        tell(if text.is_empty() { path.as_bytes() } else { &text });
    }
}

/// What Locust is told by the gate file and behind `--`, with its locustfile found as Locust does.
///
/// # Errors
/// When a locustfile is not there, or it would be told to be only a worker.
pub fn call(
    locust: &Locust,
    told: &[String],
    tags: (&[String], &[String]),
    beside: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Call, Unfound> {
    let file = |path: &Path| {
        let bytes = store::read(path, MOST_CONFIG).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let told: Vec<String> = locust.args.iter().chain(told).cloned().collect();
    let (mut files, rest) = resolve::take(&told, &resolve::Sight { variable, file: &file });
    let named = told.len() > rest.len();
    if !named && !locust.locustfiles.is_empty() {
        let paths = locust.locustfiles.iter().map(|path| {
            let is_url = path.contains("://");
            if is_url { path.clone() } else { beside.join(path).to_string_lossy().into_owned() }
        });
        files = paths.collect::<Vec<_>>().join(",");
    }
    let words = all(locust, rest, tags)?;
    for path in files.split(',').map(str::trim) {
        let there = path.contains("://") || Path::new(path).exists();
        if !there {
            return Err(Unfound::NoFile(Clean::line(path)));
        }
    }
    Ok(Call { files: Some(files), words })
}

/// The same where a command calls Locust with a locustfile of its own.
///
/// # Errors
/// When another locustfile is named, or Locust would be told to be only a worker.
pub fn beneath(
    locust: &Locust,
    told: &[String],
    tags: (&[String], &[String]),
) -> Result<Call, Unfound> {
    let told: Vec<String> = locust.args.iter().chain(told).cloned().collect();
    let nothing = resolve::Sight { variable: &|_| None, file: &|_| None };
    let (_, rest) = resolve::take(&told, &nothing);
    if told.len() > rest.len() || !locust.locustfiles.is_empty() {
        return Err(Unfound::Unfit(
            "the command names a locustfile of its own: leave out the other one, or call Locust \
             itself: `-- locust -f locustfile.py`",
        ));
    }
    Ok(Call { files: None, words: all(locust, rest, tags)? })
}

/// What the gate file asks, and the words that were typed behind it: they have the last word.
fn all(
    locust: &Locust,
    rest: Vec<String>,
    (tags, exclude_tags): (&[String], &[String]),
) -> Result<Vec<String>, Unfound> {
    let mut words = asked(locust, tags, exclude_tags);
    // A user class may be named behind the options, and `--tags` takes all words up to the next.
    words.extend(rest);
    if words.iter().any(|word| word == "--worker") {
        return Err(Unfound::Unfit(
            "a worker alone is no run: let loadgate start the master, and start workers beside it",
        ));
    }
    Ok(words)
}

/// What the gate file asks, in Locust's words.
fn asked(locust: &Locust, tags: &[String], exclude_tags: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    };
    say("--host", locust.target.as_ref().map(|target| address(target, "")));
    say("--users", locust.users.map(|users| users.to_string()));
    say("--spawn-rate", locust.spawn_rate.map(|rate| rate.as_f64().to_string()));
    say("--run-time", locust.run_time.map(|time| format!("{}s", time.as_secs())));
    say("--expect-workers", locust.expect_workers.map(|workers| workers.to_string()));
    for (name, tags) in [("--tags", tags), ("--exclude-tags", exclude_tags)] {
        if !tags.is_empty() {
            words.push(name.to_owned());
            words.extend(tags.iter().cloned());
        }
    }
    words
}
