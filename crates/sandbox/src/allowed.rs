//! The actions that untrusted SQL may take. Any action that is not listed is denied, including
//! those that a newer SQLite adds.

use std::collections::{BTreeSet, HashSet};
use std::sync::{LazyLock, OnceLock};

use rusqlite::hooks::{AuthAction, TransactionOperation};
use rusqlite::{Connection, ffi};

/// The decision on an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow,
    /// Skip the action without an error.
    Ignore,
    /// Refuse the action, which the text describes as a clause.
    Deny(String),
}

/// Decides on an action; `registered` knows the functions that the caller registered.
///
/// If an expression computes the name of a file, SQLite passes NULL as the name. This arrives here
/// as an action without a name, and is denied like any action that is not listed.
pub(crate) fn decide(action: AuthAction<'_>, registered: &dyn Fn(&str) -> bool) -> Decision {
    use AuthAction::*;
    match action {
        CreateIndex { .. }
        | CreateTable { .. }
        | CreateTempIndex { .. }
        | CreateTempTable { .. }
        | CreateTempTrigger { .. }
        | CreateTempView { .. }
        | CreateTrigger { .. }
        | CreateView { .. }
        | Delete { .. }
        | DropIndex { .. }
        | DropTable { .. }
        | DropTempIndex { .. }
        | DropTempTable { .. }
        | DropTempTrigger { .. }
        | DropTempView { .. }
        | DropTrigger { .. }
        | DropView { .. }
        | Insert { .. }
        | Read { .. }
        | Select
        | Update { .. }
        | Detach { .. }
        | AlterTable { .. }
        | Reindex { .. }
        | Analyze { .. }
        | DropVtable { .. }
        | Recursive => Decision::Allow,
        // rusqlite has no variant for COMMIT, which arrives as `Unknown`.
        Transaction { operation } | Savepoint { operation, .. } => match operation {
            TransactionOperation::Unknown
            | TransactionOperation::Begin
            | TransactionOperation::Release
            | TransactionOperation::Rollback => Decision::Allow,
            _ => denied("it handles a transaction in a way that is not known"),
        },
        Attach { filename } => match filename {
            "" | ":memory:" => Decision::Allow,
            name => denied(format!("it opens another file, `{name}`")),
        },
        Pragma {
            pragma_name,
            pragma_value,
        } => pragma(pragma_name, pragma_value),
        // For a module that is not registered, SQLite itself reports that there is none.
        CreateVtable { module_name, .. } => {
            let known = known().modules.contains(&module_name.to_ascii_lowercase());
            if is_in(MODULES, module_name) || !known {
                Decision::Allow
            } else {
                denied(format!("the module `{module_name}` may open other files"))
            }
        }
        Function { function_name } => {
            if is_known_function(function_name) || registered(function_name) {
                Decision::Allow
            } else {
                denied(format!(
                    "it calls `{function_name}`, which may reach outside the database"
                ))
            }
        }
        Unknown { code, .. } if code == ffi::SQLITE_ATTACH => {
            denied("it opens another file, whose name an expression makes")
        }
        Unknown { code, .. } => denied(format!(
            "it does something that is not known to be harmless (SQLite's action {code})"
        )),
        _ => denied("it does something that is not known to be harmless"),
    }
}

/// The names of a list, as a set for fast lookups.
type Names = LazyLock<HashSet<&'static str>>;

/// Whether SQL may call this function of SQLite.
fn is_known_function(name: &str) -> bool {
    static ALL: Names = LazyLock::new(|| FUNCTIONS.split_whitespace().collect());
    ALL.contains(name) || ALL.contains(name.to_ascii_lowercase().as_str())
}

/// Whether a pragma affects only the connection and its database.
fn is_own_pragma(name: &str) -> bool {
    static ALL: Names = LazyLock::new(|| PRAGMAS.split_whitespace().collect());
    ALL.contains(name) || ALL.contains(name.to_ascii_lowercase().as_str())
}

