//! How each kind of mark looks where no style sheet may: a host that forbids styles inside of a
//! page still shows lines as lines. The style sheet overrides all of it.
//!
//! The colours are in the middle between light and dark, so that they are seen on both, and far
//! enough apart for eyes that do not tell red from green (after Okabe and Ito); lines differ in
//! their dashes too, so that no fact is told by colour alone.

/// Attributes of a mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    /// Its colour.
    pub(super) colour: &'static str,
    /// How wide a line is.
    pub(super) width: &'static str,
    /// Its dashes; whole where there are none.
    pub(super) dashes: Option<&'static str>,
    /// How much of the ground is seen through an area.
    pub(super) opacity: &'static str,
}

/// The look of marks of a class.
pub(super) fn ink(class: &str) -> Ink {
    let line = |colour, width, dashes| Ink { colour, width, dashes, opacity: "1" };
    let area = |colour, opacity| Ink { colour, width: "0", dashes: None, opacity };
    match class {
        "a" => line("#2f86d6", "1.8", None),
        "b" => line("#c87a1e", "1.8", Some("7 3")),
        "c" => line("#a860c8", "2.2", None),
        "d" => line("#2f9e78", "1.8", Some("2 3")),
        "plan" => line("#808890", "1.8", Some("2 4")),
        "limit" => line("#d0454f", "1.5", Some("9 4")),
        "zero" => line("#808890", "1.5", None),
        "spread" => area("#a860c8", ".16"),
        "sure" => area("#2f86d6", ".22"),
        "warm" => area("#808890", ".16"),
        "lost" | "gone" => area("#d0454f", ".14"),
        "window" => area("#c87a1e", ".22"),
        "turn" => Ink { dashes: Some("3 3"), ..area("#c87a1e", ".12") },
        "stage" => Ink { dashes: Some("3 3"), opacity: "0", ..line("#808890", "1", None) },
        "one" => area("#d0454f", "1"),
        "two" => area("#c87a1e", "1"),
        "three" => area("#2f86d6", "1"),
        "four" => area("#808890", "1"),
        _ => area("none", "0"),
    }
}
