//! A string of the gate file: plain text, and values that come from the environment.

/// Plain text and environment variables, in turn. What is plain stays plain, whatever it contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pieces: Vec<Piece>,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it is.
    Plain(String),
    /// A value from the environment.
    Variable {
        /// Its name.
        name: String,
        /// What stands for it where it is not set.
        default: Option<String>,
    },
}

impl Text {
    /// Plain text alone.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        let mut whole = Self::default();
        whole.push(&text.into());
        whole
    }

    /// A variable that must be set.
    pub(super) fn variable(name: &str) -> Self {
        Self { pieces: vec![Piece::Variable { name: name.to_owned(), default: None }] }
    }

    /// A variable with a default; what would end the default early is percent-encoded.
    pub(super) fn variable_or(name: &str, default: &str) -> Self {
        let mut safe = String::with_capacity(default.len());
        for sign in default.chars() {
            match sign {
                '$' => safe.push_str("%24"),
                '{' => safe.push_str("%7B"),
                '}' => safe.push_str("%7D"),
                other => safe.push(other),
            }
        }
        Self { pieces: vec![Piece::Variable { name: name.to_owned(), default: Some(safe) }] }
    }

    /// Adds plain text.
    pub(super) fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Plain(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Plain(text.to_owned()));
        }
    }

    /// Adds another text.
    pub(super) fn append(&mut self, other: Text) {
        for piece in other.pieces {
            match piece {
                Piece::Plain(text) => self.push(&text),
                variable @ Piece::Variable { .. } => self.pieces.push(variable),
            }
        }
    }

    /// The pieces in order.
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether it takes anything from the environment.
    pub(super) fn has_variable(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. }))
    }

    /// Replaces each plain piece, leaving the variables.
    pub(super) fn map_plain(self, mut change: impl FnMut(&str) -> Text) -> Text {
        let mut whole = Self::default();
        for piece in self.pieces {
            match piece {
                Piece::Plain(text) => whole.append(change(&text)),
                variable @ Piece::Variable { .. } => whole.pieces.push(variable),
            }
        }
        whole
    }

    /// The length of the plain text, in bytes.
    pub(super) fn plain_len(&self) -> usize {
        let len = |piece: &Piece| match piece {
            Piece::Plain(text) => text.len(),
            Piece::Variable { .. } => 0,
        };
        self.pieces.iter().map(len).sum()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}
