//! The house rules as tests: what the compiler does not hold.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file: its path below the repository, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Where it stands: `src/load/wire/one.rs` is `load`, `wire`, `one`; a `mod.rs` is its folder.
    fn address(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs"));
        let mut parts: Vec<&str> = inside.into_iter().flat_map(|path| path.split('/')).collect();
        parts.retain(|part| !matches!(*part, "mod" | "main" | "lib"));
        parts
    }

    /// The lines with their numbers, without comments and without the tests at the end.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests").unwrap_or(self.text.len());
        let last = self.text[..end].lines().count();
        self.code().filter(move |(number, _)| *number <= last)
    }

    /// The lines with their numbers, without those that are comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources(below: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("source is UTF-8");
                let path = path.strip_prefix(root).expect("below the root");
                found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "nothing below {below}");
    found
}

/// The modules a file declares, in its order: the floor plan.
fn floors(source: &Source) -> Vec<String> {
    let name = |line: &str| {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let line = line.trim_start_matches("pub ").strip_prefix("mod ")?;
        line.strip_suffix(';').map(str::to_owned)
    };
    source.text.lines().filter_map(name).collect()
}

/// Every path behind a prefix such as `crate::`, braces opened: `crate::{a, b::c}` gives `a` and
/// `b::c`.
fn paths(line: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_' || sign == ':') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        let word = |sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':');
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            found.extend(list.split(',').map(|path| path.trim().to_owned()));
        } else {
            found.push(rest[..rest.find(word).unwrap_or(rest.len())].to_owned());
        }
    }
    found
}

