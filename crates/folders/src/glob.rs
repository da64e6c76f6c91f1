//! Patterns of paths: `*` and `?` within a name, `**` for any number of folders.

/// Whether a path with `/` fits the pattern. A pattern without `/` fits a file of that name in any
/// folder, and a pattern that fits a folder fits everything in it.
pub(crate) fn fits(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let names: Vec<&str> = path.split('/').collect();
    let parts: Vec<&str> = pattern.split('/').collect();
    match parts.as_slice() {
        [only] if *only != "**" => names.iter().any(|name| fits_name(only, name)),
        parts => (1..=names.len()).any(|end| fits_path(parts, names.get(..end).unwrap_or(&[]))),
    }
}

/// Whether a path fits the pattern as a whole.
pub(crate) fn fits_whole(pattern: &str, path: &str) -> bool {
    let parts: Vec<&str> = pattern.trim_start_matches("./").split('/').collect();
    fits_path(&parts, &path.split('/').collect::<Vec<_>>())
}

fn fits_path(parts: &[&str], names: &[&str]) -> bool {
    match (parts, names) {
        ([], []) => true,
        (["**", parts @ ..], names) => {
            (0..=names.len()).any(|skip| fits_path(parts, names.get(skip..).unwrap_or_default()))
        }
        ([part, parts @ ..], [name, names @ ..]) => {
            fits_name(part, name) && fits_path(parts, names)
        }
        _ => false,
    }
}

fn fits_name(pattern: &str, name: &str) -> bool {
    // The last `*`, and the end of the text that it fits: going back there is enough.
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = name.get(place) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(own) if *own == '?' || own == c => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((own, from)) => {
                    star = Some((own, from + 1));
                    at = own + 1;
                    place = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names_folders_and_paths() {
        for (pattern, path) in [
            ("*.sql", "a/b.sql"),
            ("seed*", "seeds/a.sql"),
            ("a/*.sql", "a/b.sql"),
            ("a", "a/b/c.sql"),
            ("**/b.sql", "b.sql"),
            ("**/b.sql", "x/y/b.sql"),
            ("a/**", "a/b/c.sql"),
            ("?_*.sql", "1_a.sql"),
            ("*a*b", "xaxbxb"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a/*.sql", "a/b/c.sql"),
            ("b.sql", "a/xb.sql"),
            ("?_*.sql", "10_a.sql"),
            ("*a*b", "xaxbxc"),
            ("a/b", "x/a/b"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
        assert!(!fits_whole("*.sql", "a/b.sql") && fits_whole("**/*.sql", "a/b.sql"));
    }
}
