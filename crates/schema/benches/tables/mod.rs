//! Typical tables of applications, for measuring and for counting.

/// Table number `n`, with six columns, keys, an index and a check; the first is `t0`.
pub(crate) fn table(n: usize) -> String {
    format!(
        "CREATE TABLE t{n}(
           id INTEGER PRIMARY KEY, label TEXT NOT NULL COLLATE NOCASE UNIQUE,
           weight REAL CHECK (weight >= 0), made_at TEXT DEFAULT CURRENT_TIMESTAMP,
           up INTEGER REFERENCES t0(id) ON DELETE CASCADE, short AS (substr(label, 1, 3)));
         CREATE INDEX i{n} ON t{n}(up, made_at DESC) WHERE up IS NOT NULL;"
    )
}
