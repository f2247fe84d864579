//! xCSQA-mini: 60 original items, as a stand-in for xCSQA. A dataset of its own: predictions of the two must not meet.

use super::xcsqa;
use crate::registry::{Dataset, DatasetKind, Knowledge};
use crate::texts::{TextsDataset, TextsOrigin};

pub(super) static DATASET: Dataset = Dataset {
    name: "xcsqa-mini",
    title: "xCSQA-mini",
    content: xcsqa::CONTENT,
    knowledge: Knowledge::Basic,
    kind: DatasetKind::Texts(TextsDataset {
        choices: xcsqa::CHOICES,
        section: None,
        origin: TextsOrigin::Original,
        read: xcsqa::read,
        license: "cc0-1.0",
        licence: "CC0 1.0: no rights reserved.",
    }),
    release: None,
};
