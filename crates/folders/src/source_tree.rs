//! The files of a folder, read safely: nothing outside it, nothing that is no text, nothing without
//! end.
//!
//! Hidden files are no part of it. Links inside the folder, or inside the repository that contains
//! the folder, are followed; one that leads outside, nowhere or back to a folder that holds it is
//! refused, because its target is not what the tool's users share.

#![expect(
    clippy::disallowed_methods,
    reason = "a folder of migrations is read here, and nowhere else in this crate"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::input_error::InputError;
use crate::natural::natural;
use crate::project_files::repository;

/// Folders in folders deeper than this are not read. No layout reads as deep; entries there are
/// reported.
const DEEPEST: usize = 40;
/// More entries than any history has: somebody named a whole disk.
const MOST: usize = 100_000;
/// Longer than any migration: what is longer is a dump, or no SQL.
const LONGEST: u64 = 64 << 20;
/// Folders that package managers and compilers fill, and no tool reads.
const FOREIGN: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// The kind of the entry at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// A pipe, a socket or a device.
    Other,
}

/// A folder, with everything that is in it.
pub(crate) struct Tree {
    root: PathBuf,
    /// By path below the root, with `/`.
    entries: BTreeMap<String, Kind>,
    texts: RefCell<BTreeMap<String, Rc<str>>>,
    /// The content of all files, if they are not those of the disk.
    given: Option<BTreeMap<String, Vec<u8>>>,
}

impl Tree {
    pub(crate) fn open(root: &Path) -> Result<Tree, InputError> {
        let data = fs::metadata(root).map_err(|error| InputError::io(root, &error))?;
        if !data.is_dir() {
            let hint = "name the folder that holds the migrations";
            return Err(InputError::new(root, "is not a folder", hint));
        }
        let real = fs::canonicalize(root).map_err(|error| InputError::io(root, &error))?;
        let mut tree = Tree {
            root: root.to_owned(),
            entries: BTreeMap::new(),
            texts: RefCell::default(),
            given: None,
        };
        tree.walk("", &real, &mut vec![real.clone()])?;
        if tree.entries.is_empty() {
            let hint = "name the folder that holds the migrations";
            return Err(InputError::new(root, "is empty", hint));
        }
        Ok(tree)
    }

    /// A folder with these files.
    pub(crate) fn of_files(root: &Path, files: BTreeMap<String, Vec<u8>>) -> Tree {
        let mut entries = BTreeMap::new();
        let is_read = |path: &str| path.split('/').all(|name| !is_hidden(name));
        for path in files.keys().filter(|path| is_read(path)) {
            entries.insert(path.clone(), Kind::File);
            for (at, _) in path.match_indices('/') {
                entries.insert(path.get(..at).unwrap_or_default().to_owned(), Kind::Folder);
            }
        }
        Tree {
            root: root.to_owned(),
            entries,
            texts: RefCell::default(),
            given: Some(files),
        }
    }

