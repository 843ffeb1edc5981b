//! The comment, whose it is, and what else a host is told.

use loadgate::host::annotate::{Annotation, Severity, commands};
use loadgate::host::letter::{Key, Letter, Stamp};
use loadgate::host::output::{MOST_SUMMARY, fitting, outputs};
use loadgate::host::sticky::{Left, Listed, Step, decide};
use loadgate::host::{Ci, Place, log};

fn place(run: u64, attempt: u64) -> Place {
    let head = Some("89abcdef0123456789abcdef0123456789abcdef".to_owned());
    let url = Some("https://github.com/o/r/actions/runs/17".to_owned());
    Place { run: Some(run), attempt, head, url, ..Place::bare(Ci::GitHub) }
}

fn letter(key: &str, place: &Place, page: &str) -> Letter {
    Letter::new(Key::parse(key).expect("a key"), place, page, "short")
}

fn listed(id: u64, author: &str, body: &str) -> Listed {
    Listed { id, author: Some(author.to_owned()), body: body.to_owned(), url: None }
}

fn ask(listed: &[Listed], ours: &Letter) -> Step {
    decide(listed, ours, |author| author == "us", true)
}

#[test]
fn a_comment_says_whose_it_is_before_it_says_anything_else() {
    insta::assert_snapshot!("a_comment", letter("api", &place(17, 2), "### pass\n\ntext\n").text);
    let bare = Letter::new(Key::of_gate("x"), &Place::bare(Ci::Jenkins), "page", "short");
    assert!(bare.text.ends_with("page\n\n<sub>loadgate `x`</sub>\n"), "{}", bare.text);
}

#[test]
fn a_page_that_is_too_long_gives_way_to_a_shorter_one() {
    let long = letter("api", &place(17, 1), &"x".repeat(65_000));
    assert!(long.text.contains("\nshort\n") && long.text.len() < 1000);
    let fits = letter("api", &place(17, 1), &"x".repeat(60_000));
    assert!(fits.text.len() > 60_000);
}

#[test]
fn our_comment_is_found_by_its_first_line_and_its_author() {
    let ours = letter("api", &place(17, 1), "new");
    let old = letter("api", &place(16, 1), "old").text;
    let check = |all: &[Listed], expected: Step| assert_eq!(ask(all, &ours), expected, "{all:?}");
    check(&[], Step::Create);
    check(&[listed(1, "us", &old)], Step::Update(1));
    check(&[listed(1, "stranger", &old)], Step::Create);
    check(&[Listed { author: None, ..listed(1, "", &old) }], Step::Create);
    check(&[listed(1, "us", &format!("hello\n{old}"))], Step::Create);
    check(&[listed(1, "us", &format!("> {old}"))], Step::Create);
    check(&[listed(1, "us", &old.replace('\n', "\r\n"))], Step::Update(1));
    // Another gate of the same pull request, one whose key begins alike too.
    check(&[listed(1, "us", &letter("ap", &place(16, 1), "x").text)], Step::Create);
    check(&[listed(1, "us", &letter("api-2", &place(16, 1), "x").text)], Step::Create);
    let all = [listed(3, "us", &old), listed(9, "us", &old), listed(12, "stranger", &old)];
    check(&all, Step::Update(9));
}

#[test]
fn an_older_run_never_overwrites_what_a_newer_one_has_said() {
    let said = |run, attempt| [listed(1, "us", &letter("api", &place(run, attempt), "x").text)];
    let check = |run, attempt, expected: Step| {
        assert_eq!(ask(&said(run, attempt), &letter("api", &place(17, 2), "new")), expected);
    };
    check(16, 9, Step::Update(1));
    check(17, 1, Step::Update(1));
    check(17, 2, Step::Update(1));
    check(17, 3, Step::Leave(Left::Newer));
    check(18, 1, Step::Leave(Left::Newer));
    let marker = Key::parse("api").expect("a key").marker();
    for meta in ["", "<!-- loadgate-meta {} -->", "<!-- loadgate-meta {\"run\":\"99\"} -->", "x"] {
        let all = [listed(1, "us", &format!("{marker}\n{meta}\nx"))];
        assert_eq!(ask(&all, &letter("api", &place(17, 2), "new")), Step::Update(1), "{meta}");
    }
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let ours = letter("api", &place(17, 1), "same");
    let theirs = ours.text.trim_end().replace('\n', "\r\n");
    assert_eq!(ask(&[listed(1, "us", &theirs)], &ours), Step::Leave(Left::Same(None)));
    let none = decide(&[], &ours, |_| true, false);
    assert_eq!(none, Step::Leave(Left::Unwanted));
    let old = letter("api", &place(16, 1), "old").text;
    let update = decide(&[listed(1, "us", &old)], &ours, |_| true, false);
    assert_eq!(update, Step::Update(1), "a comment that is there is never left to lie");
}

