//! Scores of judged answers and how sure they are: pure functions without I/O.
//!
//! A score that is a ratio of two counts of items is a [`Share`], and one that is a mean over items an
//! [`ItemMean`]. Both take the number of times each item counts, so that a [`Resampler`] can draw one set of
//! resamples for a whole table.

mod accuracy;
mod answer;
mod balance;
mod bootstrap;
mod chance;
mod consistency;
mod distribution;
mod holm;
mod interval;
mod item_mean;
mod jackknife;
mod mcnemar;
mod normal;
mod paired;
mod paired_items;
mod power;
mod ra;
mod ranking;
mod share;
mod transfer;

pub use accuracy::{accuracy_share, invalid_share};
pub use answer::{Answer, JudgedAnswer};
pub use balance::{ac3, consistency, worst_language_gap};
pub use bootstrap::Resampler;
pub use chance::{chance, chance_corrected};
pub use consistency::{correct_overlap_share, en_co_share};
pub use distribution::Distribution;
pub use holm::holm;
pub use interval::{Interval, bca, percentile};
pub use item_mean::ItemMean;
pub use jackknife::Jackknife;
pub use mcnemar::{McNemar, mcnemar};
pub use normal::{normal_cdf, normal_quantile};
pub use paired::PairedDifference;
pub use paired_items::{PairedItems, UnequalLength};
pub use power::{detectable_difference, half_width};
pub use ra::rescaled_accuracy;
pub use ranking::rank_c;
pub use share::Share;
pub use transfer::{retrieval_share, xrr, xrr_unfloored};
