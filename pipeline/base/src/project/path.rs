use super::BuiltIn;
use crate::files::{ArtifactError, sha256_file, sha256_hex};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// A file or folder of a project: the one in the project's folder, or else the one that the program brings along. Or any
/// path, which is read from disk.
#[derive(Clone, Debug)]
pub struct ProjectPath {
    /// Where it is on disk, or would be.
    path: PathBuf,
    /// What it is in a project.
    layer: Option<Layer>,
}

#[derive(Clone, Debug)]
struct Layer {
    /// The name from the project's folder, with `/`.
    name: String,
    built_in: BuiltIn,
    /// Whether the project is whole: it lists its languages and their items itself.
    is_whole: bool,
}

/// Where a file is.
enum Found {
    Disk(PathBuf),
    BuiltIn(Cow<'static, str>, Cow<'static, [u8]>),
}

impl ProjectPath {
    /// A file or folder of the project in `root`.
    pub(super) fn new(root: &Path, name: &str, (built_in, is_whole): (BuiltIn, bool)) -> Self {
        Self {
            path: root.join(name),
            layer: Some(Layer {
                name: name.to_owned(),
                built_in,
                is_whole,
            }),
        }
    }

    /// A file or folder inside this one.
    #[must_use]
    pub fn join(&self, name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        self.child(self.path.join(name), name)
    }

    fn child(&self, path: PathBuf, name: &str) -> Self {
        let layer = self.layer.as_ref().map(|layer| Layer {
            name: format!("{}/{name}", layer.name),
            ..layer.clone()
        });
        Self { path, layer }
    }

    /// Where the project has its own, or would have it: for writing.
    pub fn on_disk(&self) -> &Path {
        &self.path
    }

    /// The project's own file, if it has one.
    pub fn own(&self) -> Option<PathBuf> {
        match self.find() {
            Found::Disk(path) => Some(path).filter(|path| is_there(path)),
            Found::BuiltIn(..) => None,
        }
    }

    /// The path as messages show it.
    pub fn shown(&self) -> PathBuf {
        match self.find() {
            Found::BuiltIn(name, _) => format!("{name} (built in)").into(),
            Found::Disk(path) => match &self.layer {
                Some(layer) if !is_there(&path) && !layer.children().is_empty() => {
                    format!("{} (built in)", layer.name).into()
                }
                Some(_) | None => path,
            },
        }
    }

