//! Red flags: reasons to stop before anything is written, although every statement would run.
//!
//! Three of the five are here. `loss` asks for consent to losses; `file` and `run` refuse a file
//! that drifted or whose history was edited. `docs/red-flags.md` explains each for users.

use schema::sql;
use schema::{Change, ChangeKind, Object};

use crate::Version;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::options::Options;
use crate::plan::Plan;
use crate::planned_step::Direction;
use crate::step::Down;

/// Checks every step that `plan` runs upwards.
pub(crate) fn look(catalogue: &Catalogue, plan: &Plan, options: &Options) -> Result<(), Error> {
    let up = plan
        .steps
        .iter()
        .filter(|step| step.direction == Direction::Up);
    for version in up.map(|step| step.version) {
        catalogue.sound(version, || {
            no_way_back(catalogue, version)?;
            query_breaks(catalogue, version)
        })?;
        if !options.allow_undocumented {
            catalogue.documented(version, || undocumented(catalogue, version))?;
        }
    }
    Ok(())
}

/// A step with an effect needs a down migration with an effect, or a reason why there is none.
fn no_way_back(catalogue: &Catalogue, version: Version) -> Result<(), Error> {
    let Some(step) = catalogue.step(version) else {
        return Ok(());
    };
    let does_something = step.code().is_some() || !sql::statements(step.up()).is_empty();
    let silent = match step.down() {
        Down::Sql(back) => sql::statements(back).is_empty(),
        Down::Irreversible(reason) => reason.trim().is_empty(),
    };
    if does_something && silent {
        Err(error::way_back_unsaid(step.folder()))
    } else {
        Ok(())
    }
}

/// A query that claims the version must compile on it; if the notes declare the previous build
/// supported, so must that build's queries.
fn query_breaks(catalogue: &Catalogue, version: Version) -> Result<(), Error> {
    let claimed = catalogue
        .notes(version)
        .and_then(|notes| notes.compatibility.as_ref())
        .is_some_and(|claim| claim.supported);
    let mine = catalogue
        .queries()
        .iter()
        .filter(|query| query.good_for(version) || claimed && query.good_for(version - 1));
    let mut built = None;
    for query in mine {
        let connection = match built.take() {
            Some(connection) => connection,
            None => catalogue.build(version)?,
        };
        let failure = connection.prepare(query.sql).err();
        if let (Some(source), Some(step)) = (failure, catalogue.step(version)) {
            let older = !query.good_for(version);
            return Err(error::query_would_break(
                step.folder(),
                query.name,
                older,
                source,
            ));
        }
        built = Some(connection);
    }
    Ok(())
}

/// The notes must be complete and must describe each object that the step adds.
fn undocumented(catalogue: &Catalogue, version: Version) -> Result<(), Error> {
    let (Some(step), Some(notes)) = (catalogue.step(version), catalogue.notes(version)) else {
        return Ok(());
    };
    let mut missing = notes.problems();
    let (before, after) = (
        catalogue.schema_at(version - 1)?,
        catalogue.schema_at(version)?,
    );
    let bare = |name: &str| sql::fold(&name.replace('"', ""));
    for Change {
        kind, object, name, ..
    } in schema::diff(&before, &after)
    {
        let named = matches!(
            object,
            Object::Table | Object::Column | Object::Index | Object::Trigger | Object::View
        );
        let mut meanings = notes.meanings.iter();
        if kind == ChangeKind::Add && named && !meanings.any(|own| bare(&own.object) == bare(&name))
        {
            missing.push(format!("`{name}` has no description"));
        }
    }
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(error::undocumented(step.folder(), missing)),
    }
}
