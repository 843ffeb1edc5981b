//! Parameters of an operation: which there are, and what stands for each.

use super::address;
use super::conceal::Conceal;
use super::names;
use super::schema::{self, Sampler};
use super::text::Text;
use super::tree::Tree;

/// A parameter, its references followed.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    /// The whole of it.
    pub(super) node: &'a Tree,
    /// Its name.
    pub(super) name: &'a str,
    /// Where it goes: `path`, `query`, `header`, `cookie`; in Swagger 2.0 also `body`, `formData`.
    pub(super) place: &'a str,
}

/// An operation's parameters; its own replace those of its path.
pub(super) fn all<'a>(root: &'a Tree, item: &'a Tree, operation: &'a Tree) -> Vec<Parameter<'a>> {
    let mut all: Vec<Parameter<'a>> = Vec::new();
    for node in operation.items_of("parameters").iter().chain(item.items_of("parameters")) {
        let Some(node) = schema::resolve(root, node) else { continue };
        let (Some(name), Some(place)) = (node.text_of("name"), node.text_of("in")) else {
            continue;
        };
        if all.len() < 200 && !all.iter().any(|known| known.name == name && known.place == place) {
            all.push(Parameter { node, name, place });
        }
    }
    all
}

impl<'a> Parameter<'a> {
    /// Whether a request without it is wrong.
    pub(super) fn required(&self) -> bool {
        self.place == "path" || self.node.is_true("required")
    }

    /// The schema: under `schema`, under a media type, or (Swagger 2.0) the parameter itself.
    pub(super) fn schema(&self) -> &'a Tree {
        let media = || self.node.get("content")?.table()?.values().next();
        self.node
            .get("schema")
            .or_else(|| media().and_then(|media| media.get("schema")))
            .unwrap_or(self.node)
    }

    /// What the description offers as its value.
    fn offered(&self, root: &'a Tree) -> Option<Tree> {
        if let Some(example) = schema::example(root, self.node) {
            return Some(example.clone());
        }
        let schema = schema::resolve(root, self.schema())?;
        let told = schema::example(root, schema).cloned();
        told.or_else(|| schema.get("const").or_else(|| schema.get("default")).cloned())
            .or_else(|| schema.items_of("enum").first().cloned())
            .or_else(|| schema.at(&["items", "default"]).cloned())
            .or_else(|| schema.get("items")?.items_of("enum").first().cloned())
            .filter(|value| *value != Tree::Null)
    }

    /// Its values: more than one where a list repeats the name.
    pub(super) fn values(
        &self,
        root: &'a Tree,
        before: Option<&str>,
        conceal: &mut Conceal,
    ) -> Vec<(String, Text)> {
        let one = |text: Text| vec![(self.name.to_owned(), text)];
        if names::is_secret(self.name) {
            let known = self.offered(root).and_then(|value| value.scalar()).unwrap_or_default();
            return one(conceal.hide(self.name, &known));
        }
        let Some(offered) = self.offered(root) else {
            let made = Sampler::new(root).value(self.schema()).and_then(|value| flat(&value));
            let made = made.filter(|made| made != "text" && !made.is_empty());
            let default = address::encoded(made.as_deref().unwrap_or("1"));
            return one(Text::variable_or(&names::parameter(self.name, before), &default));
        };
        let mut field = |name: String, value: &Tree| {
            let value = conceal.field(&name, Text::plain(flat(value).unwrap_or_default()));
            if self.place == "header" {
                return (name, value);
            }
            (name, value.map_plain(|plain| Text::plain(address::encoded(plain))))
        };
        if let Some(items) = offered.list().filter(|_| self.place == "query" && self.repeats()) {
            return items.iter().take(20).map(|item| field(self.name.to_owned(), item)).collect();
        }
        let Some(table) = offered.table().filter(|_| self.place == "query") else {
            return vec![field(self.name.to_owned(), &offered)];
        };
        let deep = self.node.text_of("style") == Some("deepObject");
        let name = |key: &str| if deep { format!("{}[{key}]", self.name) } else { key.to_owned() };
        table.iter().take(20).map(|(key, value)| field(name(key), value)).collect()
    }

    fn repeats(&self) -> bool {
        match self.node.text_of("collectionFormat") {
            Some(format) => format == "multi",
            None => {
                self.node.get("schema").is_some()
                    && self.node.get("explode") != Some(&Tree::Bool(false))
                    && matches!(self.node.text_of("style"), None | Some("form"))
            }
        }
    }
}

/// A value on one line: lists with commas (the `simple` style).
fn flat(value: &Tree) -> Option<String> {
    let Some(items) = value.list() else { return value.scalar() };
    let items: Vec<String> = items.iter().take(20).filter_map(Tree::scalar).collect();
    Some(items.join(","))
}

/// The path with its parameters filled in, and the required part of the query.
pub(super) fn target<'a>(
    root: &'a Tree,
    path: &str,
    parameters: &[Parameter<'a>],
    conceal: &mut Conceal,
) -> Text {
    let mut out = Text::default();
    let mut before: Option<&str> = None;
    for (place, part) in path.split('/').enumerate() {
        if place > 0 {
            out.push("/");
        }
        out.append(segment(root, part, before, parameters, conceal));
        before = Some(part).filter(|part| !part.contains('{')).or(before);
    }
    let mut sign = if path.contains('?') { "&" } else { "?" };
    for parameter in parameters.iter().filter(|known| known.place == "query" && known.required()) {
        for (name, value) in parameter.values(root, None, conceal) {
            out.push(sign);
            out.push(&address::encoded(&name));
            out.push("=");
            out.append(value);
            sign = "&";
        }
    }
    out
}

fn segment<'a>(
    root: &'a Tree,
    part: &str,
    before: Option<&str>,
    parameters: &[Parameter<'a>],
    conceal: &mut Conceal,
) -> Text {
    let mut out = Text::default();
    let mut rest = part;
    while let Some((plain, (name, after))) =
        rest.split_once('{').and_then(|(plain, tail)| Some((plain, tail.split_once('}')?)))
    {
        out.push(&address::path(plain));
        let known = parameters.iter().find(|known| known.place == "path" && known.name == name);
        let value = known.and_then(|known| known.values(root, before, conceal).into_iter().next());
        out.append(match value {
            Some((_, value)) => value,
            None if names::is_secret(name) => conceal.hide(name, ""),
            None => Text::variable_or(&names::parameter(name, before), "1"),
        });
        rest = after;
    }
    // A `?` in a path template is against the rules, and means a query all the same.
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    out.push(&address::path(path));
    if !query.is_empty() {
        out.push("?");
        out.push(&address::path(query));
    }
    out
}

/// A path template as names have it: `/products/{id}` is `/products/:id`.
pub(super) fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut out = String::new();
    let mut rest = path;
    while let Some((plain, (name, after))) =
        rest.split_once('{').and_then(|(plain, tail)| Some((plain, tail.split_once('}')?)))
    {
        out.push_str(plain);
        out.push(':');
        out.push_str(name);
        rest = after;
    }
    out.push_str(rest);
    out
}
