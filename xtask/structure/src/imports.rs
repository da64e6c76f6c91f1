//! The paths in the `use` lines and in the code of a file.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The imports and re-exports of one file.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// The paths in its code, each from `crate`, `super`, `self` or a module that it declares.
    pub(crate) used: BTreeSet<Vec<String>>,
    /// Its re-exports: the name, and its path.
    pub(crate) exported: BTreeMap<String, Vec<String>>,
    /// The modules that it declares.
    modules: BTreeSet<String>,
    /// All names in its code, to find the re-exports that it uses itself.
    names: BTreeSet<String>,
    /// The depth of inline modules at the current place.
    depth: usize,
}

impl Imports {
    /// Reads a file. Code that only tests compile does not count.
    ///
    /// # Errors
    /// If it is not Rust.
    pub(crate) fn read(text: &str) -> syn::Result<Imports> {
        let file = syn::parse_file(text)?;
        let mut imports = Imports::default();
        for item in &file.items {
            if let Item::Mod(module) = item {
                imports.modules.insert(module.ident.to_string());
            }
        }
        imports.visit_file(&file);
        for (name, path) in &imports.exported {
            if imports.names.contains(name) {
                imports.used.insert(path.clone());
            }
        }
        Ok(imports)
    }

    fn add_path(&mut self, path: Vec<String>) {
        if path.len() > 1 && self.is_start(path.first()) {
            self.used.insert(self.as_from_file(path));
        }
    }

    fn is_start(&self, word: Option<&String>) -> bool {
        word.is_some_and(|word| {
            ["crate", "super", "self"].contains(&word.as_str()) || self.modules.contains(word)
        })
    }

    /// The path relative to the file, from any place in it.
    fn as_from_file(&self, mut path: Vec<String>) -> Vec<String> {
        for _ in 0..self.depth {
            if path.first().is_some_and(|word| word == "super") {
                path.remove(0);
            }
        }
        if path
            .first()
            .is_some_and(|word| word == "super" || word == "crate")
            || self.depth == 0
        {
            return path;
        }
        path.insert(0, "self".to_owned());
        path
    }

    /// The paths in the arguments of a macro, which has a grammar of its own.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.add_path(std::mem::take(&mut path));
                    }
                    self.names.insert(word.to_string());
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.add_path(std::mem::take(&mut path));
                    self.add_tokens(group.stream());
                }
                _ => self.add_path(std::mem::take(&mut path)),
            }
        }
        self.add_path(path);
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).is_some_and(|all| all.iter().any(is_test)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        add_leaves(&item.tree, &mut Vec::new(), &mut leaves);
        for (path, name) in leaves {
            if !self.is_start(path.first()) {
                continue;
            }
            let path = self.as_from_file(path);
            if matches!(item.vis, Visibility::Inherited) {
                self.used.insert(path);
            } else {
                self.exported.insert(name, path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        self.names.extend(words.first().cloned());
        self.add_path(words);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// Each path of a `use` line with its local name.
fn add_leaves(tree: &UseTree, above: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, String)>) {
    let mut leaf = |name: String, last: &syn::Ident| {
        let mut path = above.clone();
        // `a::{self}` is `a`.
        if last != "self" {
            path.push(last.to_string());
        }
        leaves.push((path, name));
    };
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            add_leaves(&path.tree, above, leaves);
            above.pop();
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), &name.ident),
        UseTree::Rename(rename) => leaf(rename.rename.to_string(), &rename.ident),
        UseTree::Glob(_) => leaves.push((above.clone(), "*".to_owned())),
        UseTree::Group(group) => {
            for tree in &group.items {
                add_leaves(tree, above, leaves);
            }
        }
    }
}

fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return None,
    })
}

/// Whether an attribute restricts its item to tests.
fn is_test(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}
