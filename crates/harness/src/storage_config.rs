//! A storage configuration: the physical format of a file, on which no step may depend.
//!
//! The same rows can be in pages of 512 bytes or of 65536, in UTF-8 or UTF-16, between free pages,
//! in a file that a SQLite of 2009 wrote. [`StorageConfig::rebuild`] rebuilds a database in a
//! different configuration, with the same schema, rows, rowids and sequences, on a [`Machine`],
//! which supports WAL although files in memory do not.

mod rebuild;

use std::collections::BTreeSet;
use std::fmt;

use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_LEGACY_FILE_FORMAT;

use simulator::Machine;
use stdx::Rng;

/// The file's name on the machine of a configuration.
const FILE: &str = "storage.db";

/// The number of values of each property of a configuration, in the order of
/// [`StorageConfig::properties`].
const VALUES: [usize; 8] = [8, 3, 3, 2, 2, 2, 2, 2];

/// The page sizes by a property's value, the usual one first.
const PAGE_SIZES: [u32; 8] = [4096, 512, 1024, 2048, 8192, 16384, 32768, 65536];

const ENCODINGS: [&str; 3] = ["UTF-8", "UTF-16le", "UTF-16be"];

const AUTO_VACUUMS: [&str; 3] = ["NONE", "FULL", "INCREMENTAL"];

/// The number of configurations that are drawn for each one that is taken. The one with the most
/// pairs of values that no other has is taken.
const DRAWN: u64 = 24;

/// The physical format of a file: one value for each property, 0 for the usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageConfig {
    properties: [u8; 8],
}

impl StorageConfig {
    /// The usual configuration: pages of 4096 bytes, UTF-8, no auto_vacuum, journal mode DELETE, no
    /// added free pages, and the current format.
    pub fn usual() -> StorageConfig {
        StorageConfig::default()
    }

    /// All configurations.
    pub fn all() -> Vec<StorageConfig> {
        let count: usize = VALUES.iter().product();
        let config = |mut number: usize| {
            let mut config = StorageConfig::default();
            for (property, values) in config.properties.iter_mut().zip(VALUES) {
                *property = u8::try_from(number % values).unwrap_or(0);
                number /= values;
            }
            config
        };
        (0..count).map(config).collect()
    }

    /// A few configurations in which every two values of different properties occur together at
    /// least once. Errors that depend on more than two properties are rare.
    pub fn sample(seed: u64) -> Vec<StorageConfig> {
        let mut missing: BTreeSet<Pair> = every_pair().collect();
        let mut rng = Rng::new(seed);
        let mut taken = Vec::new();
        while let Some(first) = missing.first().copied() {
            let drawn = (0..DRAWN).map(|_| StorageConfig::draw(&mut rng).with(first));
            let shows = |config: &StorageConfig| {
                let pairs = config.pairs().into_iter();
                pairs.filter(|pair| missing.contains(pair)).count()
            };
            let Some(config) = drawn.max_by_key(shows) else {
                break;
            };
            for pair in config.pairs() {
                missing.remove(&pair);
            }
            taken.push(config);
        }
        taken
    }

    fn draw(rng: &mut Rng) -> StorageConfig {
        let mut config = StorageConfig::default();
        for (property, values) in config.properties.iter_mut().zip(VALUES) {
            *property = u8::try_from(rng.index(values)).unwrap_or(0);
        }
        config
    }

    fn with(mut self, pair: Pair) -> StorageConfig {
        for (place, value) in [pair.0, pair.1] {
            if let Some(property) = self.properties.get_mut(usize::from(place)) {
                *property = value;
            }
        }
        self
    }

    /// This configuration with one unusual property replaced by the usual one, for each of them.
    pub fn more_usual(self) -> Vec<StorageConfig> {
        let unusual = (0..VALUES.len()).filter(|place| self.value(*place) > 0);
        let back = |place: usize| {
            let mut config = self;
            if let Some(property) = config.properties.get_mut(place) {
                *property = 0;
            }
            config
        };
        unusual.map(back).collect()
    }

    /// Every pair of its values, each value with the index of its property.
    fn pairs(self) -> Vec<Pair> {
        let values = || (0_u8..).zip(self.properties);
        let pairs = values().flat_map(|one| {
            values()
                .filter(move |other| one.0 < other.0)
                .map(move |other| (one, other))
        });
        pairs.collect()
    }

    fn value(self, place: usize) -> usize {
        self.properties.get(place).copied().map_or(0, usize::from)
    }

    /// The size of a page in bytes.
    pub fn page_size(self) -> u32 {
        PAGE_SIZES.get(self.value(0)).copied().unwrap_or(4096)
    }

