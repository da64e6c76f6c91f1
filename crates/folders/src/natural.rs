//! The order of numbered names.

use std::cmp::Ordering;

/// Numbers of any length in names, compared by their value, and the rest as text.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (digits, rest) = leading_digits(left);
        let (others, remains) = leading_digits(right);
        if digits.is_empty() || others.is_empty() {
            let (c, d) = (left.chars().next(), right.chars().next());
            match c.cmp(&d) {
                Ordering::Equal => {}
                order => return order,
            }
            let length = c.map_or(1, char::len_utf8);
            left = left.get(length..).unwrap_or_default();
            right = right.get(length..).unwrap_or_default();
            continue;
        }
        match by_value(digits, others) {
            Ordering::Equal => (left, right) = (rest, remains),
            order => return order,
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Two runs of digits by the number that they are.
pub(crate) fn by_value(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The digits at the start of a name, and the rest.
pub(crate) fn leading_digits(name: &str) -> (&str, &str) {
    let end = name.find(|c: char| !c.is_ascii_digit());
    name.split_at(end.unwrap_or(name.len()))
}