    /// Takes in the folder `below`; `way` are the real paths of the folders that lead to it.
    fn walk(&mut self, below: &str, real: &Path, way: &mut Vec<PathBuf>) -> Result<(), InputError> {
        let path = self.path(below);
        let failed = |error: std::io::Error| InputError::io(&path, &error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let hint = "rename it; no tool runs it under this name on every system";
                return Err(InputError::new(
                    &entry.path(),
                    "has a name that is not UTF-8",
                    hint,
                ));
            };
            if is_hidden(name) {
                continue;
            }
            if self.entries.len() >= MOST {
                let what = format!("holds more than {MOST} files");
                let hint = "name the folder that holds the migrations";
                return Err(InputError::new(&self.root, &what, hint));
            }
            let child = match below {
                "" => name.to_owned(),
                _ => format!("{below}/{name}"),
            };
            let linked = entry.file_type().map_err(failed)?.is_symlink();
            let (kind, target) = self.look(&child, linked, way)?;
            self.entries.insert(child.clone(), kind);
            if kind == Kind::Folder && way.len() <= DEEPEST {
                let target = target.unwrap_or_else(|| real.join(name));
                way.push(target.clone());
                self.walk(&child, &target, way)?;
                way.pop();
            }
        }
        Ok(())
    }

    /// Determines the kind of `child`, and its target if it is a link.
    fn look(
        &self,
        child: &str,
        linked: bool,
        way: &[PathBuf],
    ) -> Result<(Kind, Option<PathBuf>), InputError> {
        let path = self.path(child);
        let target = if linked {
            let target = fs::canonicalize(&path).map_err(|error| {
                let what = format!("is a link that leads nowhere: {error}");
                InputError::new(&path, &what, "correct the link, or remove it")
            })?;
            let shared = way.first().map(|root| repository(root).unwrap_or(root));
            if !shared.is_some_and(|shared| target.starts_with(shared)) {
                let what = format!("is a link that leads outside, to `{}`", target.display());
                return Err(InputError::new(
                    &path,
                    &what,
                    "put a copy of the file in its place",
                ));
            }
            if way.iter().any(|folder| folder.starts_with(&target)) {
                let what = "is a link that leads back to a folder that holds it";
                return Err(InputError::new(&path, what, "remove the link"));
            }
            Some(target)
        } else {
            None
        };
        let data = fs::metadata(&path).map_err(|error| InputError::io(&path, &error))?;
        let kind = match (data.is_file(), data.is_dir()) {
            (true, _) => Kind::File,
            (_, true) => Kind::Folder,
            _ => Kind::Other,
        };
        Ok((kind, target))
    }

    /// Keeps the files whose path is as asked, and the folders.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.entries
            .retain(|path, kind| *kind == Kind::Folder || keep(path));
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The full path of a path below the root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        match below {
            "" => self.root.clone(),
            _ => self.root.join(below),
        }
    }

    fn children(&self, folder: &str, kind: Kind) -> Vec<&str> {
        let of_kind = self.entries.iter().filter(|(_, found)| **found == kind);
        let mut names: Vec<&str> = of_kind
            .filter_map(|(path, _)| match folder {
                "" => Some(path.as_str()),
                _ => path.strip_prefix(folder)?.strip_prefix('/'),
            })
            .filter(|name| !name.contains('/'))
            .collect();
        names.sort_by(|a, b| natural(a, b));
        names
    }

    /// The names of the files right in `folder`, which is `""` for the root; numbers in order of
    /// value.
    pub(crate) fn files(&self, folder: &str) -> Vec<&str> {
        self.children(folder, Kind::File)
    }

    /// The first file of SQL right in the root whose text, without a byte order mark, is as asked.
    pub(crate) fn sql_that(&self, is: impl Fn(&str) -> bool) -> Result<Option<&str>, InputError> {
        let files = self.files("").into_iter();
        for file in files.filter(|file| file.ends_with(".sql")) {
            if is(self.text(file)?.trim_start_matches('\u{feff}')) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The names of the folders right in `folder`.
    pub(crate) fn folders(&self, folder: &str) -> Vec<&str> {
        self.children(folder, Kind::Folder)
    }

    /// The paths of all folders, those nearest to the root first.
    pub(crate) fn all_folders(&self) -> Vec<&str> {
        let folders = self
            .entries
            .iter()
            .filter(|(_, kind)| **kind == Kind::Folder);
        let mut paths: Vec<&str> = folders.map(|(path, _)| path.as_str()).collect();
        paths.sort_by_key(|path| path.matches('/').count());
        paths
    }

    /// Lists entries that are named like SQL but cannot be read as a file, each with its kind.
    pub(crate) fn odd(&self) -> Vec<(&str, &'static str)> {
        let odd = self
            .entries
            .iter()
            .filter(|(path, _)| path.ends_with(".sql"));
        odd.filter_map(|(path, kind)| match kind {
            Kind::File => None,
            Kind::Folder => Some((path.as_str(), "it is a folder, and named like a file")),
            Kind::Other => Some((path.as_str(), "it is neither a file nor a folder")),
        })
        .collect()
    }

    /// The paths of all files, in folders, too, in order of value.
    pub(crate) fn all_files(&self) -> Vec<&str> {
        let files = self.entries.iter().filter(|(_, kind)| **kind == Kind::File);
        let mut paths: Vec<&str> = files.map(|(path, _)| path.as_str()).collect();
        paths.sort_by(|a, b| natural(a, b));
        paths
    }

    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.entries.get(path) == Some(&Kind::File)
    }

    pub(crate) fn has_folder(&self, path: &str) -> bool {
        self.entries.get(path) == Some(&Kind::Folder)
    }

    /// The content of a file, which must be text.
    pub(crate) fn text(&self, below: &str) -> Result<Rc<str>, InputError> {
        if let Some(text) = self.texts.borrow().get(below) {
            return Ok(Rc::clone(text));
        }
        let path = self.path(below);
        let text: Rc<str> = match &self.given {
            Some(files) => decode(&path, files.get(below).cloned().unwrap_or_default())?,
            None => read(&path)?,
        }
        .into();
        let kept = Rc::clone(&text);
        self.texts.borrow_mut().insert(below.to_owned(), kept);
        Ok(text)
    }
}

/// Whether an entry of this name is no part of any history.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || FOREIGN.contains(&name)
}

fn read(path: &Path) -> Result<String, InputError> {
    let failed = |error: std::io::Error| InputError::io(path, &error);
    let data = fs::metadata(path).map_err(failed)?;
    if data.len() > LONGEST {
        let what = format!("is longer than {} MB", LONGEST >> 20);
        return Err(InputError::new(
            path,
            &what,
            "a migration is SQL; is this a dump?",
        ));
    }
    decode(path, fs::read(path).map_err(failed)?)
}

/// The text of a file with this content.
fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, InputError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(InputError::new(path, "is UTF-16", "save it as UTF-8"));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        let what = format!("is not text: it has a NUL at byte {at}");
        return Err(InputError::new(path, &what, "a migration is SQL in UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let what = format!("is not UTF-8 from line {line} on");
        InputError::new(path, &what, "save it as UTF-8")
    })
}
