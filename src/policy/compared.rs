//! What a key of `[regression]` means for the bar.

use super::difference::Way;
use super::written::number;

/// Which way a key of `[regression]` goes; `fresh` where the base compared nothing. A key that is
/// not there stands for its default.
pub(super) fn way(key: &str, (was, is): (Option<&str>, Option<&str>), fresh: bool) -> Way {
    if fresh {
        return Way::Added;
    }
    match key {
        // More confidence, more that is ignored and a higher floor find less.
        "confidence" => less_is_stricter(was, is, 99.0),
        "ignore" => less_is_stricter(was, is, 1.0),
        "floor" => match (was, is) {
            (_, None) => Way::Tightened,
            (None, _) => Way::Loosened,
            (Some(_), Some(_)) => less_is_stricter(was, is, 0.0),
        },
        "inconclusive" => {
            let rank = |word: Option<&str>| match word.unwrap_or("warn") {
                "fail" => 0.0,
                "warn" => 1.0,
                _ => 2.0,
            };
            ordered(rank(was), rank(is))
        }
        // With fewer or shorter rounds less is found; how many there are without the key depends.
        "rounds" | "round" => match was.and_then(number).zip(is.and_then(number)) {
            Some((was, is)) => ordered(is, was),
            None => Way::Changed,
        },
        "restart" | "mode" => Way::Changed,
        "baseline" | "against" => match (was, is) {
            (None, _) => Way::Added,
            (Some(_), None) => Way::Removed,
            (Some(_), Some(_)) => Way::Loosened,
        },
        _ => match (was, is) {
            (None, _) => Way::Added,
            (Some(_), None) => Way::Removed,
            (Some(_), Some(_)) => less_is_stricter(was, is, 0.0),
        },
    }
}

fn less_is_stricter(was: Option<&str>, is: Option<&str>, usual: f64) -> Way {
    let number = |text: Option<&str>| text.map_or(Some(usual), number);
    match number(was).zip(number(is)) {
        Some((was, is)) => ordered(was, is),
        None => Way::Loosened,
    }
}

/// What a number means that is stricter the smaller it is.
fn ordered(was: f64, is: f64) -> Way {
    if is < was {
        Way::Tightened
    } else if is > was {
        Way::Loosened
    } else {
        Way::Changed
    }
}
