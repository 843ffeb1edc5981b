//! `OpenAPI` 3.0 and 3.1 and Swagger 2.0: one request for each operation that only reads.

use super::conceal::Conceal;
use super::finish::finish;
use super::gate::{Entry, Gate, MAX_ENDPOINTS, Notes};
use super::text::Text;
use super::tree::{self, Notation, Tree};
use super::{Ask, Draft, Shape, Unreadable, address, parameter, payload, schema, security};

const METHODS: [&str; 8] = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];

/// What a description's operations became.
#[derive(Default)]
struct Found {
    reads: Vec<Entry>,
    writes: Vec<Entry>,
    unusual: usize,
    beyond: usize,
    elsewhere: usize,
}

/// Makes a draft from a description.
pub(super) fn draft(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    let root = tree::read(bytes, Notation::JsonOrYaml)?;
    let version = version(&root)?;
    let mut notes = Notes::default();
    let mut conceal = Conceal::default();
    let base = base(&root, &mut notes);
    let mut found = operations(&root, &mut conceal, &mut notes);
    if ask.include_writes {
        found.reads.append(&mut found.writes);
    }
    if found.reads.is_empty() {
        let why = if found.writes.is_empty() {
            "it describes no operation".to_owned()
        } else {
            "all its operations change data; `--include-writes` sends them".to_owned()
        };
        return Err(Unreadable::Nothing { why });
    }
    tell(&found, &mut notes);
    let title = root.at(&["info", "title"]).and_then(Tree::text).unwrap_or_default();
    let title = super::quote::comment(title, 40);
    let title = if title.is_empty() { "an API" } else { &title };
    let gate = Gate {
        origin: format!("the {version} description of {title}"),
        base,
        entries: found.reads,
        writes: found.writes,
        hints: "",
        shape: Shape::Requests,
        recorded: None,
    };
    finish(gate, &conceal, notes)
}

fn tell(found: &Found, notes: &mut Notes) {
    notes.count(
        found.writes.len(),
        "1 operation changes data and is a comment in the file; `--include-writes` sends it",
        "{} operations change data and are comments in the file; `--include-writes` sends them",
    );
    notes.count(
        found.unusual,
        "1 operation was left out: OPTIONS and TRACE say nothing about the service's speed",
        "{} operations were left out: OPTIONS and TRACE say nothing about the service's speed",
    );
    notes.count(
        found.beyond,
        "1 operation was left out: a gate file names 1,000 endpoints at most",
        "{} operations were left out: a gate file names 1,000 endpoints at most",
    );
    notes.count(
        found.elsewhere,
        "1 path was left out: it is described in another file, or nowhere",
        "{} paths were left out: they are described in other files, or nowhere",
    );
}

/// The version, as a person says it.
fn version(root: &Tree) -> Result<String, Unreadable> {
    let other = |why: String| Unreadable::OtherKind { wanted: "an OpenAPI description", why };
    let three = root.get("openapi").and_then(Tree::scalar);
    let two = root.get("swagger").and_then(Tree::scalar);
    match (three, two) {
        (Some(version), _) if version.starts_with("3.") => {
            Ok(format!("OpenAPI {}", super::quote::comment(&version, 12)))
        }
        (None, Some(version)) if version == "2.0" || version == "2" => Ok("Swagger 2.0".to_owned()),
        (Some(version), _) | (None, Some(version)) => Err(other(format!(
            "version {} is not one of 2.0, 3.0 and 3.1",
            super::quote::comment(&version, 12)
        ))),
        (None, None) => {
            Err(other("it has neither `openapi` nor `swagger` at its beginning".to_owned()))
        }
    }
}

fn operations(root: &Tree, conceal: &mut Conceal, notes: &mut Notes) -> Found {
    let mut found = Found::default();
    let paths = root.get("paths").and_then(Tree::table);
    for (path, item) in paths.into_iter().flatten() {
        if !path.starts_with('/') {
            continue;
        }
        let Some(item) = schema::resolve(root, item) else {
            found.elsewhere += 1;
            continue;
        };
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let reads = matches!(method, "get" | "head");
            let kin = if reads { &mut found.reads } else { &mut found.writes };
            if matches!(method, "options" | "trace") {
                found.unusual += 1;
            } else if kin.len() >= MAX_ENDPOINTS {
                found.beyond += 1;
            } else {
                let place = Place { root, path, item, operation };
                kin.push(place.entry(method, conceal, notes));
            }
        }
    }
    found
}

/// An operation, and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Tree,
    path: &'a str,
    item: &'a Tree,
    operation: &'a Tree,
}

