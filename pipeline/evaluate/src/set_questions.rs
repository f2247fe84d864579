use crate::{EvaluateError, Question};
use clika_datasets::ItemFile;
use std::{borrow::Cow, collections::BTreeSet};

/// The questions of a set, in order, a part at a time: of a dataset's file no more than one part is decoded at once.
///
/// A model is asked part by part, too. The parts depend on the file alone, so that a run that goes on has those of the run
/// that was cut off.
#[derive(Clone, Debug)]
pub struct SetQuestions {
    source: QuestionSource,
    /// Of a list, how many are a part.
    part: usize,
    count: usize,
}

/// Some questions in their order.
type QuestionPart<'a> = Result<Cow<'a, [Question]>, EvaluateError>;

#[derive(Clone, Debug)]
enum QuestionSource {
    List(Vec<Question>),
    File {
        file: ItemFile,
        /// How many of its first items.
        rows: usize,
        /// Those of them that are not asked.
        set_aside: BTreeSet<String>,
    },
}

impl From<Vec<Question>> for SetQuestions {
    fn from(questions: Vec<Question>) -> Self {
        Self {
            part: ItemFile::PART,
            count: questions.len(),
            source: QuestionSource::List(questions),
        }
    }
}

impl SetQuestions {
    /// The first `rows` items of a file.
    pub(crate) fn of_file(file: ItemFile, rows: usize) -> Self {
        let rows = rows.min(file.rows());
        Self {
            part: ItemFile::PART,
            count: rows,
            source: QuestionSource::File {
                file,
                rows,
                set_aside: BTreeSet::new(),
            },
        }
    }

    /// Takes out items by their ids.
    pub(crate) fn set_aside(&mut self, ids: &[String]) -> Result<(), EvaluateError> {
        match &mut self.source {
            QuestionSource::List(questions) => {
                questions.retain(|question| !ids.contains(&question.id));
            }
            QuestionSource::File { set_aside, .. } => set_aside.extend(ids.iter().cloned()),
        }
        let mut count = 0;
        for part in self.parts() {
            count += part?.len();
        }
        self.count = count;
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no questions.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether they are more than one part.
    pub(crate) fn is_long(&self) -> bool {
        match &self.source {
            QuestionSource::List(questions) => questions.len() > self.part,
            QuestionSource::File { rows, .. } => *rows > self.part,
        }
    }

    /// The questions, a part at a time.
    ///
    /// # Errors
    /// Those of the file, which was read before.
    pub fn parts(&self) -> Box<dyn Iterator<Item = QuestionPart<'_>> + '_> {
        match &self.source {
            QuestionSource::List(questions) => Box::new(
                questions
                    .chunks(self.part)
                    .map(|part| Ok(Cow::Borrowed(part))),
            ),
            QuestionSource::File {
                file,
                rows,
                set_aside,
            } => Box::new(file.parts(*rows).map(|part| -> QuestionPart<'_> {
                let mut part = part?;
                part.retain(|question| !set_aside.contains(&question.id));
                Ok(Cow::Owned(part))
            })),
        }
    }

    /// The questions, one by one.
    pub fn iter(&self) -> impl Iterator<Item = Result<Question, EvaluateError>> + '_ {
        self.parts().flat_map(|part| {
            let (questions, error) = match part {
                Ok(part) => (part.into_owned(), None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            questions.into_iter().map(Ok).chain(error)
        })
    }

    /// A question by its number, from 0.
    pub(crate) fn get(&self, number: usize) -> Result<Option<Question>, EvaluateError> {
        self.iter().nth(number).transpose()
    }

    /// The same questions in smaller parts.
    #[cfg(test)]
    pub(crate) fn in_parts_of(mut self, part: usize) -> Self {
        self.part = part;
        self
    }
}
