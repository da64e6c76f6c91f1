//! Databases that are made from the schema of a version alone.

use generate::{Generator, Profile};
use migrations::Version;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;

use crate::error::Error;
use crate::journey::Journey;
use crate::subject::Subject;

/// The maximum number of rows of a table: more rows cost less than more databases.
pub(crate) const ROWS: usize = 8;

/// The newest version up to `version` whose rows are independent: no step derives them from other
/// rows.
pub(crate) fn underived(subject: &Subject<'_>, version: Version) -> Version {
    let derived = (1..=version).find(|version| {
        let notes = subject.catalogue.notes(*version);
        notes.is_some_and(|notes| !notes.remade.is_empty())
    });
    derived.map_or(version, |derived| derived - 1)
}

/// A generator for a version, with the columns that the application describes.
pub(crate) fn generator(
    subject: &Subject<'_>,
    version: Version,
    empty: &Connection,
    temper: Profile,
) -> Result<Generator, Error> {
    let schema = subject.catalogue.schema_at(version)?;
    let mut generator = Generator::new(&schema, empty)?.profile(temper).rows(ROWS);
    for table in schema.tables() {
        for column in &table.columns {
            let own = subject
                .application
                .column(version, &table.name, &column.name);
            if let Some(strategy) = own {
                generator = generator.column(&table.name, &column.name, strategy);
            }
        }
    }
    Ok(generator)
}

/// A random number generator that gives the same databases for the same seed and journey on every
/// machine.
pub(crate) fn rng(seed: u64, journey: Journey) -> TestRng {
    let mut bytes = [0_u8; 32];
    let parts = [seed, u64::from(journey.from), u64::from(journey.via)];
    for (place, byte) in bytes
        .iter_mut()
        .zip(parts.iter().flat_map(|part| part.to_le_bytes()))
    {
        *place = byte;
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
