//! What must not be shown, and the mask that hides it.

/// Values that came from the environment, with the names they came by.
#[derive(Clone, Default)]
pub struct Masks {
    values: Vec<(String, String)>,
}

impl Masks {
    /// Remembers a value that must not be shown, and the name shown in its place.
    pub fn hide(&mut self, name: &str, value: &str) {
        self.values.push((name.to_owned(), value.to_owned()));
    }
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Masks({})", self.values.len())
    }
}
