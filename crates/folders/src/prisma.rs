//! Prisma: a folder a migration, `<time>_<name>/migration.sql`, and `migration_lock.toml` beside
//! them.
//!
//! - The folders are run in the order of their names as text; one without `migration.sql` is an
//!   error; files beside them are passed over:
//!   <https://github.com/prisma/prisma/blob/main/packages/migrate/src/utils/listMigrations.ts>,
//!   <https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories>.
//! - `migration_lock.toml` names the database: the same page.
//! - There is no down migration; a `down.sql` that somebody makes is run by hand:
//!   <https://www.prisma.io/docs/orm/prisma-migrate/workflows/generating-down-migrations>.

use crate::collect::Reading;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

const LOCK: &str = "migration_lock.toml";

fn steps(tree: &Tree) -> Vec<&str> {
    let mut names = tree.folders("");
    names.sort_unstable();
    names
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let steps = steps(tree);
    let step = steps
        .iter()
        .find(|name| tree.has_file(&format!("{name}/migration.sql")));
    let Some(name) = step else {
        return Ok(Fit::No("no folder holds a `migration.sql`".to_owned()));
    };
    let drizzle = steps
        .iter()
        .find(|name| tree.has_file(&format!("{name}/snapshot.json")));
    Ok(match drizzle {
        _ if tree.has_file(LOCK) => Fit::Sure(format!("`{LOCK}` is Prisma's")),
        Some(name) => Fit::No(format!(
            "`{name}` holds a `snapshot.json`, which Prisma does not write"
        )),
        None => Fit::Shape(format!("`{name}` holds a `migration.sql`")),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    if tree.has_file(LOCK) {
        let lock = tree.text(LOCK)?.parse::<toml::Table>().unwrap_or_default();
        let provider = lock.get("provider").and_then(toml::Value::as_str);
        if let Some(provider) = provider.filter(|provider| *provider != "sqlite") {
            let what = format!("is of a folder for `{provider}`, not for SQLite");
            let hint = "only SQLite's migrations can be run here";
            return Err(InputError::new(&tree.path(LOCK), &what, hint));
        }
    }
    for name in steps(tree) {
        let file = format!("{name}/migration.sql");
        if !tree.has_file(&file) {
            let why = format!("`{name}` has no `migration.sql`: prisma refuses the whole folder");
            reading.refuse_unrun(name, why);
            continue;
        }
        let mut step = Migration::named(name, Down::Unsupported);
        step.up = Some(Script::whole(&file, &tree.text(&file)?));
        reading.step(step);
    }
    for file in tree
        .files("")
        .into_iter()
        .filter(|file| file.ends_with(".sql"))
    {
        reading.aside(file, "it is beside the folders; prisma never runs it");
    }
    Ok(reading)
}
