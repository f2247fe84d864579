use std::{borrow::Cow, collections::BTreeSet};

/// The files that the program brings along, by their names from a project's folder: `templates/languages/de.toml`.
///
/// Functions and not a table: nothing is gathered before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// The names of all files, in order.
    pub names: fn() -> Vec<Cow<'static, str>>,
    /// A file's content.
    pub content: fn(&str) -> Option<Cow<'static, [u8]>>,
}

impl BuiltIn {
    /// No files.
    pub const NONE: Self = Self {
        names: Vec::new,
        content: |_| None,
    };

    /// The name and the content of a file, whatever case its name is written in.
    pub(super) fn find(self, name: &str) -> Option<(Cow<'static, str>, Cow<'static, [u8]>)> {
        let find = |name: Cow<'static, str>| Some((name.clone(), (self.content)(&name)?));
        find(name.to_owned().into()).or_else(|| {
            let mut names = (self.names)().into_iter();
            find(names.find(|it| it.eq_ignore_ascii_case(name))?)
        })
    }

    /// The files and folders in a folder.
    pub(super) fn children(self, folder: &str) -> BTreeSet<String> {
        let names = (self.names)();
        let inside = names
            .iter()
            .filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/'));
        let children = inside.filter_map(|rest| rest.split('/').next());
        children.map(str::to_owned).collect()
    }
}
