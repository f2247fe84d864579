//! xCSQA: commonsense questions with five choices (CLiKA §3.1, from CommonsenseQA).

use crate::DatasetError;
use crate::registry::{
    Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines,
};
use crate::texts::{
    DownloadedFile, TextItem, TextsDataset, TextsOrigin, TextsSource, read_csqa_lines,
};
use clika_base::ProjectPath;

pub(super) const CONTENT: &str = "commonsense questions with five choices";

pub(super) const CHOICES: usize = 5;

/// CSQA (Talmor et al., 2019): the development set of the random split.
pub const CSQA: DownloadedFile = DownloadedFile {
    url: "https://s3.amazonaws.com/commensense-qa/dev_rand_split.jsonl",
    file: "dev_rand_split.jsonl",
    sha256: "3210497fdaae614ac085d9eb873dd7f4d49b6f965a93adadc803e1229fd8a02a",
};

/// Reads lines of CSQA or X-CSQA.
pub(super) fn read(file: &ProjectPath) -> Result<Vec<TextItem>, DatasetError> {
    read_csqa_lines(file, CHOICES)
}

pub(super) static DATASET: Dataset = Dataset {
    name: "xcsqa",
    title: "xCSQA",
    content: CONTENT,
    knowledge: Knowledge::Basic,
    kind: DatasetKind::Texts(TextsDataset {
        choices: CHOICES,
        section: None,
        origin: TextsOrigin::Translated(TextsSource {
            file: CSQA,
            option: "csqa",
            forms: "CSQA: dev_rand_split.jsonl or lines of X-CSQA",
            stand_in: "xcsqa-mini",
        }),
        read,
        license: "mit",
        licence: "CommonsenseQA (Talmor et al., 2019) is under the MIT licence; its terms hold for \
                  translations too.",
    }),
    release: Some(ReleaseFiles {
        folder: "x_csqa",
        file: "validation.jsonl",
        lines: ReleaseLines::Csqa,
        clusters: ReleaseClusters::Each,
    }),
};
