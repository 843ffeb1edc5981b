//! Names chosen by pattern, as in a shell: `*` is any text, `?` any one character.

/// Whether a name matches a pattern, all of it. Runs in time |pattern| · |name| at most.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last `*` stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(sign) if *sign == '?' || *sign == name[seen] => {
                at += 1;
                seen += 1;
            }
            Some(_) | None => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
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
