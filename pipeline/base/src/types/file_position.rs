use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A line of a file, for errors that point at what a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosition {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl FilePosition {
    /// The line of `text`, the content of `path`, that holds the byte `offset`.
    pub fn at(path: &Path, text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        Self {
            path: path.to_owned(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        }
    }
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_from_one() {
        let line = |offset| FilePosition::at(Path::new("he.toml"), "a\nb\nc", offset).line;
        assert_eq!(
            [line(0), line(1), line(2), line(4), line(99)],
            [1, 1, 2, 3, 3]
        );
    }
}
