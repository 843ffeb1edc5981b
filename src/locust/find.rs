//! Which Locust there is: named, on the PATH, or inside a Python.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::child::{Group, Word};
use super::environment::Given;
use super::room::Room;
use crate::sanitise::Clean;
use crate::store;

/// The first version that takes several locustfiles, of which the first can be ours.
const OLDEST: [u64; 3] = [2, 11, 0];
/// How long a Locust may take to tell its version; `uv` may have to fetch it first.
const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(20);
/// The largest script that a person writes; what is larger is a program.
const MOST_SCRIPT: u64 = 1024 * 1024;
/// How Locust is called, the most usual first.
const USUAL: [&[&str]; 4] = [
    &["locust"],
    &["python3", "-m", "locust"],
    &["python", "-m", "locust"],
    &["uv", "run", "locust"],
];

/// Other tools that put a load on: they call no Locust.
const OTHERS: [&str; 12] = [
    "k6",
    "jmeter",
    "gatling",
    "vegeta",
    "oha",
    "hey",
    "wrk",
    "ab",
    "h2load",
    "autocannon",
    "artillery",
    "siege",
];
/// What is said of a version that nobody told.
const UNTOLD: &str = "(version unknown)";

/// A Locust that can be the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The words that start it.
    pub command: Vec<OsString>,
    /// Its version.
    pub version: String,
    /// The same command as a person wrote it.
    pub shown: String,
    /// It calls Locust with words of its own.
    pub wraps: bool,
}

impl Found {
    /// What tells one command from another: its words, and the script that it runs.
    pub fn traits(&self, tell: &mut impl FnMut(&[u8])) {
        tell(self.shown.as_bytes());
        for word in self.command.iter().skip(1) {
            tell(word.as_encoded_bytes());
        }
        for word in &self.command {
            tell(&store::read(Path::new(word), MOST_SCRIPT).unwrap_or_default());
        }
    }
}

/// What a command line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// What calls Locust, and what Locust is told; nothing where nobody typed any.
    Locust(&'a [String], &'a [String]),
    /// A command that calls Locust itself.
    Own(&'a [String]),
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfound {
    /// Nothing on this machine is one.
    #[error(
        "there is no Locust: {0}; install it (`pip install locust`), or name it with --locust-cmd"
    )]
    Nothing(String),
    /// What was named is none.
    #[error("`{0}` is no Locust: {1}; name one with --locust-cmd")]
    NoLocust(Clean, Clean),
    /// It cannot take a second locustfile.
    #[error("Locust {0} is too old: 2.11 or later is needed, the newest is best")]
    TooOld(Clean),
    /// Behind `--` stands something else.
    #[error(
        "`{0}` does not call Locust: write `-- locust -f locustfile.py …`, or what calls it; what \
         another tool wrote is judged by `loadgate check`"
    )]
    NoCall(Clean),
    /// A locustfile is not there.
    #[error("there is no locustfile `{0}`: name it with `-f`, or in `[load]` of the gate file")]
    NoFile(Clean),
    /// It would not be what puts the load on.
    #[error("{0}")]
    Unfit(&'static str),
}

/// Tells what a command line is.
///
/// # Errors
/// When it calls another tool.
pub fn split(line: &[String]) -> Result<Line<'_>, Unfound> {
    let name = |word: &String| Path::new(word).file_name()?.to_str().map(str::to_owned);
    // `locustio/locust:2.44.3` is an image.
    let is_locust = |name: String| {
        let ends = name.strip_prefix("locust");
        ends.is_some_and(|end| end.is_empty() || end == ".exe" || end.starts_with([':', '@']))
    };
    if let Some(at) = line.iter().position(|word| name(word).is_some_and(is_locust)) {
        let (called, told) = line.split_at(at + 1);
        return Ok(Line::Locust(called, told));
    }
    let Some(first) = line.first() else { return Ok(Line::Locust(line, line)) };
    if name(first).is_some_and(|name| OTHERS.contains(&name.as_str())) {
        return Err(Unfound::NoCall(Clean::line(&line.join(" "))));
    }
    Ok(Line::Own(line))
}

/// A command that calls Locust itself; it is not asked for a version, as it may do more than that.
///
/// # Errors
/// When it is not there.
pub fn own(line: &[String], environment: &[Given]) -> Result<Found, Unfound> {
    let command = located(line, environment)?;
    let (version, shown) = (UNTOLD.to_owned(), line.join(" "));
    Ok(Found { command, version, shown, wraps: true })
}

/// Finds Locust: as it was named, as it was called, or where it usually is.
///
/// # Errors
/// When there is none, or one that is too old.
pub async fn find(
    named: Option<&str>,
    called: &[String],
    environment: &[Given],
) -> Result<Found, Unfound> {
    if let Some(named) = named {
        // A path may have spaces in it.
        let words = if Path::new(named).is_file() {
            vec![named.to_owned()]
        } else {
            named.split_whitespace().map(str::to_owned).collect()
        };
        return ask(&words, environment).await;
    }
    let plain = called.is_empty() || called == ["locust"];
    if !plain {
        return ask(called, environment).await;
    }
    let mut last = "`locust` is not on the PATH".to_owned();
    for words in USUAL {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match ask(&words, environment).await {
            Ok(found) => return Ok(found),
            Err(old @ Unfound::TooOld(_)) => return Err(old),
            // What is there and broken tells more than what is not there.
            Err(Unfound::NoLocust(shown, why)) if on_path(&words[0], environment).is_some() => {
                last = format!("`{shown}` {why}");
            }
            Err(_) => {}
        }
    }
    Err(Unfound::Nothing(last))
}

