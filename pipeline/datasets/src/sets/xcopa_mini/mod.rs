//! xCOPA-mini: 60 original items, as a stand-in for xCOPA. A dataset of its own: predictions of the two must not meet.

use super::xcopa;
use crate::registry::{Dataset, DatasetKind, Knowledge};
use crate::texts::{TextsDataset, TextsOrigin};

pub(super) static DATASET: Dataset = Dataset {
    name: "xcopa-mini",
    title: "xCOPA-mini",
    content: xcopa::CONTENT,
    knowledge: Knowledge::Basic,
    kind: DatasetKind::Texts(TextsDataset {
        choices: xcopa::CHOICES,
        section: Some(&xcopa::QUESTIONS),
        origin: TextsOrigin::Original,
        read: xcopa::read,
        license: "cc0-1.0",
        licence: "CC0 1.0: no rights reserved.",
    }),
    release: None,
};