    /// The encoding of text.
    pub fn encoding(self) -> &'static str {
        ENCODINGS.get(self.value(1)).copied().unwrap_or("UTF-8")
    }

    /// The value of `auto_vacuum`: the treatment of free pages at a COMMIT.
    pub fn auto_vacuum(self) -> &'static str {
        AUTO_VACUUMS.get(self.value(2)).copied().unwrap_or("NONE")
    }

    /// The journal mode.
    pub fn journal(self) -> &'static str {
        if self.value(3) == 0 { "DELETE" } else { "WAL" }
    }

    /// Whether there are free pages between the others.
    pub fn free_pages(self) -> bool {
        self.value(4) > 0
    }

    /// Whether SQLite before 2010 wrote the file: schema format 1, in which no index is descending,
    /// and a header without the file's size.
    /// <https://sqlite.org/fileformat2.html#schema_format_number>
    pub fn old_format(self) -> bool {
        self.value(5) > 0
    }

    /// Whether deleted content is overwritten.
    pub fn secure_delete(self) -> bool {
        self.value(6) > 0
    }

    /// The number of bytes at the end of each page that SQLite leaves to extensions, such as
    /// checksums.
    pub fn reserved_bytes(self) -> u8 {
        if self.value(7) == 0 { 0 } else { 8 }
    }

    /// Opens the database of a machine that [`StorageConfig::rebuild`] made.
    ///
    /// # Errors
    /// If SQLite reports an error.
    pub fn open(self, machine: &Machine) -> rusqlite::Result<Connection> {
        let connection = machine.connect(FILE)?;
        if self.secure_delete() {
            connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
        }
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(connection)
    }

    /// Sets the properties that must be set before the first table is made.
    fn set(self, connection: &Connection) -> rusqlite::Result<()> {
        connection.set_db_config(SQLITE_DBCONFIG_LEGACY_FILE_FORMAT, self.old_format())?;
        connection.execute_batch(&format!(
            "PRAGMA page_size = {}; PRAGMA encoding = '{}'; PRAGMA auto_vacuum = {}",
            self.page_size(),
            self.encoding(),
            self.auto_vacuum()
        ))
    }
}

/// Two values of a configuration, each with the index of its property.
type Pair = ((u8, u8), (u8, u8));

/// Every pair of values of different properties.
fn every_pair() -> impl Iterator<Item = Pair> {
    let values = || {
        (0_u8..).zip(VALUES).flat_map(|(place, count)| {
            let values = 0..u8::try_from(count).unwrap_or(0);
            values.map(move |value| (place, value))
        })
    };
    values().flat_map(move |one| {
        values()
            .filter(move |other| one.0 < other.0)
            .map(move |other| (one, other))
    })
}

impl fmt::Display for StorageConfig {
    /// Writes the statements that set the configuration in the `sqlite3` shell before the first
    /// table; usual values need none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.page_size() != PAGE_SIZES[0] {
            parts.push(format!("PRAGMA page_size = {};", self.page_size()));
        }
        if self.encoding() != ENCODINGS[0] {
            parts.push(format!("PRAGMA encoding = '{}';", self.encoding()));
        }
        if self.auto_vacuum() != AUTO_VACUUMS[0] {
            parts.push(format!("PRAGMA auto_vacuum = {};", self.auto_vacuum()));
        }
        if self.journal() != "DELETE" {
            parts.push(format!("PRAGMA journal_mode = {};", self.journal()));
        }
        if self.secure_delete() {
            parts.push("PRAGMA secure_delete = ON;".to_owned());
        }
        if self.old_format() {
            parts.push(".dbconfig legacy_file_format on".to_owned());
        }
        if self.reserved_bytes() > 0 {
            parts.push(format!(".filectrl reserve_bytes {}", self.reserved_bytes()));
        }
        if self.free_pages() {
            parts.push("-- and for free pages, drop a large table at the end".to_owned());
        }
        if parts.is_empty() {
            parts.push("-- the usual configuration".to_owned());
        }
        f.write_str(&parts.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_shows_every_two_values_together() {
        let pairs = |configs: &[StorageConfig]| -> BTreeSet<Pair> {
            configs.iter().flat_map(|config| config.pairs()).collect()
        };
        let all = StorageConfig::all();
        assert_eq!(all.len(), 2_304);
        assert_eq!(pairs(&all), every_pair().collect());
        for seed in 0..5 {
            let sample = StorageConfig::sample(seed);
            assert_eq!(pairs(&sample), pairs(&all));
            assert!(sample.len() <= 36, "{}", sample.len());
            assert_eq!(sample, StorageConfig::sample(seed));
        }
    }

    #[test]
    fn every_property_can_be_as_usual() {
        let last = *StorageConfig::all().last().unwrap();
        assert_eq!(last.more_usual().len(), VALUES.len());
        assert!(StorageConfig::usual().more_usual().is_empty());
        assert_eq!(
            StorageConfig::usual().to_string(),
            "-- the usual configuration"
        );
    }
}
