//! The gate file of the base commit, from the forge where the clone is shallow: what is shown to be
//! there is compared, what is shown to be absent is new, and anything else is never a pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loadgate::archive;
use loadgate::policy::{Named, at_forge};
use serde_json::{Value, json};

use super::desk::{CANARY, GATE, HEAD, bare, bare_with_token, cloned, judge};
use super::outsiders::Program;
use crate::support::cases::passing;
use crate::support::gate::{Done, Gate};
use crate::support::server::{Act, Script, Server, answer, ok, status};

/// The base commit, its top folder, and the blob of its gate file.
pub(super) const BASE: &str = "1111111111111111111111111111111111111111";
const TREE: &str = "2222222222222222222222222222222222222222";
const INNER: &str = "3333333333333333333333333333333333333333";
const BLOB: &str = "4444444444444444444444444444444444444444";
const ROOT: &str = "/repos/octocat/shop/git";

/// A gate file that asks for more than the one that is judged.
pub(super) fn stricter() -> String {
    GATE.replace("< 300ms", "< 200ms")
}

/// The gate in a clone that has one commit of its own, and no base.
pub(super) fn shallow(gate: Gate) -> Gate {
    cloned(gate, "change")
}

/// The event of a pull request against a base.
pub(super) fn event(base: &str) -> String {
    let pull = json!({ "number": 7, "head": { "sha": HEAD }, "base": { "sha": base } });
    json!({ "number": 7, "pull_request": pull }).to_string()
}

fn change(server: &Server) -> Gate {
    shallow(bare_with_token(true, server).file("event.json", event(BASE)))
}

fn tree(entries: &[(&str, &str, &str)]) -> Act {
    let entry = |(path, mode, sha): &(&str, &str, &str)| {
        let kind = if *mode == "040000" { "tree" } else { "blob" };
        json!({ "path": path, "mode": mode, "sha": sha, "type": kind })
    };
    let entries: Vec<Value> = entries.iter().map(entry).collect();
    ok(&json!({ "sha": TREE, "tree": entries, "truncated": false }).to_string())
}

fn commit(hash: &str) -> Act {
    ok(&json!({ "sha": hash, "tree": { "sha": TREE } }).to_string())
}

fn blob(text: &str) -> Act {
    let text = STANDARD.encode(text);
    let (one, two) = text.split_at(text.len() / 2);
    ok(&json!({ "encoding": "base64", "content": format!("{one}\n{two}\n") }).to_string())
}

/// A forge whose base commit has this top folder.
fn forge(folder: Act) -> Script {
    Script::new()
        .on(&format!("{ROOT}/commits/{BASE}"), [commit(BASE)])
        .on(&format!("{ROOT}/trees/{TREE}"), [folder])
        .on(&format!("{ROOT}/blobs/{BLOB}"), [blob(&stricter())])
}

fn quiet(gate: &Gate) -> Done {
    judge(gate, &["--comment", "never"])
}

/// Insists on an exit code, and on what the log says of the bar.
#[track_caller]
fn says(done: &Done, code: i32, words: &str) {
    done.code(code);
    let told = format!("{}\n{}", done.stderr, done.verdict()["why"].as_str().unwrap_or_default());
    assert!(told.contains(words), "{words:?} is not in:\n{told}");
}

