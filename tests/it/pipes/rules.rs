//! Rules of our own for the files of the pipelines.

use super::{content, document, documents, files, root, script, text, under};

/// Every file that speaks to a CI host.
fn pipelines() -> Vec<String> {
    let yaml = [files("ci", ".yml"), files(".github", ".yml"), files("ci", ".yaml")].concat();
    let jenkins = ["ci/jenkins/Jenkinsfile", "ci/jenkins/vars/loadgateGate.groovy"];
    let others = ["action.yml", "ci/docker/Dockerfile"];
    [yaml, jenkins.map(str::to_owned).to_vec(), others.map(str::to_owned).to_vec()].concat()
}

#[test]
fn no_script_of_a_step_holds_an_expression() {
    let workflows = [files(".github", ".yml"), files("ci/github", ".yml")].concat();
    let azure = files("ci/azure", ".yml");
    let gitlab = files("ci/gitlab", ".yml");
    let action = vec!["action.yml".to_owned()];
    for (key, mark, paths) in [
        ("run", "${{", [workflows, action].concat()),
        ("bash", "${{", azure.clone()),
        ("bash", "$(System", azure),
        ("script", "$[[", gitlab),
    ] {
        for path in paths {
            for document in documents(&path) {
                for script in under(&document, key) {
                    assert!(!script.contains(mark), "{path} has {mark} in a script:\n{script}");
                }
            }
        }
    }
}

#[test]
fn an_action_is_named_by_its_commit_and_nothing_reaches_later_steps_unseen() {
    for path in
        [files(".github", ".yml"), files("ci/github", ".yml"), vec!["action.yml".into()]].concat()
    {
        let text = text(&path);
        for word in ["pull_request_target", "GITHUB_ENV", "GITHUB_PATH", "set-output"] {
            assert!(!text.contains(word), "{path} has {word}");
        }
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let (_, named) = line.split_once("uses:").expect("the line has it");
            if named.trim().starts_with("./ ") {
                continue;
            }
            let (_, rest) = named.split_once('@').expect("an action has a commit");
            let (commit, version) = rest.split_once(" # v").expect("the version stands beside");
            let hex = commit.chars().all(|sign| sign.is_ascii_hexdigit());
            assert!(commit.len() == 40 && hex, "{path}: {line}");
            assert!(version.starts_with(|sign: char| sign.is_ascii_digit()), "{path}: {line}");
        }
    }
}

#[test]
fn a_workflow_grants_nothing_that_a_job_does_not_ask_for() {
    for path in [files(".github", ".yml"), files("ci/github", ".yml")].concat() {
        let workflow = document(&path);
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{path}");
        for (name, job) in workflow["jobs"].as_object().expect("a workflow has jobs") {
            assert!(job["permissions"].is_object(), "{path}: {name} has no permissions");
            assert!(job["timeout-minutes"].is_number(), "{path}: {name} has no time limit");
            for step in job["steps"].as_array().expect("a job has steps") {
                let checkout = step["uses"].as_str().is_some_and(|uses| uses.contains("checkout"));
                let kept = &step["with"]["persist-credentials"];
                assert!(!checkout || *kept == false, "{path}: {name} leaves its token behind");
            }
        }
    }
}

#[test]
fn the_workflow_that_may_write_executes_nothing_of_a_fork() {
    let publish = document("ci/github/fork-publish.yml");
    for step in publish["jobs"]["publish"]["steps"].as_array().expect("a job has steps") {
        let uses = step["uses"].as_str().expect("it has no script of its own");
        let with = &step["with"];
        assert!(!uses.contains("checkout") || with["ref"].is_null(), "{uses} takes another commit");
    }
    let load = document("ci/github/fork-load.yml");
    let wanted = serde_json::json!({ "contents": "read" });
    assert_eq!(load["jobs"]["loadgate"]["permissions"], wanted);
    assert!(!text("ci/github/fork-load.yml").contains("secrets."));
    assert_eq!(publish["on"]["workflow_run"]["workflows"][0], load["name"]);
}

#[test]
fn the_last_command_of_a_gate_takes_the_place_of_its_shell() {
    let last = |script: &str| {
        let mut lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.next_back().expect("a script has a line").to_owned()
    };
    assert_eq!(last(&script("gate")), "exec \"$binary\" \"${args[@]}\"");
    let azure = document("ci/azure/loadgate.yml");
    let steps = under(&azure, "bash");
    assert!(last(steps[0]).starts_with("exec loadgate run "), "{steps:?}");
}

