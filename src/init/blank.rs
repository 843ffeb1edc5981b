//! A first gate file from nothing but an address.

use super::conceal::Conceal;
use super::finish::finish;
use super::gate::{Entry, Gate, Notes, name_of};
use super::{Shape, Unreadable, address};

/// The address a first gate file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    address: address::Address,
}

impl Blank {
    /// Reads an address; `http://` is put in front where there is no scheme.
    ///
    /// # Errors
    /// When it is no address of a web service.
    pub fn of(url: &str) -> Result<Self, Unreadable> {
        let url = url.trim();
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let short = Some(whole).filter(|whole| whole.len() <= 2_000);
        let address = short.and_then(|whole| address::parse(&whole)).ok_or_else(|| {
            Unreadable::OtherKind {
                wanted: "an address to put a load on",
                why: "write it like `http://127.0.0.1:8080`".to_owned(),
            }
        })?;
        Ok(Self { address })
    }
}

const HINTS: &str = r#"
# [[request]]                       # each is an endpoint of its own in every report
# name = "add to cart"
# post = "/cart"
# headers = { authorization = "Bearer ${API_TOKEN}" }
# json = { product = 17, quantity = 1 }
# weight = 3                        # sent three times as often as one without a weight
# expect = { status = 201, json = { "$.items" = "not-empty" } }
"#;

/// Writes a commented gate file with one request.
#[must_use]
pub fn blank(blank: &Blank) -> String {
    let mut conceal = Conceal::default();
    let path = conceal.target(&blank.address.path, &blank.address.query);
    let entry = Entry::new(name_of("GET", &path), "GET", path);
    let gate = Gate {
        origin: "nothing but an address".to_owned(),
        base: blank.address.origin.clone(),
        entries: vec![entry],
        writes: Vec::new(),
        hints: HINTS,
        shape: Shape::Requests,
        recorded: None,
    };
    finish(gate, &conceal, Notes::default()).expect("a short address is never too long").toml
}
