//! A suggestion for a misspelt name.

/// The least likeness of two words for a suggestion, from 0 to 1; clap uses the same for options.
const ALIKE: f64 = 0.7;

/// How much less alike than the nearest a word may be.
const MARGIN: f64 = 0.05;

/// The clause `; did you mean …?` with the most similar of `words`; empty if none is similar.
pub(crate) fn did_you_mean<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let alike = words
        .into_iter()
        .map(|other| (strsim::jaro(word, other), other))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match alike {
        Some((_, other)) => format!("; did you mean `{other}`?"),
        None => String::new(),
    }
}

/// The most similar of `words`, at most three, the nearest first; the comparison looks at parts of
/// a word as well.
pub(crate) fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = word.to_lowercase();
    let mut alike: Vec<(f64, &str)> = words
        .into_iter()
        .map(|other| {
            let own = other.to_lowercase();
            let contains = lower.len() > 2 && own.contains(&lower);
            let alike = if contains {
                1.0
            } else {
                strsim::jaro(&lower, &own)
            };
            (alike, other)
        })
        .filter(|(alike, _)| *alike > ALIKE)
        .collect();
    alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let best = alike.first().map_or(0.0, |(alike, _)| *alike);
    alike.retain(|(alike, _)| best - alike < MARGIN);
    alike.into_iter().take(3).map(|(_, other)| other).collect()
}