#[test]
fn every_example_names_a_gate_file_that_is_there() {
    let mut seen = std::collections::BTreeSet::new();
    for path in pipelines() {
        let text = text(&path);
        for (at, _) in text.match_indices("thresholds/") {
            let name: String = text[at..]
                .chars()
                .take_while(|sign| sign.is_ascii_alphanumeric() || "/-.".contains(*sign))
                .collect();
            if name.contains(".toml") {
                assert!(root().join(&name).is_file(), "{path} names {name}, which is not there");
                seen.insert(path.clone());
            }
        }
    }
    for folder in ["github", "gitlab", "jenkins", "azure", "docker", "kubernetes"] {
        assert!(seen.iter().any(|path| path.contains(folder)), "no gate file in ci/{folder}");
    }
}

#[test]
fn the_config_map_is_the_gate_file() {
    let manifests = documents("ci/kubernetes/job.yaml");
    let gate = manifests[0]["data"]["gate.toml"].as_str().expect("the map has the gate file");
    assert_eq!(gate, text("thresholds/api.toml"));
}

#[test]
fn every_file_speaks_of_this_version() {
    let own = env!("CARGO_PKG_VERSION");
    let mut seen = 0;
    for (path, marks) in [
        ("action.yml", ["OWN_VERSION: ", "such as "].as_slice()),
        ("ci/gitlab/loadgate.gitlab-ci.yml", &["LOADGATE_VERSION: ", "linux-musl-v", "loadgate/v"]),
        ("ci/gitlab/templates/loadgate.yml", &["loadgate@", "default: 0", "default: 1"]),
        ("ci/azure/loadgate.yml", &["default: 0", "default: 1"]),
        ("ci/jenkins/Jenkinsfile", &["loadgate=="]),
        ("ci/kubernetes/job.yaml", &["ghcr.io/loadgate/loadgate:"]),
    ] {
        let text = text(path);
        for mark in marks {
            for (at, _) in text.match_indices(mark) {
                let start = at + mark.trim_end_matches(['0', '1']).len();
                let version: String = text[start..]
                    .chars()
                    .take_while(|sign| sign.is_ascii_digit() || *sign == '.')
                    .collect();
                let version = version.trim_end_matches('.');
                if version.matches('.').count() == 2 {
                    assert_eq!(version, own, "{path}, behind `{mark}`");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 8, "{seen} places");
}

#[test]
fn the_examples_name_one_commit_of_the_action() {
    let all: Vec<String> = files("ci/github", ".yml").iter().map(|path| text(path)).collect();
    let named = |text: &str| {
        let uses = text.lines().filter(|line| line.contains("uses: loadgate/loadgate@"));
        let uses = uses.map(|line| line.trim().trim_start_matches("- ").to_owned());
        uses.collect::<Vec<_>>()
    };
    let mut uses: Vec<String> = all.iter().flat_map(|text| named(text)).collect();
    // Workflows that do more than to run a gate install the same version.
    let wheel = concat!("pipx install loadgate==", env!("CARGO_PKG_VERSION"), "\n");
    let installed = all.iter().filter(|text| text.contains(wheel)).count();
    assert_eq!((uses.len() + installed, installed), (all.len(), 2));
    uses.dedup();
    assert_eq!(uses.len(), 1, "{uses:?}");
    assert!(uses[0].ends_with(concat!(" # v", env!("CARGO_PKG_VERSION"))), "{uses:?}");
}

#[test]
fn a_release_writes_its_checksums_where_they_are_asked_for() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| home.path().join(name);
    let copied = [root().join("ci"), root().join("Cargo.toml")];
    content(std::process::Command::new("cp").arg("-R").args(copied).arg(home.path()));
    std::fs::create_dir(at("dist")).expect("a folder in a temporary directory");
    let version = env!("CARGO_PKG_VERSION");
    for triple in ["x86_64-unknown-linux-musl", "aarch64-apple-darwin"] {
        let name = format!("dist/loadgate-{triple}-v{version}.tgz");
        std::fs::write(at(&name), triple).expect("a file in a temporary directory");
    }
    let seal = || {
        let mut seal = std::process::Command::new("bash");
        seal.arg(at("ci/seal")).arg(at("dist"));
        seal
    };
    content(&mut seal());
    let read = |name: &str| std::fs::read_to_string(at(name)).expect("the file was copied");
    let table = read("ci/checksums.txt");
    let linux = format!("  loadgate-x86_64-unknown-linux-musl-v{version}.tgz");
    let line = table.lines().find(|line| line.ends_with(&linux)).expect("the archive is listed");
    let sum = &line[..64];
    let asked = format!("\"{sum}\"");
    for name in
        ["gitlab/loadgate.gitlab-ci.yml", "gitlab/templates/loadgate.yml", "azure/loadgate.yml"]
    {
        assert_eq!(read(&format!("ci/{name}")).matches(&asked).count(), 1, "{name}");
    }
    // A version is sealed once.
    assert!(!seal().output().expect("bash is there").status.success());
    assert_eq!(read("ci/checksums.txt"), table);
}