fn expect_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_module_imports_only_from_modules_listed_above_it() {
    let all = sources("src");
    let lib = all.iter().find(|source| source.path == "src/lib.rs").expect("there is a lib.rs");
    let floors = floors(lib);
    let floor = |name: &str| floors.iter().position(|module| module == name);
    let mut faults = Vec::new();
    for source in &all {
        let Some(house) = source.address().first().copied() else { continue };
        let own = floor(house).expect("a module that compiles is in lib.rs");
        for (number, line) in source.code() {
            for path in paths(line, "crate::") {
                let asked = path.split("::").next().unwrap_or_default();
                if floor(asked).is_none_or(|asked| asked > own) {
                    let place = format!("{}:{number}", source.path);
                    faults.push(format!("{place} (floor {own}) may not look up to `{asked}`"));
                }
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn a_room_imports_only_from_rooms_listed_above_it() {
    let all = sources("src");
    let mut faults = Vec::new();
    for source in &all {
        let address = source.address();
        for level in 1..address.len() {
            let doors = ["/mod.rs", ".rs"].map(|end| {
                let folder = address[..level].join("/");
                format!("src/{folder}{end}")
            });
            let door = all.iter().find(|source| doors.contains(&source.path));
            let door = door.expect("a folder has a file that lists what is in it");
            let rooms = floors(door);
            let floor = |name: &str| rooms.iter().position(|module| module == name);
            let own = floor(address[level]).expect("a module that compiles is in its mod.rs");
            let above = "super::".repeat(address.len() - level);
            let named = format!("crate::{}::", address[..level].join("::"));
            for (number, line) in source.lines() {
                for path in [paths(line, &above), paths(line, &named)].concat() {
                    let asked = path.split("::").next().unwrap_or_default();
                    if floor(asked).is_some_and(|asked| asked > own) {
                        let place = format!("{}:{number}", source.path);
                        faults.push(format!("{place} may not look up to `{asked}`"));
                    }
                }
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn side_effects_live_in_the_files_named_here() {
    let rules: [(&[&str], &[&str]); 5] = [
        (
            &["std::fs", "File::open", "File::create"],
            &[
                "src/store.rs",
                "src/store/",
                "src/outlets/lines.rs",
                "src/machine.rs",
                "src/load/health.rs",
                "src/shelf/folder.rs",
                "src/locust/records.rs",
                "src/locust/room.rs",
            ],
        ),
        (&["std::env::var", "env::args", "env::vars"], &["src/main.rs"]),
        (
            &["Instant::now", "SystemTime"],
            &[
                "src/load/",
                "src/app/",
                "src/demo/",
                "src/publish/",
                "src/machine.rs",
                "src/locust/",
                "src/probing/",
            ],
        ),
        (&["println!", "eprintln!", "print!(", "dbg!", "process::exit"], &[]),
        (&["io::stdout", "io::stderr"], &["src/app/"]),
    ];
    let mut faults = Vec::new();
    for source in sources("src") {
        for (words, homes) in rules {
            if homes.iter().any(|home| source.path.starts_with(home)) {
                continue;
            }
            for (number, line) in source.lines() {
                for word in words.iter().filter(|word| line.contains(**word)) {
                    faults.push(format!("{}:{number} may not use `{word}`", source.path));
                }
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn files_functions_and_lines_are_short() {
    const FILE: usize = 400;
    const FUNCTION: usize = 50;
    const LINE: usize = 100;
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines: Vec<&str> = source.text.lines().collect();
        if source.path.starts_with("src/") && lines.len() >= FILE {
            faults.push(format!("{} has {} lines", source.path, lines.len()));
        }
        for (index, line) in lines.iter().enumerate() {
            if line.chars().count() > LINE {
                faults.push(format!("{}:{} is wider than {LINE}", source.path, index + 1));
            }
            if source.path.starts_with("src/") && is_function(line) {
                let indent = line.len() - line.trim_start().len();
                let end = format!("{}}}", " ".repeat(indent));
                let long = lines[index..].iter().take_while(|line| **line != end).count();
                if long >= FUNCTION && !is_declared(&lines[index..]) {
                    let place = format!("{}:{}", source.path, index + 1);
                    faults.push(format!("{place} is a function of {long} lines"));
                }
            }
        }
    }
    expect_none(&faults);
}

/// Whether a function has no body of its own: its head ends with a semicolon.
fn is_declared(lines: &[&str]) -> bool {
    let mut ends =
        lines.iter().map(|line| line.trim_end()).filter(|line| line.ends_with([';', '{']));
    ends.next().is_some_and(|line| line.ends_with(';'))
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace().take_while(|word| !word.contains('('));
    let mut words = words.chain(line.trim_start().starts_with("fn ").then_some("fn"));
    line.contains('(')
        && !line.ends_with(';')
        && !line.ends_with('}')
        && words.any(|word| word == "fn")
}

#[test]
fn nothing_is_silenced_put_off_or_named_after_nothing() {
    let words = ["TODO", "FIXME", "XXX", "#[allow(", "#![allow(", "todo!(", "unimplemented!("];
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        if ["util", "helper", "common", "core", "types", "manager"]
            .iter()
            .any(|bad| name.starts_with(bad))
        {
            faults.push(format!("{} is named after nothing", source.path));
        }
        if source.path == "tests/it/tidy.rs" {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{} has `{word}`", source.path, index + 1));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn no_test_is_ignored_or_expected_to_panic() {
    let mut faults = Vec::new();
    for source in sources("tests").iter().filter(|source| source.path != "tests/it/tidy.rs") {
        for (number, line) in source.code() {
            for word in ["#[ignore", "#[should_panic"].iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{number} has `{word}`", source.path));
            }
        }
    }
    expect_none(&faults);
}

#[test]
fn the_lock_of_the_fuzzers_knows_what_the_project_depends_on() {
    let read = |path: &str| {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(root.join(path)).expect("a file of the project")
    };
    let manifest = read("Cargo.toml");
    let mut section = "";
    let mut wanted = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if matches!(section, "[dependencies]" | "[target.'cfg(unix)'.dependencies]")
            && let Some((name, rest)) = line.split_once(" = ").filter(|_| !line.starts_with('#'))
        {
            let other = rest.split_once("package = \"").and_then(|(_, rest)| rest.split_once('"'));
            wanted.push(other.map_or(name, |(package, _)| package).to_owned());
        }
    }
    let lock = read("tests/fuzz/Cargo.lock");
    let own = lock.split("[[package]]").find(|one| one.contains("\nname = \"loadgate\"\n"));
    let own = own.expect("the fuzzers are of this project");
    let missing: Vec<String> = wanted
        .iter()
        .filter(|name| {
            !own.contains(&format!(" \"{name}\"")) && !own.contains(&format!(" \"{name} "))
        })
        .map(|name| format!("{name} is missing: cargo update --workspace in tests/fuzz"))
        .collect();
    assert!(wanted.len() > 30);
    expect_none(&missing);
}
