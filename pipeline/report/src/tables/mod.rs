//! Tables as data, and how they are written: CSV, Markdown, LaTeX and HTML.

mod accuracy;
mod comparison;
mod conductivity;
mod csv;
mod html;
mod latex;
mod markdown;
mod models;
mod paper;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use accuracy::accuracy;
pub(crate) use comparison::{before_and_after, comparison};
pub(crate) use conductivity::{conductivity, gates, modes, seed};
pub(crate) use html::{rows_html, table_html};
pub(crate) use models::models;
pub(crate) use paper::paper_tables;
pub use table::{Cell, Column, Estimate, Table};
