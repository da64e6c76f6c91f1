//! The schema of every version, as text.

use std::collections::HashMap;

use rusqlite::Connection;
use traininglogs::{CURRENT_VERSION, QUERIES, catalogue, query};

/// One snapshot for each version, and a new version gets its own.
#[test]
fn each_version_has_its_schema() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for version in 1..=CURRENT_VERSION {
            let schema = catalogue().schema_at(version).unwrap();
            insta::assert_snapshot!(format!("schema_v{version:04}"), schema.to_string());
        }
    });
}

#[test]
fn the_folders_are_the_catalogue() {
    assert_eq!(catalogue().current_version(), CURRENT_VERSION);
    let versions = concat!(env!("CARGO_MANIFEST_DIR"), "/versions");
    let mut folders: Vec<String> = std::fs::read_dir(versions)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let steps: Vec<&str> = catalogue()
        .steps()
        .iter()
        .map(|step| step.folder())
        .collect();
    assert_eq!(steps, folders);
}

#[test]
fn each_query_prepares_where_it_claims_to() {
    for query in QUERIES {
        assert!(
            (1..=CURRENT_VERSION).contains(&query.since),
            "{}",
            query.name
        );
        for version in (1..=CURRENT_VERSION).filter(|version| query.good_for(*version)) {
            let connection = catalogue().build(version).unwrap();
            let prepared = connection.prepare(query.sql);
            let statement = prepared
                .unwrap_or_else(|error| panic!("{} at version {version}: {error}", query.name));
            let reads = query.access == migrations::Access::Reads;
            assert_eq!(statement.readonly(), reads, "{}", query.name);
        }
    }
}

#[test]
fn the_forms_of_a_query_do_not_overlap() {
    for version in 0..=CURRENT_VERSION {
        let good: Vec<&str> = QUERIES
            .iter()
            .filter(|q| q.good_for(version))
            .map(|q| q.name)
            .collect();
        for name in &good {
            assert_eq!(
                good.iter().filter(|other| *other == name).count(),
                1,
                "{name}"
            );
            assert!(query(name, version).is_some());
        }
    }
}

/// SQLite's plan of each query at each of its versions, one snapshot for each version. The plans
/// are made without rows and statistics, so that they are the same everywhere; the work of triggers
/// is not shown.
#[test]
fn each_query_has_its_plan() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for version in 1..=CURRENT_VERSION {
            let connection = catalogue().build(version).unwrap();
            let mut text = String::new();
            for query in QUERIES.iter().filter(|query| query.good_for(version)) {
                text.push_str(&format!("{}\n{}", query.name, plan(&connection, query.sql)));
            }
            insta::assert_snapshot!(format!("plans_v{version:04}"), text);
        }
    });
}

/// The [plan](https://sqlite.org/eqp.html) as a tree.
fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let mut rows = statement.raw_query();
    let (mut depths, mut text) = (HashMap::from([(0, 0)]), String::new());
    while let Some(row) = rows.next().unwrap() {
        let (id, parent): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let depth = depths[&parent] + 1;
        depths.insert(id, depth);
        let line: String = row.get(3).unwrap();
        text.push_str(&format!("{}{line}\n", "  ".repeat(depth)));
    }
    text
}

/// The lookup reads the newest rows of one exercise, and nothing is sorted; a range of time is one
/// range of an index.
#[test]
fn lookups_use_their_indexes() {
    let connection = catalogue().build(CURRENT_VERSION).unwrap();
    for (name, index) in [
        ("last_exercise", "COVERING INDEX idx_exercises_last"),
        ("sessions_between", "idx_session_created"),
    ] {
        let plan = plan(&connection, query(name, CURRENT_VERSION).unwrap().sql);
        assert!(plan.contains(index), "{name}: {plan}");
        let sorts = name == "last_exercise" && plan.contains("TEMP B-TREE");
        assert!(!sorts && !plan.contains("SCAN"), "{name}: {plan}");
    }
}
