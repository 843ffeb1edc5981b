use axum::Router;
use axum::extract::Multipart;
use axum::routing::post;
use sha2::{Digest as _, Sha256};

use super::{MODELS, examples, gate};
use crate::support::gate::Gate;
use crate::support::serving::Serving;

/// What axum's own parser makes of the parts.
async fn parts(mut parts: Multipart) -> String {
    let mut all = Vec::new();
    while let Ok(Some(part)) = parts.next_field().await {
        let of = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let head = [of(part.name()), of(part.file_name()), of(part.content_type())].join(" ");
        let bytes = part.bytes().await.unwrap_or_default();
        let shown = match std::str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("{} bytes {:x}", bytes.len(), Sha256::digest(&bytes)),
        };
        all.push(format!("{head} {shown}"));
    }
    format!("[{}]", all.join("; "))
}

const STEPS: &str = r#"[[scenario]]
name = "a"
[[scenario.steps]]
name = "fixed"
post = "/upload"
multipart = { photo = "@my photo.png", note = ["one", "@@two"] }
expect.body = "[photo my photo.png image/png TOLD; note - - one; note - - @two]"
[[scenario.steps]]
name = "live"
post = "/upload"
multipart = { who = "user {{ user }}", text = "@deep/a.txt" }
expect.body = "[who - - user {{ user }}; text a.txt text/plain x {{ '{{' }} y]"
"#;

#[test]
fn parts_arrive_as_they_were_written() {
    let service = Serving::routes(Router::new().route("/upload", post(parts)));
    let photo: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    let told = format!("100000 bytes {:x}", Sha256::digest(&photo));
    let done = STEPS.replace("TOLD", &told);
    for model in MODELS {
        let home = Gate::new(&gate(&service, "", model, &done)).file("my photo.png", &photo);
        std::fs::create_dir(home.path("deep")).expect("a folder");
        let ended = home.file("deep/a.txt", "x {{ y").undisturbed(&["run", "gate.toml"]);
        assert_eq!(examples(&ended).len(), 0, "{:?}", examples(&ended));
        ended.code(0);
    }
}
