//! A text of a gate file: what it says, what may be shown of it, what of it is a template.

use crate::script::template::tag_spans;

/// A text with its references to the environment filled in.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// What it says.
    pub(super) value: String,
    /// What may be shown of it: what came from the environment as `${NAME}`.
    pub(super) shown: String,
    /// The same in every environment: each reference as `${NAME}`.
    pub(super) template: String,
    /// Whether any of it came from the environment, so that it must not be shown.
    pub(super) filled: bool,
    /// The source of a template, in which nothing from the environment is a tag.
    pub(super) script: String,
    /// Whether there are places for values in it.
    pub(super) live: bool,
    /// Whether something from the environment stands within such a place.
    pub(super) torn: bool,
}

impl Text {
    /// A text that is never filled in: a key.
    pub(super) fn plain(text: &str) -> Self {
        let live = !tag_spans(text).is_empty();
        let [value, shown, template, script] = [(); 4].map(|()| text.to_owned());
        Self { value, shown, template, script, filled: false, live, torn: false }
    }

    /// Whether it begins with a place for a value.
    pub(super) fn leads(&self) -> bool {
        self.live && tag_spans(&self.script).first().is_some_and(|tag| tag.start == 0)
    }

    /// What it says, with a stand-in for each value that is not known yet.
    pub(super) fn around(&self, stand_in: &str) -> String {
        if !self.live {
            return self.value.clone();
        }
        let (mut out, mut from) = (String::new(), 0);
        for tag in tag_spans(&self.script) {
            out.push_str(&self.script[from..tag.start]);
            out.push_str(stand_in);
            from = tag.end;
        }
        out + &self.script[from..]
    }
}
