//! The pools from which the generator chooses.

use schema::Conflict;

use super::spec::Template;

/// Names, and whether each needs no quotes.
pub(super) const NAMES: &[(&str, bool)] = &[
    ("a", true),
    ("b", true),
    ("label", true),
    ("Mixed", true),
    ("x1", true),
    ("order", false),
    ("select", false),
    ("my name", false),
    ("quo\"te", false),
    ("it's", false),
    ("line\nbreak", false),
    ("🦀", true),
    ("É", true),
    ("é", true),
    ("[b]", false),
    ("`", false),
    ("1st", false),
    ("-- no", false),
    ("a.b", false),
    ("current_time", false),
    ("abort", false),
    ("$x", false),
    ("_y", true),
    ("z$9", true),
    ("key", false),
    ("text", true),
    ("", false),
    ("/*", false),
    ("match", false),
    ("CamelCase", true),
    ("glob", false),
    ("end", false),
    ("t", true),
    ("u", true),
    ("v", true),
    ("w", true),
    ("tab", true),
    ("tt", true),
    ("idx", true),
    ("trg", true),
    ("q1", true),
    ("q2", true),
];

pub(super) const CONDITIONS: &[Template] = &[
    "@0 > 0",
    "@0 <> 'x'",
    "@0 IS NOT NULL",
    "length(@0) < 9",
    "@0 IN (1, 2)",
    "@0 NOT IN ('a', 'B')",
    "@0 BETWEEN 1 AND 9",
    "(@0 > 1 OR @1 < 2) AND @0 = 3",
    "@0 LIKE 'a%' ESCAPE '!'",
    "CASE WHEN @0 THEN 1 ELSE 0 END",
    "NOT @0",
    "@0 COLLATE NOCASE = 'x'",
    "@0 GLOB '[a-z]*'",
    "@0 IS @1",
    "- -1.5e-3 < @0",
];

pub(super) const VALUES: &[Template] = &[
    "@0 + 1",
    "lower(@0)",
    "@0 || '-' || @1",
    "abs(@0) % 2",
    "-@0",
    "coalesce(@0, 'it''s', x'AB')",
    "json_extract(@0, '$.x')",
    "@0 ->> '$.y'",
    "iif(@0 > 1, @1, NULL)",
];

pub(super) const TYPES: &[Option<&str>] = &[
    None,
    Some("INTEGER"),
    Some("INT"),
    Some("TEXT"),
    Some("REAL"),
    Some("BLOB"),
    Some("Numeric"),
    Some("VARCHAR(20)"),
    Some("DECIMAL(10, -2)"),
    Some("UNSIGNED BIG INT"),
    Some("DATETIME"),
];

pub(super) const STRICT_TYPES: &[Option<&str>] = &[
    Some("INTEGER"),
    Some("INT"),
    Some("TEXT"),
    Some("REAL"),
    Some("BLOB"),
    Some("ANY"),
];

pub(super) const DEFAULTS: &[Option<&str>] = &[
    None,
    Some("1"),
    Some("-1"),
    Some("+2.5"),
    Some("'x'"),
    Some("'It''s'"),
    Some("''"),
    Some("x'00AB'"),
    Some("CURRENT_TIMESTAMP"),
    Some("true"),
    Some("(1 + 1)"),
    Some("(lower('A'))"),
    Some("0xff"),
];

pub(super) const COLLATIONS: &[Option<&str>] = &[None, Some("NOCASE"), Some("RTRIM")];

pub(super) const CONFLICTS: &[Option<Conflict>] = &[
    None,
    None,
    Some(Conflict::Rollback),
    Some(Conflict::Fail),
    Some(Conflict::Ignore),
    Some(Conflict::Replace),
];

pub(super) const ACTIONS: &[Option<&str>] = &[
    None,
    Some("CASCADE"),
    Some("SET NULL"),
    Some("SET DEFAULT"),
    Some("RESTRICT"),
];

/// Two columns for each view, so that one list of names fits all.
pub(super) const QUERIES: &[Template] = &[
    "SELECT @0, @1 FROM @t",
    "SELECT DISTINCT @t.@0 AS one, 1 FROM @t WHERE @1 > 1",
    "SELECT @0, count(*) FROM @t GROUP BY @0 HAVING count(*) > 1 ORDER BY @1 DESC LIMIT 3",
    "SELECT x.@0, y.@1 FROM @t AS x LEFT OUTER JOIN @t AS y ON x.@0 = y.@1",
    "WITH c AS (SELECT @0 AS n FROM @t) SELECT n, sum(n) OVER (ORDER BY n) FROM c",
    "SELECT @0, @1 FROM @t UNION ALL SELECT 'A', NULL",
    "SELECT @0, (SELECT max(@1) FROM @t) FROM @t",
];

pub(super) const COMMANDS: &[Template] = &[
    "SELECT 1",
    "DELETE FROM @t WHERE @0 = 1",
    "UPDATE @t SET @2 = 'New' WHERE @0 IS @1",
    "INSERT INTO @t(@2) VALUES (1)",
    "INSERT OR IGNORE INTO @t(@2) SELECT @2 FROM @t WHERE @0 > 1",
];
