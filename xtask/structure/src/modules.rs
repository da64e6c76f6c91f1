//! The files of a crate as modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use xtask::Failure;

use crate::imports::Imports;

/// The path of a module in its crate; empty for the root.
pub(crate) type Module = Vec<String>;

/// The files of a crate by module, each with its imports.
#[derive(Debug, Default)]
pub(crate) struct Modules(pub(crate) BTreeMap<Module, Imports>);

impl Modules {
    /// Reads all files below `source`, the folder of the root file.
    ///
    /// # Errors
    /// If a file cannot be read or is not Rust.
    pub(crate) fn read(source: &Path) -> Result<Modules, Failure> {
        let mut modules = Modules::default();
        modules.read_folder(source, &[])?;
        Ok(modules)
    }

    fn read_folder(&mut self, folder: &Path, above: &[String]) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(format!("`{}` cannot be read: {error}", folder.display()))
        };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_stem().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            let mut module = above.to_vec();
            if path.is_dir() {
                module.push(name);
                self.read_folder(&path, &module)?;
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                // A program beside a library is a separate crate, with one file.
                let is_program =
                    above.is_empty() && name == "main" && path.with_file_name("lib.rs").exists();
                if is_program {
                    continue;
                }
                if !(above.is_empty() && (name == "lib" || name == "main")) {
                    module.push(name);
                }
                let text = fs::read_to_string(&path).map_err(failed)?;
                let imports = Imports::read(&text).map_err(|error| {
                    Failure::new(format!("`{}` is not Rust: {error}", path.display()))
                })?;
                self.0.insert(module, imports);
            }
        }
        Ok(())
    }

    /// The file that defines `path` as seen from `module`; re-exports are followed.
    pub(crate) fn resolve(&self, module: &Module, path: &[String]) -> Option<Module> {
        // The limit ends a loop of re-exports.
        const DEEPEST: usize = 8;
        let (mut module, mut path) = (module.clone(), path.to_vec());
        for _ in 0..DEEPEST {
            let (found, rest) = self.longest(&module, &path)?;
            let target = rest
                .first()
                .and_then(|name| self.0.get(&found)?.exported.get(name));
            let Some(target) = target else {
                return Some(found);
            };
            path = target
                .iter()
                .chain(rest.get(1..).unwrap_or_default())
                .cloned()
                .collect();
            module = found;
        }
        None
    }

    /// The longest prefix of `path` that is a file, and the rest.
    fn longest(&self, module: &Module, path: &[String]) -> Option<(Module, Vec<String>)> {
        let mut words = path.iter();
        let first = words.next()?;
        let mut found = match first.as_str() {
            "crate" => Module::new(),
            "self" => module.clone(),
            "super" => above(module)?,
            name => child(module, name),
        };
        let mut rest: Vec<String> = words.cloned().collect();
        while rest.first().is_some_and(|word| word == "super") {
            found = above(&found)?;
            rest.remove(0);
        }
        while let Some(name) = rest.first() {
            let next = child(&found, name);
            if !self.0.contains_key(&next) {
                break;
            }
            found = next;
            rest.remove(0);
        }
        self.0.contains_key(&found).then_some((found, rest))
    }
}

fn above(module: &Module) -> Option<Module> {
    let (_, above) = module.split_last()?;
    Some(above.to_vec())
}

fn child(module: &Module, name: &str) -> Module {
    let mut module = module.clone();
    module.push(name.to_owned());
    module
}
