//! Names in the SQL whose values are set outside it.

use std::ops::Range;

use crate::input_error::InputError;
use crate::options::Options;
use crate::remedy::Remedy;
use crate::source_tree::Tree;

fn value<'a>(options: &'a Options, name: &str, exact: bool) -> Option<&'a str> {
    let is = |known: &str| {
        if exact {
            known == name
        } else {
            known.eq_ignore_ascii_case(name)
        }
    };
    let found = options.defines.iter().rev().find(|(known, _)| is(known));
    found.map(|(_, value)| value.as_str())
}

fn unknown(tree: &Tree, file: &str, text: &str, offset: usize, name: &str) -> InputError {
    let what = format!("has a name that nothing defines: `{name}`");
    InputError::at(&tree.path(file), text, offset, &what, "")
        .with_remedy(Remedy::Define(name.to_owned()))
}

/// A part of a text with `$NAME`, `${NAME}` and `${NAME:-default}` filled in, as a shell would.
pub(crate) fn environment(
    tree: &Tree,
    file: &str,
    text: &str,
    range: Range<usize>,
    options: &Options,
) -> Result<String, InputError> {
    let mut filled = String::new();
    let mut at = range.start;
    let part = text.get(..range.end).unwrap_or_default();
    while let Some(found) = part.get(at..).and_then(|rest| rest.find('$')) {
        let dollar = at + found;
        filled.push_str(part.get(at..dollar).unwrap_or_default());
        let rest = part.get(dollar + 1..).unwrap_or_default();
        let word = |text: &str| {
            let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            end.unwrap_or(text.len())
        };
        if rest.starts_with('$') {
            filled.push('$');
            at = dollar + 2;
        } else if let Some((inner, _)) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        {
            let name = inner.get(..word(inner)).unwrap_or_default();
            let other = inner.get(name.len()..).unwrap_or_default();
            let default = other.strip_prefix(":-").or_else(|| other.strip_prefix('-'));
            let value = value(options, name, true).or(default);
            let value = value.ok_or_else(|| unknown(tree, file, text, dollar, name))?;
            filled.push_str(value);
            at = dollar + inner.len() + 3;
        } else if word(rest) > 0 && !rest.starts_with(|c: char| c.is_ascii_digit()) {
            let name = rest.get(..word(rest)).unwrap_or_default();
            let value = value(options, name, true);
            let value = value.ok_or_else(|| unknown(tree, file, text, dollar, name))?;
            filled.push_str(value);
            at = dollar + 1 + name.len();
        } else {
            filled.push('$');
            at = dollar + 1;
        }
    }
    filled.push_str(part.get(at..).unwrap_or_default());
    Ok(filled)
}

/// A whole text with Flyway's `${name}` filled in, in comments, too; the case of names does not
/// matter.
pub(crate) fn placeholders(
    tree: &Tree,
    file: &str,
    text: &str,
    options: &Options,
) -> Result<String, InputError> {
    let mut filled = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("${")) {
        let start = at + found;
        filled.push_str(text.get(at..start).unwrap_or_default());
        let inner = text.get(start + 2..).unwrap_or_default();
        let Some((name, _)) = inner.split_once('}') else {
            at = start;
            break;
        };
        let own = || match name.to_ascii_lowercase().as_str() {
            "flyway:filename" => Some(file.rsplit('/').next().unwrap_or(file)),
            "flyway:table" => Some("flyway_schema_history"),
            _ => None,
        };
        let value = value(options, name, false).or_else(own);
        filled.push_str(value.ok_or_else(|| unknown(tree, file, text, start, name))?);
        at = start + name.len() + 3;
    }
    filled.push_str(text.get(at..).unwrap_or_default());
    Ok(filled)
}
