//! Checks that no file imports another in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use xtask::{Failure, say};

use crate::modules::{Module, Modules};

/// The modules that each module imports.
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

/// Looks for circles in each crate of the workspace.
///
/// # Errors
/// The circles, each with its arrows; or a file that cannot be read.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let crates = root.join("crates");
    let failed = |error: std::io::Error| {
        Failure::new(format!("`{}` cannot be read: {error}", crates.display()))
    };
    let mut folders: Vec<_> = Vec::new();
    for entry in fs::read_dir(&crates).map_err(failed)? {
        folders.push(entry.map_err(failed)?.path());
    }
    folders.sort();
    let mut files = 0;
    let mut found = Vec::new();
    for folder in folders.iter().filter(|folder| folder.join("src").is_dir()) {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let modules = Modules::read(&folder.join("src"))?;
        files += modules.0.len();
        let arrows = arrows(&modules);
        for circle in circles(&arrows) {
            found.push(describe(&name, &circle, &arrows));
        }
    }
    if files == 0 {
        return Err(Failure::new("there is no file to check"));
    }
    if found.is_empty() {
        say!("{files} files, no circle");
        return Ok(());
    }
    let hint = "move the shared code into a file below them; `use` lines and paths in code count, \
                `mod` and `pub use` do not";
    Err(Failure::new(found.join("\n")).hint(hint))
}

fn arrows(modules: &Modules) -> Arrows {
    let targets = |module: &Module, imports: &BTreeSet<Vec<String>>| {
        let paths = imports.iter();
        let targets = paths.filter_map(|path| modules.resolve(module, path));
        targets.filter(|target| target != module).collect()
    };
    let all = modules.0.iter();
    all.map(|(module, imports)| (module.clone(), targets(module, &imports.used)))
        .collect()
}

/// The sets of modules that all reach each other.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = arrows
        .keys()
        .map(|module| (module, reach(arrows, module)))
        .collect();
    let mut found: Vec<BTreeSet<Module>> = Vec::new();
    for (module, own) in &reached {
        let both = own.iter().filter(|other| {
            reached
                .get(*other)
                .is_some_and(|others| others.contains(module))
        });
        let circle: BTreeSet<Module> = both.map(|other| (*other).clone()).collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

fn reach<'a>(arrows: &'a Arrows, start: &Module) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = arrows.get(start).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(arrows.get(module).into_iter().flatten());
        }
    }
    reached
}

/// One line for the circle and one for each arrow in it.
fn describe(name: &str, circle: &BTreeSet<Module>, arrows: &Arrows) -> String {
    let file = |module: &Module| match module.as_slice() {
        [] => "lib.rs".to_owned(),
        path => format!("{}.rs", path.join("/")),
    };
    let mut text = format!(
        "crates/{name}: {} files import each other in a circle",
        circle.len()
    );
    for from in circle {
        let targets = arrows.get(from).into_iter().flatten();
        for to in targets.filter(|to| circle.contains(*to)) {
            text.push_str(&format!("\n  {} imports {}", file(from), file(to)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::Imports;

    /// The circles of a crate made of these files.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let module = |path: &str| -> Module {
            path.split('/')
                .filter(|word| *word != "lib")
                .map(str::to_owned)
                .collect()
        };
        let read = |(path, text): &(&str, &str)| (module(path), Imports::read(text).unwrap());
        let modules = Modules(files.iter().map(read).collect());
        let arrows = arrows(&modules);
        let circles = circles(&arrows);
        circles
            .iter()
            .map(|circle| describe("x", circle, &arrows))
            .collect()
    }

    #[test]
    fn a_planted_circle_is_found_with_its_arrows() {
        let circle = "crates/x: 2 files import each other in a circle\n  \
                      a.rs imports b.rs\n  b.rs imports a.rs";
        for (a, b) in [
            ("use crate::b::B; struct A;", "use crate::a::A; struct B;"),
            (
                "use super::{b::{self, B}}; struct A;",
                "fn f() -> crate::a::A { crate::a::A }",
            ),
            (
                "struct A; fn f() { assert!(crate::b::g()); }",
                "use super::a::A as C; fn g() {}",
            ),
            // Through a re-export of the root.
            ("use crate::B; struct A;", "use crate::a::A; pub struct B;"),
        ] {
            let lib = "mod a; mod b; pub use b::B;";
            assert_eq!(
                found(&[("lib", lib), ("a", a), ("b", b)]),
                [circle],
                "{a} {b}"
            );
        }
    }

    #[test]
    fn a_parent_that_uses_its_child_must_not_be_used_by_it() {
        let child = ("a/b", "use super::A; pub struct B;");
        let files = |parent| found(&[("lib", "mod a;"), ("a", parent), child]);
        assert_eq!(files("mod b; use b::B; struct A(B);").len(), 1);
        assert_eq!(files("mod b; pub use b::B; struct A(B);").len(), 1);
        assert_eq!(files("mod b; struct A; fn f() { b::g() }").len(), 1);
        assert!(files("mod b; pub use b::B; struct A;").is_empty());
        assert!(files("mod b; struct A;").is_empty());
    }

    #[test]
    fn near_misses_pass() {
        let b = ("b", "use crate::a::A; struct B;");
        for a in [
            "struct A; #[cfg(test)] mod tests { use crate::b::B; }",
            "struct A; /* crate::b::B */ const B: &str = \"crate::b::B\";",
            "struct A; mod inner { use super::A; }",
            "use std::fmt; struct A;",
        ] {
            assert!(
                found(&[("lib", "mod a; mod b;"), ("a", a), b]).is_empty(),
                "{a}"
            );
        }
    }
}
