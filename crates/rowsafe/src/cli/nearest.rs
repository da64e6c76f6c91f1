//! A suggestion for a misspelt name.

/// The least likeness of two words for a suggestion, from 0 to 1; clap uses the same for options.
const ALIKE: f64 = 0.7;

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
