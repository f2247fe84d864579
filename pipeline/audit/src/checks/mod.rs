//! What is checked on multiple-choice sets: one file a subject, each with its own findings.

mod distractor_places;
mod distractor_years;
mod duplicates;
mod labels;
mod languages;
mod leaks;
mod parallelism;
mod scripts;
pub(crate) mod shortcuts;
#[cfg(test)]
mod tests;
mod variants;

use crate::{BackgroundFacts, ChoiceSet, Finding};

/// Runs every check.
pub(crate) fn all(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    [
        parallelism::check(set),
        duplicates::check(set),
        labels::check(set),
        leaks::check(set),
        distractor_places::check(set, knowledge),
        distractor_years::check(set),
        shortcuts::check(set),
        scripts::check(set, knowledge),
        variants::check(set, knowledge),
        languages::check(set, knowledge),
    ]
    .concat()
}
