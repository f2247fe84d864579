use super::{items::TextItem, sources::DownloadedFile};
use crate::DatasetError;
use clika_base::{ProjectPath, SectionSpec};

/// A dataset of texts that are the same in every language: what its folder brings to build and card.
pub struct TextsDataset {
    /// Choices of each item, the right one included.
    pub choices: usize,
    /// Its table in a language's file: what is asked about a premise. `None` where an item is a question.
    pub section: Option<&'static SectionSpec>,
    /// Where its texts come from.
    pub origin: TextsOrigin,
    /// Reads its items from a file, English ones or those of another language.
    pub read: fn(&ProjectPath) -> Result<Vec<TextItem>, DatasetError>,
    /// The licence's name on Hugging Face's hub.
    pub license: &'static str,
    /// What the card says about the licence.
    pub licence: &'static str,
}

/// Where the texts of a dataset come from.
pub enum TextsOrigin {
    /// Written for this project: `templates/items/NAME/CODE.jsonl`.
    Original,
    /// Translated from an English source, or imported from the authors' release.
    Translated(TextsSource),
}

/// The English source of a dataset.
pub struct TextsSource {
    /// What is downloaded where no file is named.
    pub file: DownloadedFile,
    /// The option that names a file: `copa`.
    pub option: &'static str,
    /// What the option takes, for its help.
    pub forms: &'static str,
    /// The dataset that stands in where this one is not built.
    pub stand_in: &'static str,
}
