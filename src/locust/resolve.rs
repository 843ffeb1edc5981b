//! Which locustfile Locust would take: what the command line says, then `LOCUST_LOCUSTFILE`, then
//! `--config`, `pyproject.toml`, `locust.conf` and `~/.locust.conf`, then `locustfile.py`.

use std::path::Path;

/// What there is where nothing is said.
const USUAL: &str = "locustfile.py";
const KEY: &str = "locustfile";

/// What Locust reads, where it reads it.
pub(super) struct Sight<'a> {
    /// A variable of the environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub(super) file: &'a dyn Fn(&Path) -> Option<String>,
}

/// Takes the locustfiles out of what Locust is told: the files, and what else it is told.
pub(super) fn take(told: &[String], sight: &Sight<'_>) -> (String, Vec<String>) {
    let (mut files, mut config, mut rest) = (None, None, Vec::new());
    let mut words = told.iter();
    while let Some(word) = words.next() {
        match option(word) {
            Some((Known::Locustfile, Some(value))) => files = Some(value),
            Some((Known::Locustfile, None)) => files = words.next().cloned(),
            Some((Known::Config, value)) => {
                rest.push(word.clone());
                let next = if value.is_none() { words.next() } else { None };
                rest.extend(next.cloned());
                config = value.or(next.cloned());
            }
            None => rest.push(word.clone()),
        }
    }
    let variable = || (sight.variable)("LOCUST_LOCUSTFILE").filter(|value| !value.is_empty());
    let files = files.or_else(variable).or_else(|| configured(config.as_deref(), sight));
    (files.unwrap_or_else(|| USUAL.to_owned()), rest)
}

/// Options that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Locustfile,
    Config,
}

/// The option that a word is, with the value in it; long ones may be shortened as argparse allows.
fn option(word: &str) -> Option<(Known, Option<String>)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let known = match name {
            "config" => Known::Config,
            // `--lo` may be `--loglevel`, too.
            name if name.len() >= 3 && KEY.starts_with(name) => Known::Locustfile,
            _ => return None,
        };
        return Some((known, value));
    }
    let value = word.strip_prefix("-f")?;
    let value = value.strip_prefix('=').unwrap_or(value);
    Some((Known::Locustfile, Some(value.to_owned()).filter(|value| !value.is_empty())))
}

/// What the configuration files say, the one with the last word first.
fn configured(config: Option<&str>, sight: &Sight<'_>) -> Option<String> {
    let home = (sight.variable)("HOME").map(|home| Path::new(&home).join(".locust.conf"));
    let named = config.map(|path| Path::new(path).to_owned());
    let usual = ["pyproject.toml", "locust.conf"].map(|name| Some(Path::new(name).to_owned()));
    let mut all = [named].into_iter().chain(usual).chain([home]).flatten();
    all.find_map(|path| {
        let text = (sight.file)(&path)?;
        if path.extension().is_some_and(|end| end == "toml") { toml(&text) } else { plain(&text) }
    })
}

/// `[tool.locust]` of a TOML file.
fn toml(text: &str) -> Option<String> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let tool = table.get_ref().get("tool")?.get_ref().as_table()?;
    let section = tool.get("locust")?.get_ref().as_table()?;
    section.get(KEY)?.get_ref().as_str().map(str::to_owned)
}

/// Lines such as `locustfile = a.py`, `locustfile: a.py` or `--locustfile a.py`.
fn plain(text: &str) -> Option<String> {
    let said = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix("--").unwrap_or(line);
        let rest = line.strip_prefix(KEY)?;
        let value = rest.trim_start();
        let apart = value.len() < rest.len() || value.starts_with(['=', ':']);
        let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim();
        let value = value.trim_matches(['"', '\'']);
        (apart && !value.is_empty()).then(|| value.to_owned())
    };
    text.lines().filter_map(said).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(told: &str, variable: Option<&str>, files: &[(&str, &str)]) -> String {
        let told: Vec<String> = told.split_whitespace().map(str::to_owned).collect();
        let look = |name: &str| match name {
            "LOCUST_LOCUSTFILE" => variable.map(str::to_owned),
            "HOME" => Some("/home/me".to_owned()),
            _ => None,
        };
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        let (files, rest) = take(&told, &Sight { variable: &look, file: &read });
        format!("{files} | {}", rest.join(" "))
    }

    #[test]
    fn the_locustfile_is_the_one_that_locust_takes() {
        let conf = [("locust.conf", "# all\nusers = 5\nlocustfile = c.py\n")];
        let both = [conf[0], ("pyproject.toml", "[tool.locust]\nlocustfile = \"p.py\"")];
        let more = [both[0], both[1], ("own.conf", "locustfile: o.py")];
        assert_eq!(taken("", None, &[]), "locustfile.py | ");
        assert_eq!(taken("-u 5 -f a.py,b.py -t 3", None, &conf), "a.py,b.py | -u 5 -t 3");
        assert_eq!(taken("-fa.py --host=x", None, &conf), "a.py | --host=x");
        assert_eq!(taken("--locustfile=a.py", Some("v.py"), &conf), "a.py | ");
        assert_eq!(taken("--locustf a.py", Some("v.py"), &conf), "a.py | ");
        assert_eq!(taken("--loglevel INFO", Some("v.py"), &conf), "v.py | --loglevel INFO");
        assert_eq!(taken("", None, &conf), "c.py | ");
        assert_eq!(taken("", None, &both), "p.py | ");
        assert_eq!(taken("--config own.conf", None, &more), "o.py | --config own.conf");
        assert_eq!(taken("", None, &[("/home/me/.locust.conf", "locustfile h.py")]), "h.py | ");
        assert_eq!(taken("", None, &[("locust.conf", "locustfiles = x")]), "locustfile.py | ");
    }
}
