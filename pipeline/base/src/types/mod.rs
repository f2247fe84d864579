//! The types that every stage of the pipeline shares. This crate does no I/O.

mod calendar;
mod file_position;
mod id;
mod language;
mod named;
mod outside;
mod progress;
mod qid;
mod sex;
mod year;

pub use calendar::Calendar;
pub use file_position::FilePosition;
pub use id::Id;
pub use language::{
    AnswerForms, FictionalTemplates, Language, LanguageCode, QuestionAnswer, SyllableSpellings,
    TranslatorCode, TranslatorCodes, WritingDirection, YearFormat,
};
pub use named::Named;
pub use outside::{OutsidePath, file_inside};
pub use progress::{NoProgress, Progress};
pub use qid::{ParseQidError, Qid};
pub use sex::Sex;
pub use year::{ParseYearError, Year};
