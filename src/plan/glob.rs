//! Names chosen by pattern, as in a shell: `*` is any text, `?` any one character.

use std::str::Chars;

use crate::run::is_group;

/// Whether a name matches a pattern, all of it. Takes time |pattern| · |name| at most.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (mut wanted, mut seen) = (pattern.chars(), name.chars());
    // What follows the last `*`, and the part of the name that it has not taken.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let here = (wanted.clone(), seen.clone());
        match (wanted.next(), seen.next()) {
            (Some('*'), _) => {
                star = Some((wanted.clone(), here.1.clone()));
                seen = here.1;
            }
            (None, None) => return true,
            (Some(sign), Some(found)) if sign == '?' || sign == found => {}
            (_, None) => return false,
            (_, Some(_)) => {
                let Some((behind, left)) = &mut star else { return false };
                left.next();
                (wanted, seen) = (behind.clone(), left.clone());
            }
        }
    }
}

/// Whether a name is one that a pattern is about: patterns of endpoints choose no groups.
#[must_use]
pub fn selects(pattern: &str, name: &str) -> bool {
    is_group(pattern) == is_group(name) && matches(pattern, name)
}

/// Whether a text is a pattern and not a plain name.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        };
        check("*", "GET /", true);
        check("*", "", true);
        check("GET /products*", "GET /products/7", true);
        check("GET /products*", "POST /products", false);
        check("GET /?", "GET /a", true);
        check("GET /?", "GET /", false);
        check("*a*b*", "xxaxxbxx", true);
        check("*a*b", "xxaxxbxx", false);
        check("checkout", "checkout", true);
        check("checkout", "checkout2", false);
        check("größe?", "größe1", true);
    }
}
