//! Postman collections v2.0 and v2.1: each request under its folders' names.

use base64::Engine as _;
use indexmap::IndexMap;

use super::conceal::Conceal;
use super::finish::finish;
use super::gate::{Entry, Gate, Notes, name_of};
use super::openapi::NOWHERE;
use super::text::Text;
use super::tree::{self, Notation, Tree};
use super::variables::Variables;
use super::{Ask, Draft, Unreadable, address, names, postman_body, quote};

/// A request, and the folders it lies in.
struct Item<'a> {
    name: String,
    request: &'a Tree,
    auth: Option<&'a Tree>,
}

/// Everything a request is made with.
struct Maker {
    variables: Variables,
    conceal: Conceal,
    notes: Notes,
}

/// Makes a draft from a collection.
pub(super) fn draft(bytes: &[u8], ask: Ask) -> Result<Draft, Unreadable> {
    let root = tree::read(bytes, Notation::Json)?;
    let root = root.get("collection").unwrap_or(&root);
    if root.get("info").is_none() || root.get("item").is_none() {
        let old = root.get("requests").is_some();
        let why = if old {
            "it is of format v1: export it as v2.1"
        } else {
            "it has no `info` and `item`"
        };
        return Err(Unreadable::OtherKind { wanted: "a Postman collection", why: why.to_owned() });
    }
    let mut maker = Maker {
        variables: Variables::default(),
        conceal: Conceal::default(),
        notes: Notes::default(),
    };
    let mut items = Vec::new();
    let mut scripts = 0;
    maker.walk(root, "", None, &mut items, &mut scripts);
    let made: Vec<(String, Entry)> =
        items.into_iter().filter_map(|item| maker.entry(&item)).collect();
    let (base, entries) = maker.one_host(made)?;
    maker.notes.count(scripts, "1 script was not carried over", "{} scripts were not carried over");
    let writes = entries.iter().filter(|one| one.method != "GET" && one.method != "HEAD").count();
    maker.notes.count(
        writes,
        "1 request may change data on every call: choose the target with that in mind",
        "{} requests may change data on every call: choose the target with that in mind",
    );
    let title = root.at(&["info", "name"]).and_then(Tree::text).unwrap_or_default();
    let gate = Gate {
        origin: format!("the Postman collection {}", quote::comment(title, 40)),
        base,
        entries,
        writes: Vec::new(),
        hints: "",
        shape: ask.shape,
        recorded: None,
    };
    finish(gate, &maker.conceal, maker.notes)
}

