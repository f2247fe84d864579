//! The types that every stage of the pipeline shares. This crate does no I/O.

mod calendar;
mod file_position;
mod id;
mod item;
mod language;
mod named;
mod outside;
mod progress;
mod qid;
mod task;
mod year;

pub use calendar::Calendar;
pub use file_position::FilePosition;
pub use id::Id;
pub use item::{Choice, Item, Relation, Sex};
pub use language::{
    AnswerForms, CopaQuestions, FictionalTemplates, Gendered, GeoTemplates, Language, LanguageCode,
    PeopleTemplates, QuestionAnswer, SyllableSpellings, TranslatorCode, TranslatorCodes,
    WritingDirection, YearFormat,
};
pub use named::Named;
pub use outside::{OutsidePath, file_inside};
pub use progress::{NoProgress, Progress};
pub use qid::{ParseQidError, Qid};
pub use task::Task;
pub use year::{ParseYearError, Year};
