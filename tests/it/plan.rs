//! Good gate files, bad gate files: faults as the user sees them.

use std::path::{Path, PathBuf};

use loadgate::plan::{Plan, Source};

/// The environment of every gate file in these tests.
fn env(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("shop.test:8443".to_owned()),
        "SECRET" => Some("correct-horse-battery".to_owned()),
        "EMPTY" => Some(String::new()),
        "LIMIT" => Some("< 250".to_owned()),
        "USERS" => Some("7".to_owned()),
        _ => None,
    }
}

fn files(path: &str) -> Result<Vec<u8>, String> {
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
    match path {
        "certs/ca.pem" | "certs/client.pem" => Ok(pem("CERTIFICATE").into_bytes()),
        "certs/client-key.pem" => Ok(pem("PRIVATE KEY").into_bytes()),
        "bodies/document.json" => Ok(b"{}".to_vec()),
        _ => Err("no such file".to_owned()),
    }
}

fn source<'a>(name: &'a str, bytes: &'a [u8]) -> Source<'a> {
    Source {
        name,
        bytes,
        thresholds: None,
        env: &env,
        files: &files,
        target: None,
        duration: None,
        seed: None,
    }
}

fn gates(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    paths
}

#[test]
fn every_example_is_read_without_a_warning() {
    let paths = gates("thresholds");
    assert!(paths.len() >= 6);
    for path in paths {
        let bytes = std::fs::read(&path).expect("an example");
        let plan = Plan::read(&source(&path.display().to_string(), &bytes));
        let told = plan.map(|plan| plan.warnings).map_err(|faults| faults.to_string());
        assert_eq!(told, Ok(Vec::new()));
    }
}

#[test]
fn every_bad_file_is_told_in_full() {
    for path in gates("tests/data/plans/bad") {
        let bytes = std::fs::read(&path).expect("a bad file");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let told = Plan::read(&source(&name, &bytes)).expect_err(&name).to_string();
        insta::with_settings!({
            snapshot_path => "../data/plans/bad",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!(name.trim_end_matches(".toml"), told) });
    }
}
