use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use clika_base::types::FilePosition;
use clika_datasets::wikidata::WikidataError;
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why datasets cannot be audited.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum AuditError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("check the path and its permissions"))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds nothing to audit.
    #[error("{} contains no dataset", path.display())]
    #[diagnostic(help(
        "expected a dataset built by clika (data/<language>/<split>-00000-of-00001.parquet), a folder of such datasets, \
         the paper's release (x_geo/, x_name/, x_copa/, x_csqa/, fictional/) or one of the release's folders"
    ))]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of languages has a folder that is not a language's.
    #[error("`{name}` in {} is not a language", path.display())]
    #[diagnostic(help("a task has one folder for each language, named by its code: de, pt-br"))]
    NoLanguage {
        /// The folder that holds it.
        path: PathBuf,
        /// Its name.
        name: String,
    },
    /// There is no file of the language that is asked for.
    #[error("there is no language `{code}` in {}", path.display())]
    #[diagnostic(help("`clika language new {code}` writes a file to fill in; there are {known}"))]
    NoLanguageFile {
        /// The code.
        code: String,
        /// Those that there are, the nearest one named.
        known: String,
        /// The folder.
        path: PathBuf,
    },
    /// A language has no file of items.
    #[error("no {name} in {}", path.display())]
    #[diagnostic(help("add the file, or remove the language from every task"))]
    NoFile {
        /// The folder.
        path: PathBuf,
        /// The file.
        name: String,
    },
    /// A line is wrong.
    #[error("{problem}\n   {position}")]
    Line {
        /// What is wrong.
        problem: String,
        /// What was expected.
        #[help]
        expected: String,
        /// Where.
        position: FilePosition,
    },
    /// A Parquet file is not a file of a dataset.
    #[error("{}: {problem}", path.display())]
    #[diagnostic(help("the columns of a dataset are those that `clika datasets` writes"))]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A manifest cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] ArtifactError),
    /// A language file is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// The snapshot or a query is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Wikidata(#[from] WikidataError),
}
