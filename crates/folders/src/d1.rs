//! Cloudflare D1, which wrangler migrates: `0001_name.sql`.
//!
//! - Every file of the folder that ends in `.sql` is one, whatever its name; files that begin with
//!   a number come first, by number and then as text, the others as text. Versions of wrangler
//!   before that rule took all names as text:
//!   <https://github.com/cloudflare/workers-sdk/blob/main/packages/wrangler/src/d1/migrations/helpers.ts>.
//! - `migrations_dir` in wrangler's configuration names the folder, and there is no down migration:
//!   <https://developers.cloudflare.com/d1/reference/migrations/>.

use std::cmp::Ordering;

use crate::collect::{Reading, stem};
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::{by_value, leading_digits};
use crate::options::Options;
use crate::project_files;
use crate::source_tree::Tree;

fn order(a: &str, b: &str) -> Ordering {
    let (number, other) = (leading_digits(a).0, leading_digits(b).0);
    (number.is_empty().cmp(&other.is_empty()))
        .then_with(|| by_value(number, other))
        .then_with(|| a.cmp(b))
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.files("");
    let step = files.iter().find(|file| {
        file.ends_with(".sql")
            && leading_digits(file).1.starts_with('_')
            && !leading_digits(file).0.is_empty()
    });
    let Some(file) = step else {
        return Ok(Fit::No("no file is named like `0001_name.sql`".to_owned()));
    };
    if let Some(file) = files.iter().find(|file| file.ends_with(".down.sql")) {
        return Ok(Fit::No(format!(
            "`{file}` is a down migration, which wrangler would run forward"
        )));
    }
    Ok(match project_files::wrangler(tree.root()) {
        Some(config) => Fit::Sure(format!("`{config}` names this folder as `migrations_dir`")),
        None => Fit::Shape(format!("`{file}` is a number, `_` and a name")),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut files = tree.files("");
    files.retain(|file| file.ends_with(".sql"));
    let mut text_order = files.clone();
    text_order.sort_unstable();
    files.sort_by(|a, b| order(a, b));
    for file in &files {
        let mut step = Migration::named(stem(file), Down::Unsupported);
        step.up = Some(Script::whole(*file, &tree.text(file)?));
        reading.step(step);
        if leading_digits(file).0.is_empty() {
            reading.gap(
                *file,
                "it does not begin with a number; wrangler runs it after all that do",
            );
        }
    }
    let moved = files.iter().zip(&text_order).find(|(a, b)| a != b);
    if let Some((number, text)) = moved {
        let why =
            format!("older versions of wrangler take names as text and run `{text}` before it");
        reading.aside(*number, why);
    }
    Ok(reading)
}
