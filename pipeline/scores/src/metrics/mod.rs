//! Scores of judged answers and how sure they are: pure functions without I/O.
//!
//! A score that is a ratio of two counts of items is a [`Share`], and one that is a mean over items an
//! [`ItemMean`]. Both take the number of times each item counts, so that a [`Resampler`] can draw one set of
//! resamples for a whole table.

mod accuracy;
mod answer;
mod balance;
mod beta;
mod bootstrap;
mod chance;
mod clopper_pearson;
mod clustered_share;
mod consistency;
mod distribution;
mod holm;
mod interval;
mod item_mean;
mod jackknife;
mod letters;
mod mcnemar;
mod mover;
mod normal;
mod paired;
mod paired_items;
mod power;
mod ra;
mod ranking;
mod score_interval;
mod share;
mod transfer;

pub use accuracy::{accuracy_share, invalid_share, only_first_share};
pub use answer::{Answer, JudgedAnswer};
pub use balance::{ac3, consistency, worst_language_gap};
pub use beta::{beta_cdf, beta_quantile, student_quantile};
pub use bootstrap::Resampler;
pub use chance::{chance, chance_corrected};
pub use clopper_pearson::clopper_pearson;
pub use clustered_share::ClusteredShare;
pub use consistency::{
    beyond_independence, correct_overlap_share, en_co_share, english_elsewhere_share,
};
pub use distribution::Distribution;
pub use holm::holm;
pub use interval::{Interval, bca, percentile};
pub use item_mean::ItemMean;
pub use jackknife::Jackknife;
pub use letters::{
    PlaceAccuracy, accuracy_at_share, beyond_letters, beyond_letters_interval, place_share,
    top_letter,
};
pub use mcnemar::{McNemar, mcnemar};
pub use mover::mover;
pub use normal::{normal_cdf, normal_quantile};
pub use paired::PairedDifference;
pub use paired_items::{PairedItems, UnequalLength};
pub use power::{detectable_difference, half_width};
pub use ra::{rescaled_accuracy, rescaled_unfloored};
pub use ranking::rank_c;
pub use score_interval::{
    Floors, IntervalMethod, ScoreInterval, difference_interval, score_interval,
};
pub use share::Share;
pub use transfer::{retrieval_share, xrr, xrr_unfloored};