fn denied(what: impl Into<String>) -> Decision {
    Decision::Deny(what.into())
}

fn is_in(list: &str, name: &str) -> bool {
    list.split_whitespace()
        .any(|own| own.eq_ignore_ascii_case(name))
}

fn pragma(name: &str, value: Option<&str>) -> Decision {
    let sets = value.is_some();
    let in_memory = |value: &str| value == "2" || value.eq_ignore_ascii_case("memory");
    if is_own_pragma(name) || (is_in(PRAGMAS_THAT_SAY, name) && !sets) {
        return Decision::Allow;
    }
    if is_in(PRAGMAS_THAT_SAY, name) {
        return if name.eq_ignore_ascii_case("temp_store") && value.is_some_and(in_memory) {
            Decision::Allow
        } else {
            Decision::Ignore
        };
    }
    // SQLite ignores a pragma that it does not know.
    if known().pragmas.contains(&name.to_ascii_lowercase()) {
        denied(format!(
            "`PRAGMA {name}` reaches outside the database, or is not known to be harmless"
        ))
    } else {
        Decision::Allow
    }
}

/// The pragmas and modules of this SQLite.
#[derive(Default)]
struct Known {
    pragmas: BTreeSet<String>,
    modules: BTreeSet<String>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let read = |sql: &str| -> rusqlite::Result<BTreeSet<String>> {
            let connection = Connection::open_in_memory()?;
            let mut names = connection.prepare(sql)?;
            names.query_map([], |row| row.get(0))?.collect()
        };
        let mut pragmas = read("SELECT name FROM pragma_pragma_list").unwrap_or_default();
        // Pragmas of other systems and of builds for tests.
        pragmas.extend(PRAGMAS_DENIED.split_whitespace().map(str::to_owned));
        Known {
            pragmas,
            modules: read("SELECT lower(name) FROM pragma_module_list").unwrap_or_default(),
        }
    })
}

/// Pragmas that affect only the connection and its database.
const PRAGMAS: &str = "
    analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size
    cache_spill case_sensitive_like cell_size_check checkpoint_fullfsync collation_list
    compile_options count_changes data_version database_list default_cache_size
    defer_foreign_keys empty_result_callbacks encoding foreign_key_check foreign_key_list
    foreign_keys freelist_count full_column_names fullfsync function_list
    ignore_check_constraints incremental_vacuum index_info index_list index_xinfo
    integrity_check journal_mode journal_size_limit legacy_alter_table locking_mode module_list
    optimize page_count page_size pragma_list query_only quick_check read_uncommitted
    recursive_triggers reverse_unordered_selects schema_version secure_delete short_column_names
    shrink_memory synchronous table_info table_list table_xinfo user_version wal_autocheckpoint
    wal_checkpoint writable_schema";

/// Pragmas that may be read. Setting them affects all connections of the process, or the
/// confinement of this one.
const PRAGMAS_THAT_SAY: &str = "
    hard_heap_limit max_page_count mmap_size soft_heap_limit temp_store threads trusted_schema";

/// Pragmas that name a file or a folder.
const PRAGMAS_DENIED: &str = "data_store_directory lock_proxy_file temp_store_directory";

/// SQLite's own modules that keep their data in the database.
const MODULES: &str =
    "dbstat fts3 fts3tokenize fts4 fts4aux fts5 fts5vocab geopoly rtree rtree_i32";

