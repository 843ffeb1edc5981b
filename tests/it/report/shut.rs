//! What a page may hold, as markup: nothing that loads, and one script.

use std::collections::BTreeSet;

use loadgate::report::{Format, render};

use super::cases::all;
use super::{hostile, named, outsiders};

#[test]
fn the_page_loads_nothing_and_runs_one_script_of_ours() {
    let names: Vec<_> = hostile().into_iter().map(str::to_owned).collect();
    let ours: BTreeSet<_> = [
        "charset",
        "http-equiv",
        "content",
        "name",
        "rel",
        "href",
        "lang",
        "id",
        "class",
        "role",
        "aria-labelledby",
        "aria-hidden",
        "tabindex",
        "scope",
        "viewbox",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "dy",
        "d",
        "width",
        "height",
        "cx",
        "cy",
        "r",
        "fill",
        "fill-opacity",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-dasharray",
        "font-size",
        "font-family",
        "text-anchor",
        "preserveaspectratio",
        "cellpadding",
        "data-label",
    ]
    .into();
    for made in all().iter().chain([&named(&names)]) {
        let whole = render(Format::Html, &made.case());
        let (html, script) = whole.split_once("<script>").expect("it has one script");
        let script = script.strip_suffix("</script></body></html>\n").expect("it ends with it");
        assert_eq!(script, include_str!("../../../src/report/page.js"), "and the script is ours");
        for (tag, attributes) in outsiders::tags(html) {
            let banned = ["script", "img", "iframe", "a", "form", "object", "use", "image"];
            assert!(!banned.contains(&tag.as_str()), "{}: <{tag}>", made.name);
            for name in attributes {
                assert!(ours.contains(name.as_str()), "{}: {name} of <{tag}>", made.name);
            }
        }
        let style = html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next());
        let style = style.expect("the page has a style sheet");
        assert!(!style.contains("url(") && !style.contains("@import"));
        assert_eq!(html.matches("href=").count(), html.matches("href=\"data:,\"").count());
        assert!(html.contains("default-src 'none'"));
    }
}