    /// The name of the file or folder, without those that it is in.
    pub fn file_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The file's name without its ending.
    pub fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Whether the file's name ends so: `toml`.
    pub fn has_extension(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|it| it == extension)
    }

    /// Whether there is such a file or folder, on disk or built in.
    pub fn exists(&self) -> bool {
        match self.find() {
            Found::BuiltIn(..) => true,
            Found::Disk(path) => is_there(&path) || self.is_dir(),
        }
    }

    /// Whether it is a folder.
    pub fn is_dir(&self) -> bool {
        let is_built_in = || {
            let layer = self.layer.as_ref();
            layer.is_some_and(|layer| !layer.children().is_empty())
        };
        self.path.is_dir() || (!is_there(&self.path) && is_built_in())
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        match self.find() {
            Found::BuiltIn(..) => true,
            Found::Disk(path) => path.is_file(),
        }
    }

    /// Whether there is such a file, and it is not an empty one in the place of a built-in one.
    pub fn is_present(&self) -> bool {
        self.is_file() && !self.is_left_out()
    }

    /// Whether the file is the one that the program brings along.
    pub fn is_built_in(&self) -> bool {
        matches!(self.find(), Found::BuiltIn(..))
    }

    /// The file's content.
    pub fn bytes(&self) -> io::Result<Cow<'static, [u8]>> {
        match self.find() {
            Found::BuiltIn(_, content) => Ok(content),
            Found::Disk(path) => fs::read(path).map(Cow::Owned),
        }
    }

    /// The file's text.
    pub fn text(&self) -> io::Result<String> {
        String::from_utf8(self.bytes()?.into_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
    }

    /// The SHA-256 of the file's content.
    pub fn sha256(&self) -> Result<String, ArtifactError> {
        match self.find() {
            Found::BuiltIn(_, content) => Ok(sha256_hex(content)),
            Found::Disk(path) => sha256_file(&path),
        }
    }

    /// What a folder holds, by name: the project's files, and built-in ones that it has no file for. Case does not count:
    /// `DE.toml` takes the place of `de.toml`. An empty file takes it, too, and is not in the list.
    pub fn entries(&self) -> io::Result<Vec<Self>> {
        let built_in = self.layer.as_ref().map(Layer::children).unwrap_or_default();
        let mut entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries
                .map(|entry| {
                    let entry = entry?;
                    Ok(self.child(entry.path(), &entry.file_name().to_string_lossy()))
                })
                .collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !built_in.is_empty() => {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let own: Vec<_> = entries.iter().map(|entry| entry.file_name()).collect();
        // In other letters: it has the built-in file's name, by which it is known.
        for (entry, name) in entries.iter_mut().zip(&own) {
            let is_other = |it: &&String| it.eq_ignore_ascii_case(name) && *it != name;
            if let Some(name) = built_in
                .iter()
                .find(is_other)
                .filter(|it| !own.contains(*it))
            {
                *entry = self.join(name);
            }
        }
        let is_own = |name: &String| own.iter().any(|own| own.eq_ignore_ascii_case(name));
        let rest = built_in.iter().filter(|name| !is_own(name));
        entries.extend(rest.map(|name| self.join(name)));
        let mut kept = Vec::new();
        for entry in entries {
            if !entry.leaves_out()? {
                kept.push(entry);
            }
        }
        kept.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(kept)
    }

    /// Whether the project has an empty file in the place of a built-in one, which leaves that one out.
    pub fn is_left_out(&self) -> bool {
        self.leaves_out().unwrap_or(false)
    }

    fn leaves_out(&self) -> io::Result<bool> {
        let Some(layer) = &self.layer else {
            return Ok(false);
        };
        match self.own().filter(|path| path.is_file()) {
            Some(path) if layer.built_in.find(&layer.name).is_some() => {
                // No need to read what is long.
                const LONG: u64 = 64;
                Ok(fs::metadata(&path)?.len() < LONG && fs::read(path)?.trim_ascii().is_empty())
            }
            Some(_) | None => Ok(false),
        }
    }

    fn find(&self) -> Found {
        let Some(layer) = &self.layer else {
            return Found::Disk(self.path.clone());
        };
        if is_there(&self.path) {
            return Found::Disk(self.path.clone());
        }
        if let Some(path) = in_other_letters(&self.path) {
            return Found::Disk(path);
        }
        match layer.built_in.find(&layer.name) {
            Some((name, content)) if !layer.is_listed() => Found::BuiltIn(name, content),
            Some(_) | None => Found::Disk(self.path.clone()),
        }
    }

    /// The name from the project's folder, where it has one there.
    pub(super) fn name_in(&self, root: &Path) -> String {
        match self.find() {
            Found::BuiltIn(name, _) => name.into_owned(),
            Found::Disk(path) => {
                let path = path.strip_prefix(root).unwrap_or(&path);
                path.to_string_lossy().into_owned()
            }
        }
    }
}

impl Layer {
    /// The built-in files and folders in a folder that the project need not have.
    fn children(&self) -> BTreeSet<String> {
        if self.is_listed() {
            return BTreeSet::new();
        }
        self.built_in.children(&self.name)
    }

    /// Whether the project alone says which files of this kind there are.
    fn is_listed(&self) -> bool {
        let mut lists = ["templates/languages", "templates/items"].into_iter();
        self.is_whole && lists.any(|list| self.name.starts_with(list))
    }
}

/// Whether there is something on disk. What cannot be looked at is there: reading it says why it cannot be read.
fn is_there(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The file whose name differs in case only: `de-at.toml` for `de-AT.toml`.
fn in_other_letters(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let entries = fs::read_dir(path.parent()?).ok()?.flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.find(|path| {
        path.file_name()
            .is_some_and(|it| it.eq_ignore_ascii_case(name))
    })
}

impl From<PathBuf> for ProjectPath {
    fn from(path: PathBuf) -> Self {
        Self { path, layer: None }
    }
}

impl From<&PathBuf> for ProjectPath {
    fn from(path: &PathBuf) -> Self {
        path.clone().into()
    }
}

impl From<&Path> for ProjectPath {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

/// What a file or folder to read may be given as: one of a project, or any path.
pub trait ToProjectPath {
    /// The file or folder.
    fn to_project_path(&self) -> ProjectPath;
}

impl ToProjectPath for ProjectPath {
    fn to_project_path(&self) -> ProjectPath {
        self.clone()
    }
}

impl ToProjectPath for Path {
    fn to_project_path(&self) -> ProjectPath {
        self.into()
    }
}

impl ToProjectPath for PathBuf {
    fn to_project_path(&self) -> ProjectPath {
        self.into()
    }
}
