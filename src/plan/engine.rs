//! Who puts the load on.

use super::value::Word;

/// Who puts the load on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Own,
    Locust,
}

impl Word for Engine {
    const NAME: &'static str = "Engine";
    const ALL: &'static [(&'static str, Self)] =
        &[("loadgate", Self::Own), ("locust", Self::Locust)];
}
