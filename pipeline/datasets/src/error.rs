use clika_artifacts::ArtifactError;
use clika_core::{LanguageCode, Place, Qid, Task};
use clika_templates::TemplateError;
use clika_wikidata::WikidataError;
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why a dataset cannot be built.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum DatasetError {
    /// The experiment file cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("run clika in the project's folder, or name it with --project"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The experiment file is wrong.
    #[error("{problem}\n   {place}")]
    #[diagnostic(help(
        "compare with pipeline/experiments/datasets.toml, which explains every key"
    ))]
    Experiment {
        /// What is wrong.
        problem: String,
        /// Where.
        place: Place,
    },
    /// There is nothing to build the task from yet.
    #[error("{task} cannot be built")]
    #[diagnostic(help("`clika datasets --help` lists the tasks that can"))]
    NotBuilt {
        /// The task.
        task: Task,
    },
    /// The experiment names a language that there is no template for.
    #[error("the experiment names the language `{code}`, which templates/languages does not have")]
    #[diagnostic(help("add templates/languages/{code}.toml, or correct the code"))]
    UnknownLanguage {
        /// The code.
        code: LanguageCode,
    },
    /// Nothing is left to build from.
    #[error("`languages_without_people` names every language")]
    #[diagnostic(help("leave at least one language out of it"))]
    NoLanguage,
    /// The snapshot has too few usable entities.
    #[error(
        "{task}: the snapshot has {found} usable {what} for `{language}`, {needed} are needed; left out: {left_out}"
    )]
    #[diagnostic(help(
        "widen the snapshot (`clika snapshot`), or lower the number in the experiment file"
    ))]
    TooFew {
        /// The task.
        task: Task,
        /// The origin language.
        language: LanguageCode,
        /// `cities` or `people`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many the experiment asks for.
        needed: usize,
        /// What was left out and why.
        left_out: String,
    },
    /// An entity that many items need has no label in a language.
    #[error("{task}: {what} {item} has no label in `{language}`")]
    #[diagnostic(help(
        "add rdfs:label in one of the language's wikidata_codes to the snapshot, or take the \
         country out of the language's file"
    ))]
    NoLabel {
        /// The task.
        task: Task,
        /// What the item is.
        what: &'static str,
        /// The item.
        item: Qid,
        /// The language.
        language: LanguageCode,
    },
    /// There are not enough wrong choices.
    #[error("{task}: {found} wrong choices for {item}, {needed} are needed")]
    #[diagnostic(help(
        "the snapshot needs more first-level divisions with labels in every language"
    ))]
    TooFewChoices {
        /// The task.
        task: Task,
        /// The item.
        item: String,
        /// Wrong choices found.
        found: usize,
        /// Wrong choices needed.
        needed: usize,
    },
    /// A template is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Template(#[from] TemplateError),
    /// The snapshot or a query is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Wikidata(#[from] WikidataError),
    /// A source of texts cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help("--copa and --csqa name a source's file, --from-release the authors' data"))]
    SourceFile {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A source is not in a form that we know.
    #[error("{problem}\n   {place}")]
    Source {
        /// What is wrong.
        problem: String,
        /// What was expected.
        #[help]
        expected: &'static str,
        /// Where.
        place: Place,
    },
    /// A source is not the one that was published.
    #[error("{} has the SHA-256 {found}, not {expected}", path.display())]
    #[diagnostic(help(
        "the file is damaged or another version; remove it and download it again, or give its items as \
         JSON Lines"
    ))]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Its checksum.
        found: String,
        /// The published one.
        expected: &'static str,
    },
    /// A folder of languages has no English.
    #[error("{} has no English items", path.display())]
    #[diagnostic(help("every language has a file of items, and all have the order of English"))]
    NoEnglish {
        /// The folder.
        path: PathBuf,
    },
    /// Two languages do not hold the same items.
    #[error("{difference}\n   {}\n   {}", path.display(), reference.display())]
    #[diagnostic(help("every language has the same items with the same right choices"))]
    NotParallel {
        /// The first difference.
        difference: String,
        /// The file.
        path: PathBuf,
        /// English.
        reference: PathBuf,
    },
    /// Items in a language without a template.
    #[error(
        "{task}: there are items in `{language}`, and templates/languages has no such language"
    )]
    #[diagnostic(help("add templates/languages/{language}.toml, or take the items' file away"))]
    NoTemplate {
        /// The task.
        task: Task,
        /// The language.
        language: LanguageCode,
    },
    /// A file cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
    /// Parquet cannot be encoded.
    #[error("{task}: cannot encode the rows of `{language}` as Parquet")]
    Parquet {
        /// The task.
        task: Task,
        /// The language.
        language: LanguageCode,
        /// Why.
        source: polars::error::PolarsError,
    },
}
