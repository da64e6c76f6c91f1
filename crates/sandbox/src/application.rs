//! The functions and collations that an application registers on its connections, and what is used
//! instead of them here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::sql::fold;

/// The comparison that is used instead of a collation of the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collation {
    /// Compares bytes.
    #[default]
    Binary,
    /// Compares bytes, with ASCII letters in lower case.
    NoCase,
    /// Compares bytes, without spaces at the end.
    RTrim,
}

/// A kind of object that an application registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A function of SQL.
    Function,
    /// A collation.
    Collation,
    /// The module of a virtual table.
    Module,
    /// The tokenizer of a search table.
    Tokenizer,
}

/// The objects that an application registers on its connections. All sandboxes of a
/// [`Scope`](crate::Scope) share them.
#[derive(Debug, Default)]
pub struct Application(Mutex<Objects>);

#[derive(Debug, Default)]
struct Objects {
    functions: BTreeMap<(String, i32), Option<String>>,
    collations: BTreeMap<String, Collation>,
    /// The objects that nobody declared.
    missing: BTreeSet<(ObjectKind, String)>,
    /// The ordinary tables that are used instead of virtual ones, folded.
    tables: BTreeSet<String>,
}

impl Application {
    /// Declares a function with this number of arguments, -1 for any. It returns the value of
    /// `expression`, in which `?1` is the first argument, or NULL.
    pub fn declare_function(&self, name: &str, arity: i32, expression: Option<&str>) {
        let (name, expression) = (fold(name), expression.map(str::to_owned));
        self.objects().functions.insert((name, arity), expression);
    }

    /// Declares a collation.
    pub fn declare_collation(&self, name: &str, collation: Collation) {
        self.objects().collations.insert(fold(name), collation);
    }

    /// Records an object that nobody declared. A function returns NULL, a collation compares bytes.
    pub fn add_missing(&self, kind: ObjectKind, name: &str) {
        let name = fold(name);
        let mut objects = self.objects();
        match kind {
            ObjectKind::Function => {
                objects.functions.entry((name.clone(), -1)).or_default();
            }
            ObjectKind::Collation => {
                objects.collations.entry(name.clone()).or_default();
            }
            ObjectKind::Module | ObjectKind::Tokenizer => {}
        }
        objects.missing.insert((kind, name));
    }

    /// The objects that nobody declared, their names folded.
    pub fn missing(&self) -> Vec<(ObjectKind, String)> {
        self.objects().missing.iter().cloned().collect()
    }

    /// Records an ordinary table that is used instead of a virtual one.
    pub fn add_table(&self, name: &str) {
        self.objects().tables.insert(fold(name));
    }

    /// The ordinary tables that are used instead of virtual ones, folded.
    pub fn tables(&self) -> Vec<String> {
        self.objects().tables.iter().cloned().collect()
    }

    /// Whether the function is registered with any number of arguments.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        let name = fold(name);
        let objects = self.objects();
        objects.functions.keys().any(|(own, _)| *own == name)
    }

    /// The functions, each with its number of arguments and its expression.
    pub(crate) fn functions(&self) -> BTreeMap<(String, i32), Option<String>> {
        self.objects().functions.clone()
    }

    /// The collations, each with the comparison that is used instead.
    pub(crate) fn collations(&self) -> BTreeMap<String, Collation> {
        self.objects().collations.clone()
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