#[test]
fn a_gate_file_has_a_key_of_its_own() {
    let check = |name: &str, key: &str| assert_eq!(Key::of_gate(name).as_str(), key);
    check("thresholds/checkout.toml", "thresholds-checkout");
    check("/home/runner/work/shop/thresholds/checkout.toml", "thresholds-checkout");
    check("./api.toml", "api");
    check("..\\Load Tests\\Größe.toml", "load-tests-gr--e");
    check("", "gate");
    assert_eq!(Key::of_gate(&"a".repeat(200)).as_str().len(), 64);
    for bad in ["", "a b", "A", "a--><script>", "ä", &"a".repeat(65)] {
        assert!(Key::parse(bad).is_err(), "{bad}");
    }
    for name in ["", "a b/ü.toml", "x/y/z.toml", &"é".repeat(100)] {
        assert!(Key::parse(Key::of_gate(name).as_str()).is_ok(), "{name}");
    }
}

#[test]
fn a_stamp_is_read_back_as_it_was_written() {
    let ours = letter("api", &place(17, 2), "x");
    assert_eq!(Stamp::read(&ours.text), Some(ours.stamp));
}

fn remark(nth: usize) -> Annotation {
    Annotation {
        severity: if nth == 0 { Severity::Warning } else { Severity::Error },
        file: (nth < 2).then(|| "gates/a,b:c;d].toml".to_owned()),
        line: 12,
        title: "p99: 100% over, see".to_owned(),
        message: "a\nb\r::error::x 5%25; ]".to_owned(),
    }
}

#[test]
fn annotations_are_escaped_as_each_host_reads_them() {
    let all: Vec<_> = (0..3).map(remark).collect();
    insta::assert_snapshot!("annotations_of_github", commands(Ci::GitHub, &all));
    insta::assert_snapshot!("annotations_of_azure", commands(Ci::Azure, &all));
    assert_eq!(commands(Ci::Jenkins, &all), "");
}

#[test]
fn ten_annotations_at_most_and_the_last_counts_the_rest() {
    for (given, lines, last) in [(0, 0, ""), (9, 9, "p99"), (10, 10, "and 1 more"), (35, 10, "26")]
    {
        let all: Vec<_> = (0..given).map(remark).collect();
        let text = commands(Ci::GitHub, &all);
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(text.lines().last().unwrap_or_default().contains(last), "{text}");
    }
}

#[test]
fn outputs_end_at_a_word_that_nobody_can_guess() {
    let text = outputs(&[("verdict", "fail"), ("report-path", "a\nb")], "word");
    assert_eq!(text, "verdict<<word\nfail\nword\nreport-path<<word\na\nb\nword\n");
    assert_eq!(outputs(&[("verdict", "x\nword\nverdict<<y")], "word"), "");
}

#[test]
fn a_summary_never_takes_a_job_beyond_what_its_host_keeps() {
    let room = |left: usize| (MOST_SUMMARY - left) as u64;
    assert_eq!(fitting(&["long page", "short"], 0), Some("long page"));
    assert_eq!(fitting(&["long page", "short"], room(8)), Some("short"));
    assert_eq!(fitting(&["long page", "short"], room(5)), None);
    assert_eq!(fitting(&["x"], u64::MAX), None);
}

#[test]
fn logs_fold_and_hosts_can_be_made_deaf() {
    let begin = |ci| log::begin(ci, "load", "id", 5);
    assert_eq!(begin(Ci::GitHub).as_deref(), Some("::group::load"));
    assert_eq!(begin(Ci::Azure).as_deref(), Some("##[group]load"));
    let gitlab = "\u{1b}[0Ksection_start:5:id[collapsed=true]\r\u{1b}[0Kload";
    assert_eq!(begin(Ci::GitLab).as_deref(), Some(gitlab));
    assert_eq!(begin(Ci::Jenkins), None);
    let (deaf, hearing) = log::deaf(Ci::GitHub, "word").expect("GitHub can be made deaf");
    assert_eq!((deaf.as_str(), hearing.as_str()), ("::stop-commands::word", "::word::"));
}
