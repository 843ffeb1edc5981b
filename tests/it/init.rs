//! First gate files from what other tools wrote.
use loadgate::init::*;
const ASK: Ask = Ask { include_writes: false, include_assets: false, shape: Shape::Requests };
#[test]
fn show() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/init");
    for (sub, source) in [("openapi", Source::OpenApi), ("har", Source::Har), ("postman", Source::Postman)] {
        for entry in std::fs::read_dir(dir.join(sub)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for ask in [ASK, Ask { include_writes: true, shape: Shape::Scenario, ..ASK }] {
                println!("======== {path:?} {ask:?}");
                match draft(source, &bytes, ask) {
                    Ok(draft) => println!("{}\nNOTES\n{}", draft.toml, draft.notes.join("\n")),
                    Err(why) => println!("ERR {why}"),
                }
            }
        }
    }
    println!("{}", blank(&Blank::of("shop.example/products/17?token=abc&q=a b").unwrap()));
}