impl Maker {
    /// Collects variables, scripts and requests, folder by folder.
    fn walk<'a>(
        &mut self,
        folder: &'a Tree,
        path: &str,
        auth: Option<&'a Tree>,
        items: &mut Vec<Item<'a>>,
        scripts: &mut usize,
    ) {
        self.variables.add(folder.items_of("variable"));
        let auth = folder.get("auth").filter(|auth| **auth != Tree::Null).or(auth);
        *scripts += folder.items_of("event").iter().filter(|event| has_script(event)).count();
        if let Some(request) = folder.get("request") {
            let auth = request.get("auth").filter(|auth| **auth != Tree::Null).or(auth);
            items.push(Item { name: path.to_owned(), request, auth });
        }
        for item in folder.items_of("item") {
            let name = item.text_of("name").unwrap_or_default().trim();
            let name = match (path.is_empty(), name.is_empty()) {
                (true, _) => name.to_owned(),
                (false, true) => path.to_owned(),
                (false, false) => format!("{path} / {name}"),
            };
            self.walk(item, &name, auth, items, scripts);
        }
    }

    fn text(&mut self, text: &str) -> Text {
        self.variables.text(text, &mut self.conceal, &mut self.notes)
    }

    /// The host a request goes to, and the request; `None` for what is no HTTP request.
    fn entry(&mut self, item: &Item<'_>) -> Option<(String, Entry)> {
        let request = item.request;
        let url = request.text().map(str::to_owned).or_else(|| raw_url(request.get("url")?))?;
        let url = self.variables.filled(&url);
        let (origin, rest) = split(&url)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let known = request.get("url").map_or(&[][..], |url| url.items_of("variable"));
        let target = self.target(path, query, known);
        let method = request.text_of("method").unwrap_or("GET").to_ascii_uppercase();
        if !super::gate::is_method(&method) {
            return None;
        }
        let name = Some(item.name.clone()).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| name_of(&method, &target));
        let mut entry = Entry::new(name, &method, target);
        self.headers(&mut entry, request.get("header"));
        if let Some(auth) = item.auth {
            self.auth(&mut entry, auth);
        }
        if let Some(body) = request.get("body") {
            let Self { variables, conceal, notes } = self;
            postman_body::apply(&mut entry, body, variables, conceal, notes);
        }
        Some((origin, entry))
    }

    fn target(&mut self, path: &str, query: &str, known: &[Tree]) -> Text {
        let mut out = Text::default();
        let mut before: Option<String> = None;
        for part in path.trim_start_matches('/').split('/') {
            out.push("/");
            if let Some(name) = part.strip_prefix(':').filter(|name| !name.is_empty()) {
                out.append(self.path_variable(name, before.as_deref(), known));
            } else {
                let text = self.text(part);
                let text = text.map_plain(|plain| self.conceal.free(plain));
                out.append(text.map_plain(|plain| Text::plain(address::path(plain))));
                before = Some(part.to_owned());
            }
        }
        for (place, (name, value)) in address::pairs(query).into_iter().enumerate() {
            out.push(if place == 0 { "?" } else { "&" });
            let name_text = self.text(&name);
            out.append(name_text.map_plain(|plain| Text::plain(address::encoded(plain))));
            let Some(value) = value else { continue };
            out.push("=");
            if is_placeholder(&value) && !names::is_secret(&name) {
                out.append(Text::variable_or(&names::variable(&name), "1"));
                continue;
            }
            let value = self.text(&value);
            let value = self.conceal.field(&name, value);
            out.append(value.map_plain(|plain| Text::plain(address::encoded(plain))));
        }
        out
    }

    fn path_variable(&mut self, name: &str, before: Option<&str>, known: &[Tree]) -> Text {
        let named = |node: &&Tree| node.text_of("key").or_else(|| node.text_of("id")) == Some(name);
        let value = known.iter().find(named).and_then(|node| node.get("value")?.scalar());
        let value = value.filter(|value| !value.is_empty() && !is_placeholder(value));
        if names::is_secret(name) {
            return self.conceal.hide(name, &value.unwrap_or_default());
        }
        match value {
            Some(value) => {
                let value = self.text(&value);
                value.map_plain(|plain| Text::plain(address::encoded(plain)))
            }
            None => Text::variable_or(&names::parameter(name, before), "1"),
        }
    }

    fn headers(&mut self, entry: &mut Entry, headers: Option<&Tree>) {
        const OURS: [&str; 8] = [
            "postman-token",
            "host",
            "content-length",
            "connection",
            "accept-encoding",
            "user-agent",
            "cache-control",
            "transfer-encoding",
        ];
        let listed = headers.map_or(&[][..], Tree::items).iter().filter_map(|node| {
            let on = !node.is_true("disabled");
            let value = node.get("value").and_then(Tree::scalar).unwrap_or_default();
            Some((node.text_of("key").filter(|_| on)?.to_owned(), value))
        });
        let lines = headers.and_then(Tree::text).unwrap_or_default().lines();
        let written = lines.filter_map(|line| line.split_once(':'));
        let written = written.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        for (name, value) in listed.chain(written).collect::<Vec<_>>() {
            let name = self.variables.filled(name.trim()).to_ascii_lowercase();
            if OURS.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            let text = self.text(&value);
            let text = if text.has_variable() {
                text.map_plain(|plain| self.conceal.free(plain))
            } else {
                let value = self.variables.filled(&value);
                match name.as_str() {
                    "authorization" => self.conceal.authorization(&value),
                    "cookie" => self.conceal.cookie(&value),
                    _ => self.conceal.field(&name, text),
                }
            };
            entry.header(&name, text);
        }
    }

    fn auth(&mut self, entry: &mut Entry, auth: &Tree) {
        let kind = auth.text_of("type").unwrap_or_default();
        let one = |name: &str| parameter(auth, kind, name).unwrap_or_default();
        match kind {
            "noauth" | "" => {}
            "bearer" => self.bearer(entry, &one("token")),
            "oauth2" => self.bearer(entry, &one("accessToken")),
            "basic" => {
                let pair = format!("{}:{}", one("username"), one("password"));
                // A password that is a variable is remembered, to be found wherever else it is.
                let _ = self.text(&pair);
                let pair = self.variables.filled(&pair);
                let coded = base64::engine::general_purpose::STANDARD.encode(pair);
                entry
                    .header("authorization", self.conceal.authorization(&format!("Basic {coded}")));
            }
            "apikey" => {
                let name = self.variables.filled(&one("key"));
                self.api_key(entry, &name, &one("value"), one("in") == "query");
            }
            other => {
                let other = quote::comment(other, 40);
                self.notes.add(format!("authorization of the kind `{other}` was not carried over"));
            }
        }
    }

    fn bearer(&mut self, entry: &mut Entry, token: &str) {
        let text = self.text(token);
        let text = if text.has_variable() {
            let mut whole = Text::plain("Bearer ");
            whole.append(text.map_plain(|plain| self.conceal.free(plain)));
            whole
        } else {
            self.conceal.authorization(&format!("Bearer {}", self.variables.filled(token)))
        };
        entry.header("authorization", text);
    }

    fn api_key(&mut self, entry: &mut Entry, name: &str, value: &str, in_query: bool) {
        let text = self.text(value);
        let text = if text.has_variable() {
            text.map_plain(|plain| self.conceal.free(plain))
        } else {
            self.conceal.hide(name, &self.variables.filled(value))
        };
        if !in_query {
            entry.header(name, text);
            return;
        }
        let first = !quote::spelled(&entry.path).contains('?');
        entry.path.push(if first { "?" } else { "&" });
        entry.path.push(&address::encoded(name));
        entry.path.push("=");
        entry.path.append(text);
    }

    /// Keeps the requests to the host that is asked most; the first of those where several are.
    fn one_host(&mut self, made: Vec<(String, Entry)>) -> Result<(String, Vec<Entry>), Unreadable> {
        let mut counts: IndexMap<String, usize> = IndexMap::new();
        for (origin, _) in &made {
            *counts.entry(origin.clone()).or_default() += 1;
        }
        let most = counts.values().max().copied();
        let main =
            counts.iter().find(|(_, count)| Some(**count) == most).map(|(name, _)| name.clone());
        let Some(main) = main else {
            return Err(Unreadable::Nothing { why: "the collection has no requests".to_owned() });
        };
        let others: Vec<String> = counts
            .iter()
            .filter(|(origin, _)| **origin != main)
            .take(20)
            .map(|(origin, count)| format!("{} ({count})", quote::comment(origin, 80)))
            .collect();
        if !others.is_empty() {
            self.notes.add(format!("requests to other hosts were left out: {}", others.join(", ")));
        }
        let kept = made.into_iter().filter(|(origin, _)| *origin == main).map(|(_, entry)| entry);
        let entries = kept.collect();
        if address::parse(&main).is_some() {
            return Ok((main, entries));
        }
        let shown = quote::comment(&main, 80);
        self.notes.add(format!("`{shown}` has no value in the collection: set `BASE_URL`"));
        Ok((NOWHERE.to_owned(), entries))
    }
}

