//! Every file that another tool wrote becomes a gate file that can be read.

use std::path::PathBuf;

use loadgate::init::{Ask, Blank, Shape, Source, blank};

use super::{ASK, SCENARIO, WRITES, read};

const FOLDERS: [(&str, Source); 3] =
    [("openapi", Source::OpenApi), ("har", Source::Har), ("postman", Source::Postman)];

fn files() -> Vec<(Source, PathBuf, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/init");
    let mut all = Vec::new();
    for (folder, source) in FOLDERS {
        for file in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
            let path = file.expect("the folder can be listed").path();
            let bytes = std::fs::read(&path).expect("the file can be read");
            all.push((source, path, bytes));
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    assert!(all.len() >= 11, "{}", all.len());
    all
}

#[test]
fn what_other_tools_wrote_becomes_a_gate_file() {
    let assets = Ask { include_assets: true, include_writes: true, shape: Shape::Requests };
    for (source, path, bytes) in files() {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let mut shown = String::new();
        for ask in [ASK, WRITES, assets] {
            match loadgate::init::draft(source, &bytes, ask) {
                Ok(draft) => {
                    let plan = read(&draft.toml);
                    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
                    let again = loadgate::init::draft(source, &bytes, ask).expect("as before");
                    assert_eq!(draft, again);
                    if ask == ASK {
                        shown = format!("{}\n--- notes\n{}\n", draft.toml, draft.notes.join("\n"));
                    }
                }
                Err(why) => shown = format!("{why}\n"),
            }
        }
        let folder = path.parent().and_then(|folder| folder.file_name()).expect("a folder");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../data/init/expected");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            insta::assert_snapshot!(format!("{}-{name}", folder.to_string_lossy()), shown);
        });
    }
}

#[test]
fn planted_secrets_do_not_come_out() {
    for (source, path, bytes) in files() {
        let text = String::from_utf8(bytes.clone()).expect("text");
        let planted = text.contains("canary");
        let recorded = source != Source::OpenApi && !path.ends_with("openapi-to-postman.json");
        assert_eq!(planted, recorded, "{}", path.display());
        for ask in [ASK, SCENARIO] {
            let Ok(draft) = loadgate::init::draft(source, &bytes, ask) else { continue };
            let all = format!("{}{}", draft.toml, draft.notes.join("\n"));
            assert!(!all.contains("canary"), "{}\n{all}", path.display());
        }
    }
}

#[test]
fn operations_that_are_comments_can_be_read_once_the_marks_are_gone() {
    for (source, path, bytes) in files() {
        if source != Source::OpenApi {
            continue;
        }
        let draft = loadgate::init::draft(source, &bytes, ASK).expect("a draft");
        let (before, after) = draft.toml.split_once("in all.\n").expect("there are writes");
        let (writes, after) = after.split_once("\n# What you promise").expect("there are limits");
        let bare = |line: &str| line.strip_prefix("# ").unwrap_or("").to_owned() + "\n";
        let writes: String = writes.lines().map(bare).collect();
        assert!(writes.contains("\n[[request]]\n"), "{}", path.display());
        let few = read(&draft.toml).drive.expect("a load").requests.len();
        let all = read(&format!("{before}\n{writes}\n#{after}")).drive.expect("a load").requests;
        let everything = loadgate::init::draft(source, &bytes, WRITES).expect("a draft");
        assert_eq!(all.len(), read(&everything.toml).drive.expect("a load").requests.len());
        assert!(all.len() > few);
    }
}

#[test]
fn an_address_alone_becomes_a_gate_file() {
    let of = |url: &str| blank(&Blank::of(url).expect("an address"));
    let toml =
        of("https://me:pw-canary@Shop.example:443/api/products/17?token=abc-canary&q=a b#top");
    let drive = read(&toml).drive.expect("a load");
    assert_eq!(drive.target.shown, "https://shop.example");
    assert_eq!(drive.requests[0].name, "GET /api/products/:id");
    assert_eq!(drive.requests[0].path, "/api/products/17?token=1&q=a%20b");
    assert!(!toml.contains("canary"));
    assert_eq!(read(&of("127.0.0.1:8080")).drive.expect("a load").requests[0].path, "/");
    assert_eq!(read(&of("http://[::1]:81/")).drive.expect("a load").target.host, "::1");
    for bad in ["", "ftp://x", "http://", "a b", "http://x:99999", "http://${HOME}/"] {
        let why = Blank::of(bad).expect_err("no address").to_string();
        assert!(why.contains("write it like `http://127.0.0.1:8080`"), "{bad}: {why}");
    }
}