/// Asks a command for its version.
async fn ask(words: &[String], environment: &[Given]) -> Result<Found, Unfound> {
    let shown = words.join(" ");
    let no = |why: &str| Unfound::NoLocust(Clean::line(&shown), Clean::line(why));
    let command = located(words, environment)?;
    let mut asked = command.clone();
    asked.push("-V".into());
    // One that has words of its own would begin a test else.
    let room = Room::new().map_err(|why| no(&why))?;
    let said = said(&asked, &room.asking(environment)).await.map_err(|why| no(&why))?;
    let told = said.iter().find_map(|line| Some((version(line)?, line)));
    let Some((version, line)) = told else {
        return Err(no(said.last().map_or("it says nothing", String::as_str)));
    };
    if is_too_old(&version) {
        return Err(Unfound::TooOld(Clean::line(&version)));
    }
    let wraps = line.ends_with(" told its own words");
    Ok(Found { command, version, shown, wraps })
}

/// The words of a command, the first one as the path of its program.
fn located(words: &[String], environment: &[Given]) -> Result<Vec<OsString>, Unfound> {
    let no = |why: &str| Unfound::NoLocust(Clean::line(&words.join(" ")), Clean::line(why));
    let (first, rest) = words.split_first().ok_or_else(|| no("it is empty"))?;
    let path = on_path(first, environment).ok_or_else(|| no("it is not on the PATH"))?;
    Ok([path.into_os_string()].into_iter().chain(rest.iter().map(OsString::from)).collect())
}

/// What a command says until it ends.
async fn said(command: &[OsString], environment: &[Given]) -> Result<Vec<String>, String> {
    let mut group = Group::start(command, environment).map_err(|why| why.to_string())?;
    let end = Instant::now() + PATIENCE;
    let mut lines = Vec::new();
    loop {
        let over = group.status().is_some();
        lines.extend(group.heard().take(100));
        if lines.iter().any(|line| version(line).is_some()) || (over && !group.is_alive()) {
            // Its last words may still be on their way.
            tokio::time::sleep(PAUSE).await;
            lines.extend(group.heard().take(100));
            return Ok(lines);
        }
        if Instant::now() >= end {
            group.tell(Word::Kill);
            return Err("it does not tell its version".to_owned());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The version in a line such as `locust 2.44.3 from /usr/lib (Python 3.11.7)`.
fn version(line: &str) -> Option<String> {
    let rest = line.strip_prefix("locust ")?;
    let word = rest.split_whitespace().next()?;
    word.starts_with(|sign: char| sign.is_ascii_digit()).then(|| word.to_owned())
}

/// Whether a version cannot take the plugin; one that nobody told can, as far as is known.
pub(super) fn is_too_old(version: &str) -> bool {
    version.starts_with(|sign: char| sign.is_ascii_digit()) && numbers(version) < OLDEST
}

/// The three numbers of a version; what is no number is 0.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    });
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

/// Where a program lies: a path as it is, a name by the PATH.
fn on_path(name: &str, environment: &[Given]) -> Option<PathBuf> {
    if name.contains(['/', '\\']) {
        return Some(PathBuf::from(name)).filter(|path| path.is_file());
    }
    let (_, all) = environment.iter().find(|(key, _)| key == "PATH")?;
    let names = if cfg!(windows) { vec![format!("{name}.exe")] } else { vec![name.to_owned()] };
    let places = std::env::split_paths(all);
    let mut places = places.flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    // Relative places of the PATH would lead elsewhere for a process that starts elsewhere.
    places.find(|path| path.is_absolute() && path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        let line = "locust 2.44.3 from /usr/lib/python3 (Python 3.11.7, OpenSSL 3.0)";
        assert_eq!(version(line).as_deref(), Some("2.44.3"));
        assert_eq!(version("locust: not found"), None);
        assert!(numbers("2.8.6") < OLDEST && numbers("2.11") >= OLDEST);
        assert!(numbers("2.44.4.dev12") > numbers("2.44.3") && numbers("3.0rc1") > OLDEST);
    }

    #[test]
    fn a_call_is_what_ends_with_locust() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let check = |text: &str, called: &str, told: &str| {
            let line = words(text);
            let (called, told) = (words(called), words(told));
            let told: Vec<String> = told.into_iter().filter(|word| !word.is_empty()).collect();
            assert_eq!(split(&line), Ok(Line::Locust(&called, &told)));
        };
        check("locust -f a.py", "locust", "-f a.py");
        check("uv run locust", "uv run locust", "");
        check("/v/bin/python -m locust -u 1", "/v/bin/python -m locust", "-u 1");
        check("/v/bin/locust --tags locust", "/v/bin/locust", "--tags locust");
        check(
            "docker run locustio/locust:2.44.3 -u 1",
            "docker run locustio/locust:2.44.3",
            "-u 1",
        );
        assert!(split(&words("k6 run script.js")).is_err());
        for own in ["./run-load.sh 5", "sh locust.sh", "make load"].map(words) {
            assert_eq!(split(&own), Ok(Line::Own(&own)));
        }
    }
}