impl Place<'_> {
    fn entry(self, method: &str, conceal: &mut Conceal, notes: &mut Notes) -> Entry {
        let Self { root, path, item, operation } = self;
        let method = method.to_ascii_uppercase();
        let known = parameter::all(root, item, operation);
        let target = parameter::target(root, path, &known, conceal);
        let id = operation.text_of("operationId").map(str::trim).filter(|id| !id.is_empty());
        let name = match id {
            Some(id) => id.to_owned(),
            None => format!("{method} {}", parameter::template(path)),
        };
        let mut entry = Entry::new(name, &method, target);
        if let Some(kind) = self.answers() {
            entry.header("accept", Text::plain(kind));
        }
        for header in known.iter().filter(|known| known.place == "header" && known.required()) {
            let owned = ["accept", "content-type", "authorization"];
            if !owned.contains(&header.name.to_ascii_lowercase().as_str()) {
                for (name, value) in header.values(root, None, conceal) {
                    entry.header(&name, value);
                }
            }
        }
        cookies(root, &known, &mut entry, conceal);
        security::apply(root, operation, &mut entry, conceal, notes);
        payload::apply(root, operation, &known, &mut entry, conceal);
        entry.status = self.statuses();
        if operation.is_true("deprecated") && entry.remark.is_none() {
            entry.remark = Some("deprecated".to_owned());
        }
        if operation.get("servers").is_some() || item.get("servers").is_some() {
            let name = super::quote::comment(&entry.name, 80);
            notes.add(format!("`{name}` has servers of its own, which were not taken over"));
        }
        entry
    }

    /// The documented statuses of success; those of redirection where there is no success.
    fn statuses(self) -> Vec<String> {
        let responses = self.operation.get("responses").and_then(Tree::table);
        let of = |class: char| -> Vec<String> {
            let known = responses.into_iter().flat_map(|table| table.keys());
            let known = known.filter(|key| key.len() == 3 && key.starts_with(class));
            let known = known.map(|key| key.to_ascii_lowercase());
            known.filter(|key| crate::metric::StatusRange::parse(key).is_some()).collect()
        };
        let good = of('2');
        if good.is_empty() { of('3') } else { good }
    }

    /// The content type to ask for: JSON where it is offered, the first one otherwise.
    fn answers(self) -> Option<String> {
        let responses = self.operation.get("responses")?.table()?;
        let (_, good) = responses.iter().find(|(key, _)| key.starts_with('2'))?;
        let good = schema::resolve(self.root, good)?;
        let produces = || self.operation.get("produces").or_else(|| self.root.get("produces"));
        let kinds: Vec<&str> = match good.get("content").and_then(Tree::table) {
            Some(content) => content.keys().map(String::as_str).collect(),
            None => produces()?.items().iter().filter_map(Tree::text).collect(),
        };
        let json = kinds.iter().find(|kind| payload::is_json(kind));
        let kind = json.or(kinds.first())?;
        let visible = kind.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        visible.then(|| (*kind).to_owned())
    }
}

fn cookies<'a>(
    root: &'a Tree,
    known: &[parameter::Parameter<'a>],
    entry: &mut Entry,
    conceal: &mut Conceal,
) {
    let mut cookie = Text::default();
    for parameter in known.iter().filter(|known| known.place == "cookie" && known.required()) {
        for (name, value) in parameter.values(root, None, conceal) {
            cookie.push(if cookie.is_empty() { "" } else { "; " });
            cookie.push(&address::encoded(&name));
            cookie.push("=");
            cookie.append(value);
        }
    }
    if !cookie.is_empty() {
        entry.header("cookie", cookie);
    }
}

/// Where nothing says where the service is.
pub(super) const NOWHERE: &str = "http://127.0.0.1:8080";

/// The first server's address, its own variables filled in.
fn base(root: &Tree, notes: &mut Notes) -> String {
    let url = if root.get("openapi").is_some() { server(root, notes) } else { host(root) };
    let Some(url) = url else {
        notes.add(format!("no server is named: `BASE_URL` is {NOWHERE} where it is not set"));
        return NOWHERE.to_owned();
    };
    if let Some(found) = address::parse(&url) {
        return joined(&found.origin, &found.path);
    }
    let path = if url.contains("://") { "" } else { url.as_str() };
    notes.add(format!(
        "no server has a full address: `BASE_URL` is at {NOWHERE} where it is not set"
    ));
    joined(NOWHERE, path)
}

fn joined(origin: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = address::path(path.trim_matches('/'));
    if path.is_empty() { origin.to_owned() } else { format!("{origin}/{path}") }
}

fn server(root: &Tree, notes: &mut Notes) -> Option<String> {
    let servers = root.items_of("servers");
    notes.count(
        servers.len().saturating_sub(1),
        "1 more server is named; `BASE_URL` chooses another one",
        "{} more servers are named; `BASE_URL` chooses another one",
    );
    let first = servers.first()?;
    let mut url = first.text_of("url")?.to_owned();
    for (name, variable) in first.get("variables").and_then(Tree::table).into_iter().flatten() {
        let value = variable.get("default").and_then(Tree::scalar).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), &value);
        if url.len() > 2_000 {
            return None;
        }
    }
    Some(url)
}

/// Swagger 2.0 has the address in pieces.
fn host(root: &Tree) -> Option<String> {
    let path = root.text_of("basePath").unwrap_or_default();
    let schemes: Vec<&str> = root.items_of("schemes").iter().filter_map(Tree::text).collect();
    let secure = schemes.contains(&"https");
    match root.text_of("host") {
        Some(host) => {
            let scheme = if secure { "https" } else { "http" };
            Some(format!("{scheme}://{host}/{}", path.trim_start_matches('/')))
        }
        None => Some(path.to_owned()).filter(|path| !path.is_empty()),
    }
}
