//! The files that put loadgate into pipelines: read by programs that nobody of us wrote, and run.

/// Programs from outside have nothing to say.
mod verified;
/// Rules of our own that no such program knows.
mod rules;
/// The action's step, run as GitHub runs it.
mod step;
/// What the action's step runs when no loadgate is installed.
mod fetched;
/// The outputs of the action.
mod outputs;
/// The GitLab files, really run.
mod gitlab;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub(crate) fn text(path: &str) -> String {
    let found = std::fs::read_to_string(root().join(path));
    assert!(found.is_ok(), "{path}: {found:?}");
    found.expect("checked just before")
}

/// The files below a folder whose names end so, as paths from the repository; never none.
fn files(below: &str, end: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let path = path.strip_prefix(root()).expect("below the repository");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing below {below} ends with {end}");
    found
}

/// A program that `ci/tools` installs: one from `PyPI`, or one from npm.
pub(crate) fn tool(name: &str) -> PathBuf {
    let tools = root().join("target/tools");
    let homes = [tools.join("python/bin"), tools.join("node/node_modules/.bin")];
    let found = homes.iter().map(|home| home.join(name)).find(|path| path.exists());
    assert!(found.is_some(), "{name} is not installed; `bash ci/tools` does it");
    found.expect("checked just before")
}

/// A command in the repository that finds the Node of `ci/tools` first, and that speaks without
/// colours wherever it runs: some programs take `CI` for a reason to use them.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut homes = vec![tool("node").with_file_name("")];
    homes.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new(program);
    let path = std::env::join_paths(homes).expect("no folder has a colon");
    command.current_dir(root()).env("PATH", path).stdin(std::process::Stdio::null());
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// All that a program said.
fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

/// Insists that a command ends well, and hands back what it said.
#[track_caller]
fn content(command: &mut Command) -> String {
    let output = command.output();
    assert!(output.is_ok(), "{command:?} must be installed: {output:?}");
    let output = output.expect("checked just before");
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, said(&output));
    said(&output)
}

/// The documents of a YAML file.
fn documents(path: &str) -> Vec<Value> {
    let read = serde_saphyr::from_multiple(&text(path));
    assert!(read.is_ok(), "{path}: {read:?}");
    read.expect("checked just before")
}

/// The one document of a YAML file.
fn document(path: &str) -> Value {
    documents(path).into_iter().next().expect("a file has a document")
}

/// Every text below a key of this name, wherever it stands.
fn under<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (name, inner) in value.as_object().into_iter().flatten() {
        if name == key {
            found.extend(inner.as_str());
            found.extend(inner.as_array().into_iter().flatten().filter_map(Value::as_str));
        }
        found.extend(under(inner, key));
    }
    found.extend(value.as_array().into_iter().flatten().flat_map(|item| under(item, key)));
    found
}

/// The script of a step of action.yml, by the step's id.
fn script(id: &str) -> String {
    let action = document("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("a composite action has steps");
    let step = steps.iter().find(|step| step["id"] == id).expect("the step is there");
    step["run"].as_str().expect("the step is a script").to_owned()
}

/// A script of a pipeline, as its host calls it: `bash --noprofile --norc -e -o pipefail FILE`.
fn as_github_runs(script: &Path) -> Command {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(script);
    command.stdin(std::process::Stdio::null());
    command
}
