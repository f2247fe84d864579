use crate::{AnswerReader, EvaluateError, EvaluationSettings, QuestionSet, SetQuestions};
use clika_base::known_names;
use clika_base::types::{Language, LanguageCode};
use clika_datasets::Task;
use clika_datasets::{DatasetError, DatasetFolder, ItemFile, LanguageItems, ShotPlan, Shots};
use std::{collections::BTreeMap, path::Path};

/// The dataset of a multiple-choice task, opened to be asked.
pub struct TaskDataset {
    task: Task,
    folder: DatasetFolder,
    items: BTreeMap<LanguageCode, ItemFile>,
}

impl TaskDataset {
    /// Opens the dataset of a task, and checks every language of it, asked or not.
    pub fn open(task: Task, folder: &Path) -> Result<Self, EvaluateError> {
        let found = DatasetFolder::find(folder)?.ok_or_else(|| EvaluateError::NoDataset {
            folder: folder.to_owned(),
            dataset: task.name(),
        })?;
        if found.name() != task.name() {
            return Err(DatasetError::OtherDataset {
                folder: folder.to_owned(),
                found: found.name().to_owned(),
                expected: task.name().to_owned(),
            }
            .into());
        }
        Ok(Self {
            task,
            items: found.item_files(task)?,
            folder: found,
        })
    }

    /// Its folder.
    pub fn folder(&self) -> &DatasetFolder {
        &self.folder
    }

    /// The languages that were asked for, by their codes; all where none was.
    pub fn languages(&self, wanted: &[String]) -> Result<Vec<LanguageCode>, EvaluateError> {
        let there = self.folder.configs();
        let wanted: Vec<&str> = if wanted.is_empty() {
            there.clone()
        } else {
            wanted.iter().map(String::as_str).collect()
        };
        let missing = |language: &str| EvaluateError::NoLanguage {
            folder: self.folder.path().to_owned(),
            language: language.to_owned(),
            known: known_names(language, &there),
        };
        let code = |code: &str| {
            let config = there.iter().find(|it| it.eq_ignore_ascii_case(code));
            let language = config.and_then(|it| LanguageCode::try_from((*it).to_owned()).ok());
            language.ok_or_else(|| missing(code))
        };
        let mut languages = Vec::new();
        for language in wanted.into_iter().map(code) {
            let language = language?;
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        Ok(languages)
    }

    /// The first `limit` items of a language, and those that stand although the manifest lists a fault of theirs.
    ///
    /// `languages` are the language files: how answers are written in a language without one is not known, and they
    /// are read by the rules that all languages share.
    pub fn set(
        &self,
        language: LanguageCode,
        limit: Option<u32>,
        languages: &[Language],
    ) -> Result<(QuestionSet, Vec<String>), EvaluateError> {
        let known = || known_names(language.as_str(), &self.folder.configs());
        let items = self.items.get(&language);
        let items = items.ok_or_else(|| EvaluateError::NoLanguage {
            folder: self.folder.path().to_owned(),
            language: language.to_string(),
            known: known(),
        })?;
        let rows = limit.map_or(items.rows(), |limit| limit as usize);
        let listed = items.listed(rows);
        let file = |code: &str| {
            let mut files = languages.iter();
            files.find(|it| it.code.as_str().eq_ignore_ascii_case(code))
        };
        let set = QuestionSet {
            reader: AnswerReader::new(file(language.as_str()), file("en")),
            task: self.task,
            language,
            questions: SetQuestions::of_file(items.clone(), rows),
            exemplars: String::new(),
        };
        Ok((set, listed))
    }

    /// Draws exemplars for a run that asks the first `limit` items, the same for every language.
    pub fn draw(&self, shots: Shots, limit: Option<u32>) -> Result<ShotPlan, EvaluateError> {
        let mut languages = BTreeMap::new();
        for (language, file) in &self.items {
            // Every language has the same items: of the others only what is listed counts.
            let items = match languages.is_empty() {
                true => file.items()?,
                false => LanguageItems {
                    questions: Vec::new(),
                    origins: Vec::new(),
                    listed: file.listed(file.rows()),
                },
            };
            languages.insert(language.clone(), items);
        }
        Ok(shots.plan(self.task.name(), &languages, limit)?)
    }

    /// Shows exemplars before each item of a set, and takes out what is therefore not asked.
    pub fn show(
        &self,
        plan: &ShotPlan,
        set: &mut QuestionSet,
        settings: &EvaluationSettings,
    ) -> Result<(), EvaluateError> {
        let (Some(items), Some(form)) = (self.items.get(&set.language), settings.exemplars) else {
            return Ok(());
        };
        let mut shown = Vec::new();
        for part in items.parts(items.rows()) {
            shown.extend(part?.into_iter().filter(|it| plan.ids.contains(&it.id)));
        }
        set.exemplars = plan.text(&shown, &settings.prompt, form)?;
        set.questions.set_aside(&plan.set_aside)
    }
}
