//! Words for what SQLite cannot run: SQL of another engine, and what an application registers.

use schema::sql::fold;

/// Signs of another engine's SQL, the engine, and what each is there. Lower case, one space
/// between words.
const SIGNS: &[(&str, &str, &str)] = &[
    (" alter column ", "libSQL or PostgreSQL", "`ALTER COLUMN`"),
    (" modify column ", "MySQL", "`MODIFY COLUMN`"),
    (" change column ", "MySQL", "`CHANGE COLUMN`"),
    ("::", "PostgreSQL", "a cast by `::`"),
    (" create extension ", "PostgreSQL", "`CREATE EXTENSION`"),
    (" create type ", "PostgreSQL", "`CREATE TYPE`"),
    (" create schema ", "PostgreSQL", "`CREATE SCHEMA`"),
    (" create sequence ", "PostgreSQL", "`CREATE SEQUENCE`"),
    (" create function ", "PostgreSQL", "`CREATE FUNCTION`"),
    (
        " or replace function ",
        "PostgreSQL",
        "`CREATE OR REPLACE FUNCTION`",
    ),
    (" language plpgsql", "PostgreSQL", "PL/pgSQL"),
    ("$$", "PostgreSQL", "a `$$` string"),
    (" as identity", "PostgreSQL", "`GENERATED … AS IDENTITY`"),
    (" comment on ", "PostgreSQL", "`COMMENT ON`"),
    (" auto_increment", "MySQL", "`AUTO_INCREMENT`"),
    (" engine=", "MySQL", "`ENGINE=`"),
    (" engine =", "MySQL", "`ENGINE=`"),
    (" set names ", "MySQL", "`SET NAMES`"),
    (" using gin", "PostgreSQL", "`USING gin`"),
    (" using btree", "PostgreSQL or MySQL", "`USING btree`"),
    (" now()", "PostgreSQL or MySQL", "`now()`"),
];

/// The clause about a statement that the tool cuts in its middle, as at the first `;` of a trigger;
/// `None` if the message is about something else, or the tool does not cut.
pub(crate) fn explain_cut(tool: &str, message: &str) -> Option<String> {
    if !message.contains("incomplete input") {
        return None;
    }
    let markers = |prefix: &str| {
        format!(
            "{tool} ends a statement at the first line that ends in `;`, which is inside a trigger \
             here: put `-- +{prefix} StatementBegin` before the statement and `-- +{prefix} \
             StatementEnd` after it"
        )
    };
    match tool {
        "goose" => Some(markers("goose")),
        "sql-migrate" => Some(markers("migrate")),
        "drizzle" => Some(format!(
            "{tool} cuts the file at each `--> statement-breakpoint`: remove the one inside the \
             statement"
        )),
        _ => None,
    }
}

/// Functions of other engines, which no application registers on SQLite.
const FOREIGN: &str = "now gen_random_uuid getdate nextval currval sysdate to_char to_date \
    to_timestamp uuid_generate_v4 from_unixtime unix_timestamp date_add date_sub date_trunc \
    curdate regexp_replace array_agg jsonb_build_object setval pg_catalog";

/// Whether a function belongs to another engine.
pub(crate) fn is_foreign(name: &str) -> bool {
    let name = fold(name);
    FOREIGN.split_whitespace().any(|own| own == name)
}

/// SQLite's words, followed by what they mean where they are known to mean more.
pub(crate) fn explain(statement: &str, words: &str) -> String {
    for (start, what, hint) in [
        (
            "no such function: ",
            "function",
            "declare it with the option `stub-function` as `",
        ),
        ("no such collation sequence: ", "collation", ""),
        ("no such module: ", "module", ""),
    ] {
        let Some(name) = words.strip_prefix(start) else {
            continue;
        };
        if what == "function" && !fold(name).starts_with("now") {
            return format!(
                "{words}: an application registers this {what}; {hint}{name}/ARITY` to let the \
                 history continue"
            );
        }
        if what != "function" {
            return format!("{words}: an application or an extension registers this {what}");
        }
    }
    if !(words.contains("syntax error")
        || words.contains("unrecognized token")
        || words.contains("no such function"))
    {
        return words.to_owned();
    }
    let text = fold(&schema::sql::canonical(statement));
    let text = format!(
        " {} ",
        text.trim_end().trim_end_matches(';').replace('(', " (")
    );
    let text = text.replace("now ()", "now()");
    let sign = SIGNS.iter().find(|(sign, _, _)| text.contains(sign));
    match sign {
        Some((_, engine, what)) => {
            format!("{words}: {what} is SQL of {engine}, which SQLite does not know")
        }
        None => words.to_owned(),
    }
}
