//! What programs that nobody of us wrote read in a report.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What a program says of a text; fails clearly where the program is not installed.
pub(super) fn ask(program: &str, arguments: &[&str], text: &str) -> String {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    assert!(child.is_ok(), "{program} must be installed for this test: {child:?}");
    let mut child = child.expect("checked just before");
    let mut input = child.stdin.take().expect("the input is a pipe");
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("the program ends");
    let written = writer.join().expect("the writer does not panic");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("the answer is UTF-8")
}

/// Markdown as GitHub makes HTML of it; raw HTML is let through, so that it would be seen.
pub(crate) fn github(markdown: &str) -> String {
    let extensions = ["--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink"];
    ask("cmark-gfm", &extensions, markdown)
}

/// Whether libxml2 finds a document well-formed, and as Jenkins has it once our extensions are out.
pub(super) fn jenkins(xml: &str) {
    let mut strict = xml.to_owned();
    for extension in [" line=\"", " file=\""] {
        let mut parts = strict.split(extension);
        let first = parts.next().expect("a split has a first part").to_owned();
        let rest = parts.map(|part| part.split_once('"').expect("attributes end").1);
        strict = rest.fold(first, |all, part| all + part);
    }
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/jenkins-junit-10.xsd");
    ask("xmllint", &["--huge", "--noout", "--nonet", "-"], xml);
    ask("xmllint", &["--huge", "--noout", "--nonet", "--schema", schema, "-"], &strict);
}

/// The tags of a page, each with its attributes' names; every `<` of a text is escaped in it.
pub(crate) fn tags(html: &str) -> Vec<(String, Vec<String>)> {
    html.split('<')
        .skip(1)
        .map(|tag| {
            let tag = tag.split('>').next().expect("a split has a first part");
            let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
            let quoted: Vec<_> = tag.split('"').step_by(2).collect();
            let attributes = quoted.iter().flat_map(|part| part.split_whitespace());
            let attributes = attributes.filter_map(|part| part.strip_suffix('='));
            (name.to_lowercase(), attributes.map(str::to_lowercase).collect())
        })
        .collect()
}
