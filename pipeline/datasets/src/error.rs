use crate::Task;
use crate::wikidata::WikidataError;
use clika_base::files::ArtifactError;
use clika_base::templates::TemplateError;
use clika_base::types::{FilePosition, LanguageCode};
use miette::Diagnostic;
use std::{io, path::PathBuf};

/// Why a dataset cannot be built.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum DatasetError {
    /// The experiment file cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "check the path and the file's permissions; where a project has no file of its own, the built-in one is read"
    ))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The experiment file is wrong.
    #[error("{problem}\n   {position}")]
    #[diagnostic(help("compare with experiments/datasets.toml, which explains every key"))]
    Experiment {
        /// What is wrong.
        problem: String,
        /// Where.
        position: FilePosition,
    },
    /// There is nothing to build the task from yet.
    #[error("{task} cannot be built")]
    #[diagnostic(help("`clika datasets --help` lists the tasks that can"))]
    NotBuilt {
        /// The task.
        task: Task,
    },
    /// More exemplars than there are items for.
    #[error(
        "{dataset} has {items} items, of which {most} can be shown as answered while one is left to ask: --shots {count} is too many"
    )]
    #[diagnostic(help("--shots {most} is the most that {dataset} has items for"))]
    TooManyShots {
        /// The dataset.
        dataset: String,
        /// How many were asked for.
        count: usize,
        /// How many there can be.
        most: usize,
        /// Its items.
        items: usize,
    },
    /// The experiment names a language that there is no template for.
    #[error("the experiment names the language `{code}`, which templates/languages does not have")]
    #[diagnostic(help(
        "add templates/languages/{code}.toml, or correct the code; there are {known}"
    ))]
    UnknownLanguage {
        /// The code.
        code: LanguageCode,
        /// Those that there are, the nearest one named.
        known: String,
    },
    /// Nothing is left to build from.
    #[error("`languages_without_people` names every language")]
    #[diagnostic(help("leave at least one language out of it"))]
    NoLanguage,
    /// No language has places or people of its own.
    #[error("no language lists a country, so that {dataset} has nothing to ask about")]
    #[diagnostic(help(
        "list the countries of at least one language in its file in templates/languages"
    ))]
    NoCountry {
        /// The dataset.
        dataset: &'static str,
    },
    /// The snapshot has too few usable entities.
    #[error(
        "{dataset}: the snapshot has {found} usable {what} for `{language}`, {needed} are needed; left out: {left_out}"
    )]
    #[diagnostic(help(
        "widen the snapshot (`clika snapshot`), or lower the number in the experiment file"
    ))]
    TooFew {
        /// The dataset.
        dataset: &'static str,
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
    /// Entities that many items need have no label in a language.
    #[error("{dataset}: no label {missing}")]
    #[diagnostic(help(
        "`clika snapshot --languages {languages}` adds them; or add rdfs:label in one of the language's wikidata_codes to the \
         snapshot, or build without the language while it has no label: `optional_labels = true` in its file"
    ))]
    NoLabel {
        /// The dataset.
        dataset: &'static str,
        /// The languages that lack them, as an option takes them.
        languages: String,
        /// For each language, how many of what lack one, and the first of them.
        missing: String,
    },
    /// A rule of one dataset's own is broken.
    #[error("{dataset}: {problem}")]
    Rule {
        /// The dataset.
        dataset: &'static str,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        #[help]
        remedy: String,
    },
    /// There are not enough wrong choices.
    #[error("{dataset}: {found} wrong choices for {item}, {needed} are needed")]
    #[diagnostic(help("the snapshot needs more places with labels in every language"))]
    TooFewChoices {
        /// The dataset.
        dataset: &'static str,
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
    #[error("{problem}\n   {position}")]
    Source {
        /// What is wrong.
        problem: String,
        /// What was expected.
        #[help]
        expected: &'static str,
        /// Where.
        position: FilePosition,
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
    #[diagnostic(help("every language needs a file of items, in the order of the English one"))]
    NoEnglish {
        /// The folder.
        path: PathBuf,
    },
    /// Two languages do not hold the same items.
    #[error("{difference}\n   {}\n   {}", path.display(), reference.display())]
    #[diagnostic(help("every language must have the same items with the same right choices"))]
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
        "{task}: there are items in `{language}`, but templates/languages has no such language"
    )]
    #[diagnostic(help("add templates/languages/{language}.toml, or remove the file of items"))]
    NoTemplate {
        /// The task.
        task: Task,
        /// The language.
        language: LanguageCode,
    },
    /// A fictional world cannot be as it is asked for.
    #[error("{problem}")]
    #[diagnostic(help(
        "`clika datasets --help` lists the options of fictional worlds, [datasets.fictional] in the experiment file \
         their defaults"
    ))]
    World {
        /// What is wrong.
        problem: String,
    },
    /// A folder or file is not a fictional dataset of ours.
    #[error("{} is not a fictional world: {problem}", path.display())]
    #[diagnostic(help(
        "`clika datasets fictional` builds one, and with --force rebuilds one that was changed"
    ))]
    NoWorld {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Rows lie there, and nothing says what they should be.
    #[error("{} has rows but no manifest.json, so it is unknown what they were built from", folder.display())]
    #[diagnostic(help(
        "`clika datasets` builds a dataset with its manifest; --force replaces what is there"
    ))]
    NoManifest {
        /// The dataset's folder.
        folder: PathBuf,
    },
    /// A file of a dataset is not the one that was built.
    #[error("{} is no longer the file that the dataset's manifest describes", path.display())]
    #[diagnostic(help("{command} rebuilds it"))]
    Changed {
        /// The file.
        path: PathBuf,
        /// What builds the dataset.
        command: String,
    },
    /// A file lies in a dataset that does not belong to it.
    #[error("{} is not a file of the dataset: its manifest does not name it", path.display())]
    #[diagnostic(help("move the file away if it is there; {command} rebuilds the dataset"))]
    Stray {
        /// The file.
        path: PathBuf,
        /// What builds the dataset.
        command: String,
    },
    /// A folder holds another dataset than its name says.
    #[error("{} contains the dataset `{found}`, not `{expected}`", folder.display())]
    #[diagnostic(help("a dataset must be in a folder of the same name"))]
    OtherDataset {
        /// The folder.
        folder: PathBuf,
        /// What is there.
        found: String,
        /// What was looked for.
        expected: String,
    },
    /// Two languages of a dataset do not ask the same.
    #[error("{}: {languages} do not have the same items: {difference}", folder.display())]
    #[diagnostic(help(
        "every language must have the same items in the same order, with the same right choices: {command} rebuilds it"
    ))]
    Disagree {
        /// The dataset's folder.
        folder: PathBuf,
        /// The two.
        languages: String,
        /// The first difference.
        difference: String,
        /// What builds the dataset.
        command: String,
    },
    /// A file of a dataset cannot be read.
    #[error("{} has no rows as clika writes them: {problem}", path.display())]
    #[diagnostic(help("{command} rebuilds it"))]
    NoRows {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What builds the dataset.
        command: String,
    },
    /// A row of a dataset can neither be asked nor taught.
    #[error("row {row} of {} {problem}", path.display())]
    #[diagnostic(help(
        "{command} rebuilds it; `clika audit {}` lists what is wrong with it", folder.display()
    ))]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: usize,
        /// What is wrong.
        problem: String,
        /// What builds the dataset.
        command: String,
        /// The dataset's folder.
        folder: PathBuf,
    },
    /// An item has another number of choices than its task.
    #[error("item {item} in `{language}` has {found} choices, and {task} has {expected}", expected = task.choices())]
    #[diagnostic(help("take the item out of the source in every language"))]
    Choices {
        /// The task.
        task: Task,
        /// The item.
        item: String,
        /// The language.
        language: LanguageCode,
        /// The choices that it has.
        found: usize,
    },
    /// A language has no words for fictional worlds.
    #[error("`{language}` has no words for fictional worlds\n   {}", path.display())]
    #[diagnostic(help("add its [fictional] part; templates/languages/README.md explains it"))]
    NoWords {
        /// The language.
        language: LanguageCode,
        /// Its file.
        path: PathBuf,
    },
    /// The languages share too few landforms.
    #[error(
        "the world needs {needed} landforms, but with `{language}` the languages share only {found}\n   {position}"
    )]
    #[diagnostic(help(
        "add nouns to [fictional.landforms] of every language, or lower `landforms` in the experiment file"
    ))]
    TooFewLandforms {
        /// The language that leaves too few.
        language: LanguageCode,
        /// How many are left.
        found: usize,
        /// How many the world needs.
        needed: usize,
        /// Its landforms.
        position: FilePosition,
    },
    /// The syllables give too few stems.
    #[error("the world needs {needed} stems, but the syllables give only {found}\n   {position}")]
    #[diagnostic(help("add syllables to the lists, or ask for fewer places and continents"))]
    TooFewStems {
        /// How many stems there are.
        found: usize,
        /// How many the world needs.
        needed: usize,
        /// The syllables.
        position: FilePosition,
    },
    /// A language has no spelling of the syllables.
    #[error(
        "`{language}` is written in {script}, and the syllables are not spelled for it: {made_for}\n   {position}"
    )]
    #[diagnostic(help(
        "spell the syllables in [fictional.syllables] of the language's file; or, where the language spells them as others of \
         its script do, add {script} to every row, or the language to `made_for`"
    ))]
    NoSpelling {
        /// The language.
        language: LanguageCode,
        /// Its script.
        script: String,
        /// Whether the script has a spelling, and for which languages.
        made_for: String,
        /// The syllables.
        position: FilePosition,
    },
    /// Names of a world cannot be told apart.
    #[error("names in `{language}`: {problem}")]
    #[diagnostic(help(
        "names in a language must differ, and no continent's name may be part of another name: the answer is \
         searched for in what a model writes"
    ))]
    Names {
        /// The language.
        language: LanguageCode,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
    /// Parquet cannot be encoded.
    #[error("{dataset}: cannot encode the rows of `{language}` as Parquet")]
    Parquet {
        /// The dataset.
        dataset: String,
        /// The language.
        language: LanguageCode,
        /// Why.
        source: polars::error::PolarsError,
    },
}
