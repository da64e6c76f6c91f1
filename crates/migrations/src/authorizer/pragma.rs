//! The pragmas that a step may use.

use crate::facts::Refusal;

/// Pragmas that only read, even with an argument. <https://sqlite.org/pragma.html>
const READING: [&str; 10] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
];

/// Pragmas that only read if they are given no value.
const READING_WITHOUT_VALUE: [&str; 50] = [
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "collation_list",
    "compile_options",
    "count_changes",
    "data_version",
    "database_list",
    "default_cache_size",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "full_column_names",
    "fullfsync",
    "function_list",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "schema_version",
    "secure_delete",
    "short_column_names",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "user_version",
    "wal_autocheckpoint",
    "writable_schema",
];

/// Pragmas for a step outside a transaction: they change how the file is stored, not its content.
pub(crate) const STORAGE_PRAGMAS: [&str; 4] = [
    "journal_mode",
    "page_size",
    "auto_vacuum",
    "incremental_vacuum",
];

pub(super) fn judge_pragma(name: &str, value: Option<&str>) -> Option<Refusal> {
    let is = |list: &[&str]| list.iter().any(|known| name.eq_ignore_ascii_case(known));
    if is(&READING) || (value.is_none() && is(&READING_WITHOUT_VALUE)) {
        return None;
    }
    let remedy = if name.eq_ignore_ascii_case("foreign_keys")
        || name.eq_ignore_ascii_case("defer_foreign_keys")
    {
        "remove it: foreign keys are off while a run works and checked before its COMMIT; inside a \
         transaction this pragma does nothing"
    } else if name.eq_ignore_ascii_case("user_version")
        || name.eq_ignore_ascii_case("application_id")
    {
        "remove it: the engine sets it in the transaction of the run"
    } else {
        "remove it, and set it where the application opens its connection"
    };
    Some(Refusal {
        what: format!("PRAGMA {name}"),
        remedy,
    })
}
