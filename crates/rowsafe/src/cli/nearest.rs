//! The word that was meant.

/// How alike two words are that may be the same one with a slip, from 0 to 1; clap asks the same of an option.
const ALIKE: f64 = 0.7;

/// The one of `words` that is most like `word`, with a question mark, for a hint; empty where none is.
pub(crate) fn is_it<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let alike = words
        .into_iter()
        .map(|other| (strsim::jaro(word, other), other))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match alike {
        Some((_, other)) => format!("is it `{other}`? "),
        None => String::new(),
    }
}
