//! One folder for each dataset. A new one is a folder, its `mod` line and its line in [`DATASETS`].

mod xcopa;
mod xcopa_mini;
mod xcountry;
mod xcsqa;
mod xcsqa_mini;
mod xgeo;
mod xpeo;

use crate::{fictional, registry::Dataset};

/// Every dataset, in the order in which they are shown: the paper's, as it orders them, then ours.
pub(crate) static DATASETS: &[&Dataset] = &[
    &xcsqa::DATASET,
    &xcopa::DATASET,
    &xgeo::DATASET,
    &xpeo::DATASET,
    &xcountry::DATASET,
    &xcsqa_mini::DATASET,
    &xcopa_mini::DATASET,
    &fictional::DATASET,
];

pub use xcopa::{COPA, read_copa_xml};
pub use xcsqa::CSQA;