/// SQLite's own functions that read and write only values. `ALTER TABLE` itself calls those in the
/// last lines.
const FUNCTIONS: &str = "
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char
    coalesce concat concat_ws cos cosh count cume_dist current_date current_time
    current_timestamp date datetime degrees dense_rank exp first_value floor format
    fts5_get_locale fts5_insttoken fts5_locale fts5_source_id glob group_concat hex highlight if
    ifnull iif instr json json_array json_array_insert json_array_length json_each
    json_error_position json_extract json_group_array json_group_object json_insert json_object
    json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type
    json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array
    jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace
    jsonb_set julianday lag last_insert_rowid last_value lead length like likelihood likely ln
    log log10 log2 lower ltrim match matchinfo max median min mod nth_value ntile nullif
    octet_length offsets optimize percent_rank percentile percentile_cont percentile_disc pi pow
    power printf quote radians random randomblob rank replace round row_number rtreecheck
    rtreedepth rtreenode rtrim sign sin sinh snippet soundex sqlite_compileoption_get
    sqlite_compileoption_used sqlite_source_id sqlite_version sqrt strftime string_agg substr
    substring subtype sum tan tanh time timediff total total_changes trim trunc typeof unhex
    unicode unistr unistr_quote unixepoch unlikely upper zeroblob
    sqlite_add_constraint sqlite_drop_column sqlite_drop_constraint sqlite_fail
    sqlite_find_constraint sqlite_rename_column sqlite_rename_quotefix sqlite_rename_table
    sqlite_rename_test";

/// SQLite's functions that are denied: they load code, take a pointer, or write a log.
#[cfg(test)]
const FUNCTIONS_DENIED: &str = "fts3_tokenizer fts5 load_extension sqlite_log";

/// SQLite's table-valued functions, besides the modules.
#[cfg(test)]
const TABLE_FUNCTIONS: &str = "json_each json_tree";

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }

    /// The additions of a newer SQLite fail here until they are put into a list.
    #[test]
    fn each_function_pragma_and_module_of_sqlite_is_decided_on() {
        for name in names("SELECT DISTINCT name FROM pragma_function_list") {
            let (allowed, denied) = (is_in(FUNCTIONS, &name), is_in(FUNCTIONS_DENIED, &name));
            assert!(allowed != denied, "{name}");
        }
        for name in names("SELECT name FROM pragma_pragma_list") {
            let lists = [PRAGMAS, PRAGMAS_THAT_SAY, PRAGMAS_DENIED];
            let count = lists.iter().filter(|list| is_in(list, &name)).count();
            assert_eq!(count, 1, "{name}");
        }
        for name in names("SELECT name FROM pragma_module_list") {
            let table_function = name.starts_with("pragma_") || is_in(TABLE_FUNCTIONS, &name);
            assert!(is_in(MODULES, &name) || table_function, "{name}");
        }
    }

    /// An unknown action has a code that is not listed.
    #[test]
    fn what_is_not_listed_is_denied() {
        for code in [0, ffi::SQLITE_ATTACH, ffi::SQLITE_FUNCTION, 34, 1_000] {
            let unknown = AuthAction::Unknown {
                code,
                arg1: None,
                arg2: None,
            };
            assert!(
                matches!(decide(unknown, &|_| false), Decision::Deny(_)),
                "{code}"
            );
        }
        let call = |function_name| AuthAction::Function { function_name };
        assert!(matches!(
            decide(call("readfile"), &|_| false),
            Decision::Deny(_)
        ));
        let own = |name: &str| name == "readfile";
        assert_eq!(decide(call("readfile"), &own), Decision::Allow);
        assert_eq!(decide(call("LENGTH"), &|_| false), Decision::Allow);
    }

    #[test]
    fn pragmas_that_concern_others_are_denied_or_have_no_effect() {
        for (name, value, decision) in [
            ("foreign_keys", Some("ON"), Decision::Allow),
            ("foreign_key", Some("ON"), Decision::Allow),
            ("temp_store", Some("MEMORY"), Decision::Allow),
            ("temp_store", Some("FILE"), Decision::Ignore),
            ("hard_heap_limit", Some("1"), Decision::Ignore),
            ("hard_heap_limit", None, Decision::Allow),
            ("trusted_schema", Some("ON"), Decision::Ignore),
        ] {
            assert_eq!(pragma(name, value), decision, "{name} {value:?}");
        }
        for name in PRAGMAS_DENIED.split_whitespace() {
            assert!(matches!(pragma(name, None), Decision::Deny(_)), "{name}");
        }
    }
}
