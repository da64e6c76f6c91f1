//! Generated docs: blocks between markers in Markdown files, made from the folders and the schema.
//!
//! A block begins with `<!-- begin generated: NAME -->` and ends with `<!-- end generated -->`;
//! people write the text outside, and it is kept. NAME is `tables`, `diagram` or `versions`.

#![expect(clippy::disallowed_methods, reason = "the docs of a subject are files")]

mod diagram;
pub(crate) mod objects;
mod tables;
mod versions;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::error::Error;
use crate::subject::{Subject, show};
use objects::current;

const BEGIN: &str = "<!-- begin generated: ";
const END: &str = "<!-- end generated -->";

/// The names of the blocks; each is exactly once in the docs of a subject.
const BLOCKS: [&str; 3] = ["tables", "diagram", "versions"];

/// A file with generated blocks.
#[derive(Debug)]
pub struct Page {
    /// Its path, relative to the subject's root.
    pub path: PathBuf,
    /// Its text as it is, with `\n` line ends.
    pub text: String,
    /// Its text with the blocks rebuilt.
    pub made: String,
}

/// Returns all files of the subject's docs, with their blocks rebuilt.
///
/// # Errors
/// If a file cannot be read, a block is malformed, or a block is not exactly once in all of them.
pub fn pages(subject: &Subject<'_>) -> Result<Vec<Page>, Error> {
    let mut pages = Vec::new();
    for path in &subject.docs {
        let shown = show(path);
        let restore = format!("restore it: `git checkout -- {shown}`");
        let text = fs::read_to_string(subject.root.join(path))
            .map_err(|error| format!("`{shown}` cannot be read: {error}; {restore}"))?
            .replace("\r\n", "\n");
        let made =
            render(subject, &text).map_err(|error| format!("`{shown}`: {error}; {restore}"))?;
        pages.push(Page {
            path: path.clone(),
            text,
            made,
        });
    }
    for block in BLOCKS {
        let begin = format!("{BEGIN}{block} -->");
        let times: usize = pages
            .iter()
            .map(|page| page.text.matches(&begin).count())
            .sum();
        if times != 1 && !subject.docs.is_empty() {
            return Err(Error::from(format!(
                "the docs contain the block `{block}` {times} times; put `{begin}` and `{END}` \
                 into them once"
            )));
        }
    }
    Ok(pages)
}

/// Returns the text with its generated blocks rebuilt.
///
/// # Errors
/// If a block is not closed, has an unknown name, or there is none at all.
fn render(subject: &Subject<'_>, text: &str) -> Result<String, Error> {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        if before.contains(END) {
            return Err(Error::from(format!("a `{END}` ends no block")));
        }
        let (name, after) = after
            .split_once(" -->")
            .ok_or("a block's first line is not closed")?;
        let (_, after) = after
            .split_once(END)
            .ok_or_else(|| format!("the block `{name}` has no `{END}`"))?;
        let block = match name {
            "tables" => tables::tables(subject)?,
            "diagram" => diagram::diagram(&current(subject)?),
            "versions" => versions::versions(subject)?,
            other => {
                return Err(Error::from(format!(
                    "there is no generated block `{other}`"
                )));
            }
        };
        let _ = write!(made, "{before}{BEGIN}{name} -->\n{block}{END}");
        rest = after;
    }
    if rest.contains(END) {
        return Err(Error::from(format!("a `{END}` ends no block")));
    }
    made.push_str(rest);
    Ok(made)
}
