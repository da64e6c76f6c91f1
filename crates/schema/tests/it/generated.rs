//! Properties that hold for every schema, tested on generated ones.
//!
//! `PROPTEST_CASES` sets the number of cases; the default is low enough for each run of the tests.

mod pools;
mod render;
mod spec;
mod write;

use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Connection;
use schema::sql::quote_name;
use schema::{Comparison, Rename, Schema, diff};

use render::Values;
use spec::{ColumnSpec, Dice, Spec, fresh};
use write::create;

fn config() -> ProptestConfig {
    // A failure is printed and becomes its own test, so no file keeps it.
    let few = ProptestConfig {
        failure_persistence: None,
        cases: 128,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig {
            cases: ProptestConfig::default().cases,
            ..few
        },
        None => few,
    }
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

fn database(sql: &str) -> Connection {
    let conn = Connection::open_in_memory().expect("memory");
    conn.execute_batch(sql)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    conn
}

fn read(sql: &str) -> Schema {
    Schema::read(&database(sql)).expect("a schema")
}

/// Asserts that both are the same schema when read, listed and hashed.
fn assert_same(one: &Schema, other: &Schema, context: &str) {
    assert_eq!(diff(one, other), [], "{context}");
    assert_eq!(one.fingerprint(), other.fingerprint(), "{context}");
    assert_eq!(one.to_string(), other.to_string(), "{context}");
}

proptest! {
    #![proptest_config(config())]

    /// The values read equal the declared ones, in every field and spelling.
    #[test]
    fn what_is_created_is_read(what in bytes(250), how in bytes(400)) {
        let spec = Spec::roll(&mut Dice(&what));
        let plain = create(&spec, &mut Dice(&[]));
        let spelt = create(&spec, &mut Dice(&how));
        let (one, other) = (read(&plain), read(&spelt));
        let expected = Values::of(&spec);
        prop_assert_eq!(expected.first_difference(&Values::read(&one)), None, "{}", plain);
        prop_assert_eq!(expected.first_difference(&Values::read(&other)), None, "{}", spelt);
        assert_same(&one, &one, &plain);
        assert_same(&one, &other, &spelt);
    }

    /// Every mutation is found, by every comparison.
    #[test]
    fn what_is_changed_is_seen(what in bytes(250), change in bytes(8), how in bytes(100)) {
        let spec = Spec::roll(&mut Dice(&what));
        let mut other = spec.clone();
        mutate(&mut other, &mut Dice(&change));
        let (a, b) = (create(&spec, &mut Dice(&[])), create(&other, &mut Dice(&how)));
        let (one, two) = (read(&a), read(&b));
        let same = spec == other;
        prop_assert_eq!(diff(&one, &two).is_empty(), same, "{}{}", a, b);
        prop_assert_eq!(diff(&two, &one).is_empty(), same, "{}{}", a, b);
        prop_assert_eq!(one.fingerprint() == two.fingerprint(), same, "{}{}", a, b);
        prop_assert_eq!(one.to_string() == two.to_string(), same, "{}{}", a, b);
        // A guess explains changes and hides none.
        let guessed = Comparison::new(&one, &two).changes();
        prop_assert_eq!(guessed.is_empty(), same, "{}{}", a, b);
    }

    /// Two unrelated schemas.
    #[test]
    fn equal_means_equal_fingerprints(one in bytes(60), two in bytes(60)) {
        let (one, two) = (Spec::roll(&mut Dice(&one)), Spec::roll(&mut Dice(&two)));
        let (one, two) = (create(&one, &mut Dice(&[])), create(&two, &mut Dice(&[])));
        let (a, b) = (read(&one), read(&two));
        let same = a.fingerprint() == b.fingerprint();
        prop_assert_eq!(diff(&a, &b).is_empty(), same, "{}{}", one, two);
        prop_assert_eq!(a == b, a.to_string() == b.to_string(), "{}{}", one, two);
    }

    /// `ALTER TABLE` leaves the schema that `CREATE` would have made.
    #[test]
    fn altered_is_as_created(what in bytes(250), op in bytes(12), how in bytes(200)) {
        let mut spec = Spec::roll(&mut Dice(&what));
        let dice = &mut Dice(&op);
        let which = dice.roll(4);
        let before = spec.clone();
        let (sql, rename) = match which {
            0 => (add_column(&mut spec, dice), None),
            1 => rename_column(&mut spec, dice),
            2 => rename_table(&mut spec, dice),
            _ => {
                // The dropped column is the one that was added before.
                let mut wider = spec.clone();
                add_column(&mut wider, dice);
                let at = before.tables.iter().zip(&wider.tables).position(|(a, b)| a != b).unwrap();
                let table = &wider.tables[at];
                let column = table.columns.last().expect("a column").name;
                let sql = format!("ALTER TABLE {} DROP COLUMN \
                                   {}", quote_name(table.name), quote_name(column));
                check_altered(&wider, &spec, &sql, &how);
                return Ok(());
            }
        };
        check_altered(&before, &spec, &sql, &how);
        if let Some(rename) = rename {
            let old = read(&create(&before, &mut Dice(&[])));
            let new = read(&create(&spec, &mut Dice(&[])));
            let renames = [rename];
            let comparison = Comparison::new(&old, &new).renames(&renames);
            let changes = comparison.guess_renames(false).changes();
            let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
            // A view or a trigger may be reported, too, if a word in it is ambiguous.
            let only = lines.iter().skip(1).all(|line| line.starts_with("ALTER \
                VIEW") || line.starts_with("ALTER TRIGGER"));
            prop_assert!(lines[0].starts_with("RENAME") && only, "{:#?}\n{}", lines, sql);
        }
    }
}

fn check_altered(before: &Spec, after: &Spec, sql: &str, how: &[u8]) {
    let made = create(before, &mut Dice(how));
    let conn = database(&made);
    if let Err(error) = conn.execute_batch(sql) {
        // SQLite refuses some renames of its own tables; then there is nothing to compare.
        let refused = error.to_string().contains("after rename");
        assert!(refused, "{error}\n{made}{sql}");
        return;
    }
    let altered = Schema::read(&conn).expect("a schema");
    let fresh = create(after, &mut Dice(&[]));
    assert_same(&altered, &read(&fresh), &format!("{made}{sql};\n{fresh}"));
}

fn add_column(spec: &mut Spec, dice: &mut Dice<'_>) -> String {
    let at = dice.roll(spec.tables.len());
    let table = &mut spec.tables[at];
    let mut used: Vec<String> = table
        .columns
        .iter()
        .map(|c| c.name.to_ascii_lowercase())
        .collect();
    let default = dice.pick(&[None, Some("1"), Some("'x'"), Some("-1"), Some("x'AB'")]);
    let generated = dice.rarely().then(|| {
        let expression = spec::Expression {
            template: "lower(@0)",
            columns: [0, 0],
        };
        (expression, false)
    });
    let default = default.filter(|_| generated.is_none());
    table.columns.push(ColumnSpec {
        name: fresh(dice, &mut used),
        declared_type: Some(dice.pick(&["TEXT", "INT", "REAL"])),
        not_null: default.and(dice.rarely().then_some(None)),
        default,
        collation: dice.pick(&[None, Some("NOCASE")]),
        generated,
    });
    write::add_column(table, dice)
}

fn rename_column(spec: &mut Spec, dice: &mut Dice<'_>) -> (String, Option<Rename>) {
    let at = dice.roll(spec.tables.len());
    let table = &mut spec.tables[at];
    let mut used: Vec<String> = table
        .columns
        .iter()
        .map(|c| c.name.to_ascii_lowercase())
        .collect();
    let to = fresh(dice, &mut used);
    let column = dice.roll(table.columns.len());
    let from = std::mem::replace(&mut table.columns[column].name, to);
    let sql = format!(
        "ALTER TABLE {} RENAME COLUMN {} TO {}",
        quote_name(table.name),
        quote_name(from),
        quote_name(to)
    );
    (sql, Some(Rename::column(table.name, from, to)))
}

fn rename_table(spec: &mut Spec, dice: &mut Dice<'_>) -> (String, Option<Rename>) {
    let to = fresh(dice, &mut spec.used);
    let at = dice.roll(spec.tables.len());
    let from = std::mem::replace(&mut spec.tables[at].name, to);
    let sql = format!(
        "ALTER TABLE {} RENAME TO {}",
        quote_name(from),
        quote_name(to)
    );
    (sql, Some(Rename::table(from, to)))
}

/// Changes one declaration, or none.
fn mutate(spec: &mut Spec, dice: &mut Dice<'_>) {
    let table = dice.roll(spec.tables.len());
    let width = spec.tables[table].columns.len();
    let own = &mut spec.tables[table];
    let column = dice.roll(width);
    let in_key = own
        .primary_key
        .iter()
        .any(|key| key.parts.iter().any(|part| part.0 == column));
    let plain = own.columns[column].generated.is_none();
    match dice.roll(16) {
        0 => {}
        1 if !in_key => {
            let not_null = &mut own.columns[column].not_null;
            *not_null = if not_null.is_some() { None } else { Some(None) };
        }
        2 if plain => {
            own.columns[column].default = match own.columns[column].default {
                Some("9") => None,
                _ => Some("9"),
            }
        }
        3 if !in_key && !own.strict => own.columns[column].declared_type = Some("JSON"),
        4 => {
            own.checks.pop();
        }
        5 => {
            own.foreign_keys.pop();
        }
        6 => {
            own.uniques.pop();
        }
        7 => {
            spec.indexes.pop();
        }
        8 => {
            spec.triggers.pop();
        }
        9 => {
            if let Some(index) = spec.indexes.first_mut() {
                index.unique = !index.unique;
            }
        }
        10 => {
            if let Some(index) = spec.indexes.first_mut() {
                index.parts[0].2 = !index.parts[0].2;
            }
        }
        11 => {
            if let Some(key) = own.foreign_keys.first_mut() {
                key.deferred = !key.deferred;
            }
        }
        12 => {
            if let Some(trigger) = spec.triggers.first_mut() {
                trigger.body.push(spec::Expression {
                    template: "SELECT 2",
                    columns: [0, 0],
                });
            }
        }
        13 => {
            if let Some((made, stored)) = &mut own.columns[column].generated {
                made.template = "@0 * 9";
                *stored = !*stored;
            }
        }
        14 => {
            if let Some((_, _, tokenizer)) = spec.full_text.first_mut() {
                *tokenizer = "trigram";
            }
        }
        15 => own.autoincrement = false,
        _ => {
            rename_column(spec, dice);
        }
    }
}
