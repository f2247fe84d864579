use crate::hub::HubError;
use clika_base::types::file_inside;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A model on the hub in one of its revisions, as the user asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionId {
    /// `org/name`, or `name` alone.
    pub id: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// The quantization whose GGUF file is wanted, such as `Q4_K_M`.
    pub quantization: Option<String>,
}

/// The hub's default branch.
const MAIN: &str = "main";

/// The hub's own limit, in characters.
const LONGEST_PART: usize = 96;

impl RevisionId {
    /// Whether it is the default branch, which every repository has.
    pub fn is_main(&self) -> bool {
        self.revision == MAIN
    }

    /// Reads `org/name`, `name`, either with `@revision`, and either with `:quantization` after it.
    pub fn parse(text: &str) -> Result<Self, HubError> {
        // No revision has a colon: git allows none in a name.
        let (whole, quantization) = match text.split_once(':') {
            Some((whole, quantization)) => (whole, Some(quantization)),
            None => (text, None),
        };
        let (id, revision) = whole.split_once('@').unwrap_or((whole, MAIN));
        let wrong = |reason| HubError::Name {
            model: text.to_owned(),
            reason,
        };
        let parts: Vec<_> = id.split('/').collect();
        if parts.len() > 2 || text.starts_with(['/', '.', '~']) || text.contains('\\') {
            return Err(HubError::NoFolder { path: text.into() });
        }
        for part in &parts {
            if part.is_empty() {
                return Err(wrong("a part of the name is empty"));
            }
            if part.len() > LONGEST_PART {
                return Err(wrong("a part of the name has more than 96 characters"));
            }
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if !part.chars().all(fits) {
                return Err(wrong(
                    "names have English letters, digits, `-`, `_` and `.` only",
                ));
            }
            if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
                return Err(wrong("no part of a name begins or ends with `-` or `.`"));
            }
        }
        if id.contains("--") || id.contains("..") {
            return Err(wrong("names hold neither `--` nor `..`"));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if quantization.is_some_and(|text| text.is_empty() || !text.chars().all(fits)) {
            return Err(wrong("a quantization, after `:`, is a word such as Q4_K_M"));
        }
        // It becomes a file's name in the cache.
        file_inside(Path::new(""), revision).map_err(|outside| wrong(outside.reason))?;
        Ok(Self {
            id: id.to_owned(),
            revision: revision.to_owned(),
            quantization: quantization.map(str::to_owned),
        })
    }
}

/// The folder or GGUF file `model`, if there is one.
///
/// # Errors
/// A file of another kind, a `.gguf` that is not there, and a quantization of what is on this machine.
pub fn local(model: &str) -> Result<Option<PathBuf>, HubError> {
    let path = Path::new(model);
    let is_gguf = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("gguf"));
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(Some(path.to_owned())),
        Ok(_) if is_gguf => Ok(Some(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_gguf => {
            Err(HubError::NoFileHere {
                path: path.to_owned(),
            })
        }
        Err(_)
            if let Some((whole, quantization)) = model.rsplit_once(':')
                && Path::new(whole).exists() =>
        {
            Err(HubError::QuantizationHere {
                path: whole.into(),
                quantization: quantization.to_owned(),
            })
        }
        Ok(_) => Err(HubError::NotAFolder {
            path: path.to_owned(),
        }),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(HubError::read(path)(error)),
    }
}

/// Whether `text` is a whole commit hash.
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

/// Whether `text` holds hexadecimal digits only.
pub fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_with_and_without_revision() {
        for (text, id, revision) in [
            ("gpt2", "gpt2", "main"),
            ("org/Name-1.5_b", "org/Name-1.5_b", "main"),
            ("org/name@v2", "org/name", "v2"),
            ("gpt2@refs/pr/1", "gpt2", "refs/pr/1"),
            ("org/name:Q4_K_M", "org/name", "main"),
            ("org/name@v2:q8_0", "org/name", "v2"),
        ] {
            let wanted = RevisionId::parse(text).unwrap();
            assert_eq!((&*wanted.id, &*wanted.revision), (id, revision));
            let quantization = text.split_once(':').map(|(_, text)| text.to_owned());
            assert_eq!(wanted.quantization, quantization);
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        for text in [
            "",
            "org/",
            "org/na me",
            "org/-name",
            "org/name.",
            "org/na--me",
            "org/na..me",
            "org/name@",
            "org/name@../../x",
            "org/name@/x",
            "org/name:",
            "org/name:Q4/x",
            "org/name:Q4:Q5",
        ] {
            let error = RevisionId::parse(text).unwrap_err();
            assert!(matches!(error, HubError::Name { .. }), "{text}: {error}");
        }
        for text in ["./missing", "/missing", "../x", "~/m", "a/b/c", "a\\b"] {
            let error = RevisionId::parse(text).unwrap_err();
            assert!(
                matches!(error, HubError::NoFolder { .. }),
                "{text}: {error}"
            );
        }
    }
}
