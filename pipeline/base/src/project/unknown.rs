//! Files that nobody reads: mistyped names, which would otherwise be missed by nobody but the one who wrote them.

use super::{Project, ProjectPath};
use crate::nearest;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A file or folder of a project that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFile {
    /// Where it is.
    pub path: PathBuf,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl Project {
    /// The project's files that are empty, so that the built-in ones are left out.
    pub fn left_out_files(&self) -> Vec<PathBuf> {
        let names = (self.built_in.names)();
        let files = names.iter().map(|name| self.file(name));
        files
            .filter(ProjectPath::is_left_out)
            .filter_map(|file| file.own())
            .collect()
    }

    /// Files and folders that are not read, where files are that are: `templates/language`, `templates/languages/de.tml`.
    /// Among folders only those whose names are like a known one: other programs have `templates`, too.
    pub fn unknown_files(&self) -> Vec<UnknownFile> {
        let names = (self.built_in.names)();
        let mut folders: BTreeSet<&str> = names
            .iter()
            .flat_map(|name| Path::new(name.as_ref()).ancestors().skip(1))
            .filter_map(Path::to_str)
            .collect();
        folders.remove("");
        let mut unknown = Vec::new();
        for folder in Self::FOLDERS {
            unknown.extend(self.mistyped_folder(folder, &folders));
        }
        for &folder in &folders {
            let known = self.built_in.children(folder);
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let holds_files = names.iter().any(|name| {
                Path::new(name.as_ref()).parent() == Some(Path::new(folder))
                    && !name.ends_with(".md")
            });
            for name in entries(&self.root.join(folder)) {
                let path = self.root.join(folder).join(&name);
                if known.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    continue;
                }
                let meant = with_its_ending(folder, &name);
                let nearest = meant.or_else(|| nearest(&name, &known).map(str::to_owned));
                // Another experiment is read where --config names it; one instead of the usual one is probably mistyped.
                let is_instead = nearest
                    .as_ref()
                    .is_some_and(|it| !self.root.join(folder).join(it).exists());
                let is_read = match folder {
                    "experiments" => has_ending(&name, "toml") && !is_instead,
                    // A grid is read where its name is given.
                    "experiments/grids" => has_ending(&name, "toml"),
                    _ => may_be_added(folder, &name),
                };
                if !is_read && (holds_files || nearest.is_some()) {
                    let nearest = nearest.map(|it| format!("{folder}/{it}"));
                    unknown.push(UnknownFile { path, nearest });
                }
            }
        }
        unknown
    }

    /// A folder beside `folder` that is named like it and holds one of its folders.
    fn mistyped_folder(&self, folder: &str, known: &BTreeSet<&str>) -> Option<UnknownFile> {
        let inner: Vec<&str> = known
            .iter()
            .filter_map(|it| it.strip_prefix(folder)?.strip_prefix('/'))
            .collect();
        let mut names = entries(&self.root).into_iter();
        let name = names.find(|name| {
            let is_other = !Self::FOLDERS.contains(&name.as_str());
            let holds = || {
                inner
                    .iter()
                    .any(|it| self.root.join(name).join(it).is_dir())
            };
            is_other && nearest(name, &[folder]).is_some() && holds()
        })?;
        Some(UnknownFile {
            path: self.root.join(name),
            nearest: Some(folder.to_owned()),
        })
    }
}

/// The ending of files that may be added to a folder.
fn ending(folder: &str) -> Option<&'static str> {
    match folder {
        "templates/languages" | "templates/prompts" | "templates/formats" => Some("toml"),
        // `clika snapshot` puts rejected ones there, and --snapshot names others.
        "sparql/snapshot" => Some("ttl"),
        _ if folder.starts_with("templates/items/") => Some("jsonl"),
        _ => None,
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == ending)
}

/// Whether a file is read that is not built in.
fn may_be_added(folder: &str, name: &str) -> bool {
    match folder {
        "reference/paper" => name.starts_with("table") && has_ending(name, "toml"),
        _ => ending(folder).is_some_and(|ending| has_ending(name, ending)),
    }
}

/// The name of a file whose ending is mistyped: `fi.toml` for `fi.tml`.
fn with_its_ending(folder: &str, name: &str) -> Option<String> {
    let (stem, mistyped) = name.split_once('.')?;
    let ending = ending(folder)?;
    nearest(mistyped, &[ending]).map(|_| format!("{stem}.{ending}"))
}

/// The names in a folder, in order, without hidden ones and editors' copies.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names
        .filter(|name| !name.starts_with('.') && !name.ends_with('~'))
        .collect();
    names.sort();
    names
}
