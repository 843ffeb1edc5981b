//! What an operation's security asks for, as headers and parameters with secrets to be set.

use super::conceal::Conceal;
use super::gate::{Entry, Notes};
use super::schema;
use super::text::Text;
use super::tree::Tree;

/// Adds what the first way to be allowed in needs; nothing where nobody is asked.
pub(super) fn apply<'a>(
    root: &'a Tree,
    operation: &'a Tree,
    entry: &mut Entry,
    conceal: &mut Conceal,
    notes: &mut Notes,
) {
    let ways = operation.get("security").or_else(|| root.get("security"));
    let ways = ways.map_or(&[][..], Tree::items);
    let open = |way: &Tree| way.table().is_some_and(indexmap::IndexMap::is_empty);
    if ways.iter().any(open) {
        return;
    }
    let Some(way) = ways.first().and_then(Tree::table) else { return };
    let known = root.at(&["components", "securitySchemes"]).or(root.get("securityDefinitions"));
    for name in way.keys().take(10) {
        let scheme = known.and_then(|known| known.get(name));
        let Some(scheme) = scheme.and_then(|scheme| schema::resolve(root, scheme)) else {
            continue;
        };
        one(scheme, entry, conceal, notes);
    }
}

fn one(scheme: &Tree, entry: &mut Entry, conceal: &mut Conceal, notes: &mut Notes) {
    let http = scheme.text_of("scheme").unwrap_or_default().to_ascii_lowercase();
    match (scheme.text_of("type").unwrap_or_default(), http.as_str()) {
        ("apiKey", _) => api_key(scheme, entry, conceal),
        ("basic", _) | ("http", "basic") => {
            entry.header("authorization", conceal.authorization("Basic "));
        }
        ("http", "bearer") | ("oauth2" | "openIdConnect", _) => {
            entry.header("authorization", conceal.authorization("Bearer "));
        }
        ("http", _) => entry.header("authorization", conceal.authorization("")),
        ("mutualTLS", _) => notes
            .add("a client certificate is asked for: add `cert` and `key` to `tls` in `[target]`"),
        _ => {}
    }
}

fn api_key(scheme: &Tree, entry: &mut Entry, conceal: &mut Conceal) {
    let name = scheme.text_of("name").unwrap_or("api_key");
    match scheme.text_of("in") {
        Some("query") => {
            let first = !super::quote::spelled(&entry.path).contains('?');
            let mut path = std::mem::take(&mut entry.path);
            path.push(if first { "?" } else { "&" });
            path.push(&super::address::encoded(name));
            path.push("=");
            path.append(conceal.hide(name, ""));
            entry.path = path;
        }
        Some("cookie") => {
            let mut cookie = Text::plain(super::address::encoded(name));
            cookie.push("=");
            cookie.append(conceal.hide(name, ""));
            entry.header("cookie", cookie);
        }
        _ => entry.header(name, conceal.hide(name, "")),
    }
}