fn state(done: &Done) -> String {
    done.verdict()["facts"]["policy"]["state"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn the_bar_of_a_base_that_the_clone_lacks_is_read_from_the_forge() {
    let server = Server::start(forge(tree(&[("gate.toml", "100644", BLOB)])));
    let done = quiet(&change(&server));
    says(&done, 1, "asks for less than at 111111111111: whole run p95: < 200ms → < 300ms");
    // Nothing but hashes is asked for: a branch or HEAD may be another commit by now.
    for asked in server.heard().into_iter().filter(|ask| ask.contains("/git/")) {
        let line = asked.lines().next().unwrap_or_default().to_owned();
        assert!(line.contains(BASE) || line.contains(TREE) || line.contains(BLOB), "{line}");
    }
    let same = forge(tree(&[("gate.toml", "100644", BLOB)]));
    let same = Server::start(same.on(&format!("{ROOT}/blobs/{BLOB}"), [blob(GATE)]));
    assert_eq!(state(quiet(&change(&same)).code(0)), "same");
}

#[test]
fn a_gate_file_in_a_folder_is_found_by_walking() {
    let folder = tree(&[("ci", "040000", INNER), ("gate.toml", "100644", BLOB)]);
    let inner = tree(&[("gate.toml", "100755", BLOB)]);
    let script = forge(folder).on(&format!("{ROOT}/trees/{INNER}"), [inner]);
    let server = Server::start(script);
    let gate = change(&server);
    std::fs::create_dir(gate.path("ci")).expect("a folder in a temporary directory");
    std::fs::write(gate.path("ci/gate.toml"), GATE).expect("a file in a temporary directory");
    let flags = ["check", "ci/gate.toml", "run.json", "--comment", "never"];
    gate.run(&flags).code(1).says("whole run p95: < 200ms → < 300ms");
    // A file stands where the path has a folder: the gate file is new, where the change has it.
    let script = forge(tree(&[("ci", "100644", BLOB)]));
    let gate = gate.set("GITHUB_API_URL", &Server::start(script).url(""));
    gate.run(&flags).code(3);
}

#[test]
fn a_branch_is_asked_for_once_and_hashes_from_then_on() {
    let branch = json!({ "name": "main", "commit": { "sha": BASE } }).to_string();
    let script = forge(tree(&[("gate.toml", "100644", BLOB)]));
    let server = Server::start(script.on("/repos/octocat/shop/branches/main", [ok(&branch)]));
    let gate = shallow(bare_with_token(true, &server)).set("GITHUB_BASE_REF", "main");
    says(&quiet(&gate), 1, "asks for less than at 111111111111");
    let asked = server.heard().into_iter().filter(|ask| !ask.contains("/pulls/"));
    let asked: Vec<_> = asked.collect();
    let named = asked.iter().filter(|ask| ask.contains("main")).count();
    assert_eq!((named, asked.len()), (1, 4), "{asked:?}");
    for (name, known) in [
        ("origin/main", Some(Named::Branch("main".to_owned()))),
        ("refs/remotes/origin/release/1.x", Some(Named::Branch("release/1.x".to_owned()))),
        (&BASE.replace('1', "A"), Some(Named::Hash(BASE.replace('1', "a")))),
        ("HEAD", None),
        ("HEAD^1", None),
        ("origin/HEAD", None),
        ("FETCH_HEAD", None),
        ("main~2", None),
        ("refs/pull/7/head", None),
        ("--upload-pack=x", None),
        ("a..b", None),
    ] {
        assert_eq!(at_forge(name), known, "{name}");
    }
}

#[test]
fn what_the_base_lacks_is_new_only_where_the_change_is_shown_to_have_it() {
    let other = "5555555555555555555555555555555555555555";
    let of_head = |folder: Act| {
        let head = json!({ "sha": HEAD, "tree": { "sha": other } }).to_string();
        forge(tree(&[("README.md", "100644", BLOB)]))
            .on(&format!("{ROOT}/commits/{HEAD}"), [ok(&head)])
            .on(&format!("{ROOT}/trees/{other}"), [folder])
    };
    let server = Server::start(of_head(tree(&[("gate.toml", "100644", BLOB)])));
    let done = quiet(&change(&server));
    done.code(0).says("is new since 111111111111");
    assert_eq!(state(&done), "new");
    // Neither commit has it: it was made in the job, or this is another repository.
    let server = Server::start(of_head(tree(&[("README.md", "100644", BLOB)])));
    let done = quiet(&change(&server));
    done.code(3).says("neither the base nor the tested commit has `gate.toml`");
    // The head is hidden.
    let server = Server::start(forge(tree(&[])));
    says(&quiet(&change(&server)), 3, "does not have 89abcdef");
}

#[test]
fn what_a_forge_does_not_show_is_never_a_pass() {
    let commits = format!("{ROOT}/commits/{BASE}");
    let trees = format!("{ROOT}/trees/{TREE}");
    let blobs = format!("{ROOT}/blobs/{BLOB}");
    let known = || forge(tree(&[("gate.toml", "100644", BLOB)]));
    let cut = json!({ "sha": TREE, "tree": [], "truncated": true }).to_string();
    let forbidden = r#"{"message":"Resource not accessible by integration ::error::x"}"#;
    for (script, said) in [
        (known().on(&commits, [status(404)]), "or hides it from this token"),
        (known().on(&commits, [status(401)]), "rejects the token (401)"),
        (known().on(&commits, [answer(403, "", forbidden)]), "Grant `contents: read`"),
        (known().on(&commits, [commit(HEAD)]), "it is another commit, or none"),
        (known().on(&trees, [status(404)]), "(404), so the file was not read"),
        (known().on(&trees, [status(500)]), "GitHub fails (500)"),
        (known().on(&trees, [ok(&cut)]), "more files than it lists"),
        (known().on(&trees, [ok("<html>")]), "not what GitHub's description promises"),
        (known().on(&trees, [tree(&[("gate.toml", "120000", BLOB)])]), "a symbolic link there"),
        (known().on(&trees, [tree(&[("gate.toml", "160000", BLOB)])]), "another repository there"),
        (known().on(&trees, [tree(&[("gate.toml", "040000", BLOB)])]), "a folder there"),
        (known().on(&blobs, [status(404)]), "(404), so the file was not read"),
        (known().on(&blobs, [ok(r#"{"encoding":"none","content":""}"#)]), "not in base64"),
        (known().on(&blobs, [blob("[sla]\np50 = \"fast\"\n")]), "as this version reads it"),
    ] {
        let server = Server::start(script);
        let done = quiet(&change(&server));
        says(&done, 3, said);
        assert_eq!(state(&done), "unreadable", "{said}");
        assert!(!done.stderr.contains("::error::x"), "{}", done.stderr);
    }
    // Without a token, and where nothing may be known of the host.
    let server = Server::start(known());
    let silent = shallow(bare(true, &server.url("")).file("event.json", event(BASE)));
    quiet(&silent).code(3).says("fetch-depth: 0").says("GH_TOKEN is not set");
    judge(&change(&server), &["--ci", "none"]).code(3).says("fetch-depth: 0");
    assert_eq!(server.requests(), 0);
}

#[test]
fn without_git_the_host_says_where_the_repository_begins() {
    let server = Server::start(forge(tree(&[("gate.toml", "100644", BLOB)])));
    let gate =
        bare_with_token(true, &server).file("event.json", event(BASE)).set("PATH", "/nowhere");
    let here = gate.path("").to_string_lossy().into_owned();
    says(&quiet(&gate.set("GITHUB_WORKSPACE", &here)), 1, "asks for less than at 11111111");
    let gate =
        bare_with_token(true, &server).file("event.json", event(BASE)).set("PATH", "/nowhere");
    says(&quiet(&gate), 3, "install it where the gate runs");
    let gate = gate.set("GITHUB_WORKSPACE", "/elsewhere");
    says(&quiet(&gate), 3, "does not lie below /elsewhere");
}

#[test]
fn a_forge_that_remembers_hands_out_the_base_as_github_describes_it() {
    let emulator = Program::emulator();
    let made = |what: &str, body: &Value| {
        let made = emulator.ask("POST", &format!("{ROOT}/{what}"), "tok_write", body);
        made["sha"].as_str().expect("git has a hash for everything").to_owned()
    };
    let blob = made("blobs", &json!({ "content": stricter(), "encoding": "utf-8" }));
    let entry = json!({ "path": "gate.toml", "mode": "100644", "type": "blob", "sha": blob });
    let tree = made("trees", &json!({ "tree": [entry] }));
    let base = made("commits", &json!({ "message": "base", "tree": tree, "parents": [] }));
    let contract = Program::prism(super::outsiders::READING, Some(&emulator.url()));
    let gate = |base: &str| {
        let gate = bare(true, &contract.url()).set("GITHUB_TOKEN", "tok_write");
        shallow(gate.file("event.json", event(base)))
    };
    says(&quiet(&gate(&base)), 1, "whole run p95: < 200ms → < 300ms");
    says(&quiet(&gate(BASE)), 3, "or hides it from this token");
}

/// A merge request of GitLab's, in a clone without its base.
fn merge_request(server: &Server) -> Gate {
    let (_, run) = passing();
    shallow(Gate::new(GATE))
        .file("run.json", archive::write(&run))
        .set("GITLAB_CI", "true")
        .set("CI_API_V4_URL", &server.url("/api/v4"))
        .set("CI_COMMIT_SHA", HEAD)
        .set("CI_MERGE_REQUEST_DIFF_BASE_SHA", BASE)
        .set("CI_MERGE_REQUEST_IID", "7")
        .set("CI_MERGE_REQUEST_PROJECT_ID", "42")
        .set("LOADGATE_GITLAB_TOKEN", CANARY)
        .set("NO_PROXY", "127.0.0.1")
}

/// A GitLab whose base commit has this file in its top folder, on the second page of it.
fn gitlab(name: &str, mode: &str) -> Script {
    let entry = json!([{ "id": BLOB, "name": name, "type": "blob", "path": name, "mode": mode }]);
    let next = "link: <https://x.test/?page=2>; rel=\"next\"\r\n";
    let root = "/api/v4/projects/42/repository";
    let commit = |hash: &str| ok(&json!({ "id": hash }).to_string());
    let blob = json!({ "encoding": "base64", "content": STANDARD.encode(stricter()) });
    Script::new()
        .on(&format!("{root}/commits/{BASE}"), [commit(BASE)])
        .on(&format!("{root}/commits/{HEAD}"), [commit(HEAD)])
        .turns(
            &format!("{root}/tree"),
            [vec![answer(200, next, "[]")], vec![ok(&entry.to_string())]],
        )
        .on(&format!("{root}/blobs/{BLOB}"), [ok(&blob.to_string())])
}

#[test]
fn gitlab_hands_out_the_base_too() {
    let server = Server::start(gitlab("gate.toml", "100644"));
    says(&quiet(&merge_request(&server)), 1, "whole run p95: < 200ms → < 300ms");
    let lists: Vec<_> = server.heard().into_iter().filter(|ask| ask.contains("/tree?")).collect();
    assert!(lists.iter().all(|ask| ask.contains(&format!("&ref={BASE}&"))), "{lists:?}");
    assert_eq!(lists.len(), 2);
    // The last turn repeats: neither commit lists it.
    let server = Server::start(gitlab("other.toml", "100644"));
    says(&quiet(&merge_request(&server)), 3, "neither the base nor the tested commit has");
    let server = Server::start(gitlab("gate.toml", "120000"));
    says(&quiet(&merge_request(&server)), 3, "a symbolic link there");
    let script = gitlab("gate.toml", "100644");
    let commits = format!("/api/v4/projects/42/repository/commits/{BASE}");
    let server = Server::start(script.on(&commits, [status(404)]));
    says(&quiet(&merge_request(&server)), 3, "GitLab does not have 1111");
}

#[test]
fn azure_hands_out_the_base_too() {
    let root = "/org/my%20shop/_apis/git/repositories/5feb-4a1";
    let refs = json!({ "count": 2, "value": [
        { "name": "refs/heads/main2", "objectId": HEAD },
        { "name": "refs/heads/main", "objectId": BASE },
    ] });
    let script = |mode: &str| {
        let entry = json!({ "relativePath": "gate.toml", "mode": mode, "objectId": BLOB });
        Script::new()
            .on(&format!("{root}/refs"), [ok(&refs.to_string())])
            .on(
                &format!("{root}/commits/{BASE}"),
                [ok(&json!({ "commitId": BASE, "treeId": TREE }).to_string())],
            )
            .on(
                &format!("{root}/trees/{TREE}"),
                [ok(&json!({ "objectId": TREE, "treeEntries": [entry] }).to_string())],
            )
            .on(&format!("{root}/blobs/{BLOB}"), [ok(&stricter())])
    };
    let change = |server: &Server| {
        let (_, run) = passing();
        shallow(Gate::new(GATE))
            .file("run.json", archive::write(&run))
            .set("TF_BUILD", "True")
            .set("BUILD_REPOSITORY_ID", "5feb-4a1")
            .set("BUILD_REPOSITORY_PROVIDER", "TfsGit")
            .set("SYSTEM_ACCESSTOKEN", CANARY)
            .set("SYSTEM_COLLECTIONURI", &server.url("/org/"))
            .set("SYSTEM_PULLREQUEST_PULLREQUESTID", "7")
            .set("SYSTEM_PULLREQUEST_SOURCECOMMITID", HEAD)
            .set("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")
            .set("SYSTEM_TEAMPROJECT", "my shop")
            .set("NO_PROXY", "127.0.0.1")
    };
    let server = Server::start(script("100644"));
    says(&quiet(&change(&server)), 1, "asks for less than at 111111111111");
    let blob = server.heard().into_iter().find(|ask| ask.contains("/blobs/")).expect("asked");
    assert!(blob.contains("?%24format=octetstream&api-version=7.1 "), "{blob}");
    says(&quiet(&change(&Server::start(script("120000")))), 3, "a symbolic link there");
    let gone = Server::start(script("100644").on(&format!("{root}/refs"), [ok("{}")]));
    says(&quiet(&change(&gone)), 3, "Azure DevOps does not have branch main");
}

#[test]
fn bitbucket_hands_out_the_base_too() {
    let root = "http://api.bitbucket.org/2.0/repositories/octo/shop";
    let folder = format!("{root}/src/{BASE}/");
    let item = |path: &str, kind: &str, attributes: &[&str]| {
        let mut item = json!({ "path": path, "type": kind });
        item["attributes"] = json!(attributes);
        item
    };
    let script = |gate: Value| {
        let next = "https://api.bitbucket.org/2.0/x/?pagelen=100&page=abc";
        let first = json!({ "values": [item("ci", "commit_directory", &[])], "next": next });
        let last = json!({ "values": [gate] });
        Script::new()
            .on(
                &format!("{root}/refs/branches/main"),
                [ok(&json!({ "target": { "hash": BASE } }).to_string())],
            )
            .turns(&folder, [vec![ok(&first.to_string())], vec![ok(&last.to_string())]])
            .on(&format!("{root}/src/{BASE}/gate.toml"), [ok(&stricter())])
    };
    let change = |server: &Server| {
        let (_, run) = passing();
        shallow(Gate::new(GATE))
            .file("run.json", archive::write(&run))
            .set("BITBUCKET_BUILD_NUMBER", "17")
            .set("BITBUCKET_COMMIT", HEAD)
            .set("BITBUCKET_PR_DESTINATION_BRANCH", "main")
            .set("BITBUCKET_PR_ID", "7")
            .set("BITBUCKET_REPO_SLUG", "shop")
            .set("BITBUCKET_WORKSPACE", "octo")
            .set("LOADGATE_BITBUCKET_PROXY", &server.url(""))
            .set("NO_PROXY", "*")
    };
    let file = |attributes: &[&str]| item("gate.toml", "commit_file", attributes);
    let server = Server::start(script(file(&["executable"])));
    says(&quiet(&change(&server)), 1, "asks for less than at 111111111111");
    let pages: Vec<_> = server.heard().into_iter().filter(|ask| ask.contains("pagelen")).collect();
    assert!(pages.len() == 2 && pages[1].contains("/?pagelen=100&page=abc "), "{pages:?}");
    says(&quiet(&change(&Server::start(script(file(&["link"]))))), 3, "a symbolic link there");
    let inner = script(file(&["subrepository"]));
    says(&quiet(&change(&Server::start(inner))), 3, "another repository there");
    let folder = script(item("gate.toml", "commit_directory", &[]));
    says(&quiet(&change(&Server::start(folder))), 3, "a folder there");
    let gone = Server::start(Script::new());
    says(&quiet(&change(&gone)), 3, "Bitbucket does not have branch main");
}
