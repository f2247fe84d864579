//! The types that every stage of the pipeline shares. This crate does no I/O.

mod item;
mod language;
mod outside;
mod place;
mod progress;
mod qid;
mod task;
mod year;

pub use item::{Answer, Item, Relation, Sex};
pub use language::{
    CopaQuestions, Direction, FictionalTemplates, Gendered, GeoTemplates, Language, LanguageCode,
    PeopleTemplates, QuestionAnswer, YearFormat,
};
pub use outside::{OutsidePath, file_inside};
pub use place::Place;
pub use progress::{NoProgress, Progress};
pub use qid::{ParseQidError, Qid};
pub use task::Task;
pub use year::{ParseYearError, Year};