/// The address as one text: as Postman shows it, or put together from its parts.
fn raw_url(url: &Tree) -> Option<String> {
    if let Some(raw) = url.text().or_else(|| url.text_of("raw")).filter(|raw| !raw.is_empty()) {
        return Some(raw.to_owned());
    }
    let joined = |name: &str, with: &str| {
        let whole = url.get(name)?;
        if let Some(text) = whole.text() {
            return Some(text.trim_start_matches('/').to_owned());
        }
        let part = |part: &Tree| part.scalar().or_else(|| part.get("value")?.scalar());
        Some(whole.list()?.iter().filter_map(part).collect::<Vec<_>>().join(with))
    };
    let mut out = String::new();
    if let Some(protocol) = url.text_of("protocol").filter(|protocol| !protocol.is_empty()) {
        out.push_str(protocol.trim_end_matches("://"));
        out.push_str("://");
    }
    out.push_str(&joined("host", ".")?);
    if let Some(port) = url.get("port").and_then(Tree::scalar).filter(|port| !port.is_empty()) {
        out.push(':');
        out.push_str(&port);
    }
    out.push('/');
    out.push_str(&joined("path", "/").unwrap_or_default());
    let mut sign = '?';
    for node in url.items_of("query").iter().filter(|node| !node.is_true("disabled")) {
        let Some(name) = node.text_of("key") else { continue };
        out.push(sign);
        out.push_str(name);
        if let Some(value) = node.get("value").and_then(Tree::scalar) {
            out.push('=');
            out.push_str(&value.replace('&', "%26"));
        }
        sign = '&';
    }
    Some(out)
}

/// Scheme and host, and the rest; a host that is a variable without a value stays as it is written.
fn split(url: &str) -> Option<(String, &str)> {
    let url = url.trim().split('#').next().unwrap_or_default();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '{']) => (scheme, rest),
        _ => ("http", url),
    };
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") || rest.is_empty() {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let authority = authority.rsplit('@').next().unwrap_or_default();
    if authority.contains("{{") {
        return Some((authority.to_owned(), rest));
    }
    let address = address::parse(&format!("{scheme}://{authority}"))?;
    Some((address.origin, rest))
}

/// A parameter of an authorization: in a list (v2.1) or a table (v2.0).
fn parameter(auth: &Tree, kind: &str, name: &str) -> Option<String> {
    let all = auth.get(kind)?;
    if let Some(value) = all.get(name) {
        return value.scalar();
    }
    let named = |node: &&Tree| node.text_of("key") == Some(name);
    all.items().iter().find(named)?.get("value")?.scalar()
}

/// `<string>`, as converters write where a value is missing.
fn is_placeholder(value: &str) -> bool {
    let inner = value.strip_prefix('<').and_then(|value| value.strip_suffix('>'));
    inner.is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn has_script(event: &Tree) -> bool {
    let Some(exec) = event.at(&["script", "exec"]) else { return false };
    let mut lines = exec.text().into_iter().chain(exec.items().iter().filter_map(Tree::text));
    lines.any(|line| !line.trim().is_empty())
}
