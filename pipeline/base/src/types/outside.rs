use std::path::{Path, PathBuf};

/// A file's name that leads out of the model's folder, or could on some system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not the name of a file in the model's folder: {reason}", name.escape_debug())]
pub struct OutsidePath {
    /// The name as it was given.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The path of the file `name`, relative and with `/` between folders, in `folder`.
///
/// Names come from servers and from index files, and must not reach beyond the folder: no absolute
/// path, no `..` or `.`, no backslash or drive letter, no control character. The disk is not looked
/// at: a cached model's files are links to elsewhere, put there by us.
pub fn file_inside(folder: &Path, name: &str) -> Result<PathBuf, OutsidePath> {
    let drive = {
        let bytes = name.as_bytes();
        bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
    };
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.chars().any(char::is_control) {
        "it contains a control character"
    } else if name.contains('\\') {
        "it contains a backslash"
    } else if name.starts_with('/') || drive {
        "it is absolute"
    } else if name.split('/').any(|part| part == "..") {
        "it leads to a folder above"
    } else if name.split('/').any(|part| matches!(part, "" | ".")) {
        "a part of it is empty"
    } else {
        return Ok(folder.join(name));
    };
    Err(OutsidePath {
        name: name.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_that_stay_inside() {
        for name in [
            "model.safetensors",
            "parts/model-00001-of-00002.safetensors",
            "a..b",
            "...",
            "~",
            "модель.bin",
        ] {
            assert_eq!(
                file_inside(Path::new("/m"), name).unwrap(),
                Path::new("/m").join(name)
            );
        }
    }

    #[test]
    fn refuses_names_that_lead_out() {
        for (name, reason) in [
            ("", "it is empty"),
            ("/etc/passwd", "it is absolute"),
            ("//host/share", "it is absolute"),
            ("C:model.bin", "it is absolute"),
            ("c:/model.bin", "it is absolute"),
            ("..", "it leads to a folder above"),
            ("../model.bin", "it leads to a folder above"),
            ("a/../../model.bin", "it leads to a folder above"),
            ("a/..", "it leads to a folder above"),
            ("..\\model.bin", "it contains a backslash"),
            ("a\\..\\..\\model.bin", "it contains a backslash"),
            (".", "a part of it is empty"),
            ("a//b", "a part of it is empty"),
            ("a/", "a part of it is empty"),
            ("a\0b", "it contains a control character"),
            ("a\nb", "it contains a control character"),
        ] {
            assert_eq!(
                file_inside(Path::new("/m"), name),
                Err(OutsidePath {
                    name: name.to_owned(),
                    reason
                })
            );
        }
    }
}
