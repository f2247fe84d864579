//! Which figures a report has, and what each can and cannot show.

mod accuracy;
mod agreement;
mod conductivity;
mod limits;
mod radar;
mod revisions;
mod training;

pub(crate) use limits::letters;

use crate::{sources::Sources, tables::Table};

/// A figure with its numbers.
pub(crate) struct Plot {
    /// The name of its files, and its place in the page.
    pub(crate) id: &'static str,
    /// What stands above it.
    pub(crate) title: String,
    /// What it shows, in sentences.
    pub(crate) caption: String,
    /// The drawing.
    pub(crate) svg: String,
    /// Every number that is drawn.
    pub(crate) numbers: Table,
    /// What it can and cannot show, a sentence or more each.
    pub(crate) limits: Vec<String>,
}

/// All figures that there are numbers for, in the order of the page.
pub(crate) fn plots(sources: &Sources) -> Vec<Plot> {
    let mut plots = radar::radars(sources);
    plots.extend(accuracy::accuracy(sources));
    plots.extend(agreement::agreement(sources));
    plots.extend(revisions::revisions(sources));
    plots.extend(conductivity::by_language(sources));
    plots.extend(conductivity::by_pair(sources));
    plots.extend(conductivity::by_likeness(sources));
    plots.extend(training::losses(sources));
    plots
}
