//! Patterns of LIKE and GLOB, and text that they match.

use stdx::Rng;

/// The GLOB pattern with the matches of a LIKE pattern, except for the case of letters.
pub(super) fn glob_of_like(pattern: &str) -> String {
    let glob = |c: char| match c {
        '%' => "*".to_owned(),
        '_' => "?".to_owned(),
        '*' | '?' | '[' => format!("[{c}]"),
        other => other.to_string(),
    };
    pattern.chars().map(glob).collect()
}

/// The characters of a GLOB set; for an excluding set, some that remain.
pub(super) fn characters(set: &str) -> Vec<char> {
    let (not, set) = match set.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, set),
    };
    let set: Vec<char> = set.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = set.get(at) {
        match (set.get(at + 1), set.get(at + 2)) {
            (Some('-'), Some(last)) => {
                found.extend((*first..=*last).take(64));
                at += 3;
            }
            _ => {
                found.push(*first);
                at += 1;
            }
        }
    }
    if not {
        return ('0'..='z')
            .filter(|c| c.is_ascii_alphanumeric() && !found.contains(c))
            .collect();
    }
    found
}

/// Text that a GLOB pattern matches.
pub(super) fn expand(
    pattern: &str,
    only: Option<&str>,
    length: (usize, Option<usize>),
    rng: &mut Rng,
) -> String {
    let letters = characters(only.unwrap_or("a-z"));
    let mut text = String::new();
    let mut fill = None;
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => fill = Some(text.len()),
            '?' => text.extend(rng.choose(&letters)),
            '[' => {
                let mut set = String::new();
                for c in rest.by_ref() {
                    if c == ']' && !set.is_empty() && set != "^" {
                        break;
                    }
                    set.push(c);
                }
                text.extend(rng.choose(&characters(&set)));
            }
            other => text.push(other),
        }
    }
    if let Some(at) = fill {
        let known = text.chars().count();
        let room = length.1.map_or(5, |high| high.saturating_sub(known));
        let least = length.0.saturating_sub(known).max(usize::from(room > 0));
        let more = least + rng.index(room.saturating_sub(least).min(5) + 1);
        let middle: String = (0..more.min(100_000))
            .filter_map(|_| rng.choose(&letters))
            .collect();
        text.insert_str(at, &middle);
    }
    text
}
