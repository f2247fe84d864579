//! Checks the files of languages before anything is built from them: what each dataset has, what is missing, and what
//! looks wrong.

mod items;
mod parts;
mod template;
mod texts;

use crate::{AuditError, Severity};
use clika_base::templates::{TemplateError, load_syllables};
use clika_base::types::FilePosition;
use clika_base::{Project, ProjectPath, TomlText, cldr, known_names, toml_texts};
use clika_datasets::load_sound_languages;
use miette::Diagnostic;
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The files of all languages, or of one.
#[derive(Clone, Debug, Serialize)]
pub struct LanguageCheck {
    /// Each language, by code.
    pub languages: Vec<CheckedLanguage>,
    /// What is wrong with files that belong to none of them.
    pub findings: Vec<FileFinding>,
}

/// A language's files.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedLanguage {
    /// The code, as its file is named.
    pub code: String,
    /// The name in English; empty where the file does not say it.
    pub english_name: String,
    /// Whether the language's file loads; without it, nothing is built.
    pub loads: bool,
    /// What each dataset lacks.
    pub datasets: Vec<DatasetParts>,
    /// What looks wrong, by file and line.
    pub findings: Vec<FileFinding>,
}

/// What a dataset has of a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetParts {
    /// The dataset: `xgeo`, `fictional`.
    pub dataset: String,
    /// What is missing; empty for a dataset that is complete.
    pub missing: Vec<String>,
}

/// What looks wrong at a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// How much it weighs. A note is not wrong.
    pub severity: Severity,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What was found.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl LanguageCheck {
    /// How many findings are more than notes.
    pub fn wrong(&self) -> usize {
        let languages = self.languages.iter().flat_map(|it| &it.findings);
        languages
            .chain(&self.findings)
            .filter(|finding| finding.severity > Severity::Note)
            .count()
    }
}

impl FileFinding {
    fn new(
        severity: Severity,
        (file, line): (&Path, usize),
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            file: file.to_owned(),
            line,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// A language's file as it stands, whether it loads or not.
struct LanguageFile {
    /// As messages show it.
    path: PathBuf,
    file: ProjectPath,
    /// The code by the file's name.
    code: String,
    source: String,
    /// The texts by key: `xgeo.question`, `fictional.qa.2.answer`.
    texts: BTreeMap<String, TomlText>,
}

impl LanguageFile {
    fn read(file: ProjectPath) -> Result<Self, AuditError> {
        let path = file.shown();
        let source = file.text().map_err(|source| AuditError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let texts = toml_texts(&source)
            .into_iter()
            .map(|text| (text.key.clone(), text))
            .collect();
        Ok(Self {
            code: file.stem(),
            path,
            file,
            source,
            texts,
        })
    }

    /// Whether it is English, or a variant of it.
    fn is_english(&self) -> bool {
        let primary = self.code.split('-').next();
        primary.is_some_and(|it| it.eq_ignore_ascii_case("en"))
    }

    fn text(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", |text| text.text.trim())
    }

    /// The texts whose keys begin so, with the rest of their keys.
    fn texts_of<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a TomlText)> {
        self.texts
            .iter()
            .filter_map(move |(key, text)| Some((key.strip_prefix(prefix)?, text)))
    }

    /// How many entries a list has.
    fn entries(&self, list: &str) -> usize {
        let prefix = format!("{list}.");
        let positions = self.texts_of(&prefix).filter_map(|(rest, _)| {
            let position = rest.split('.').next()?;
            position.parse::<usize>().ok()
        });
        positions.max().unwrap_or(0)
    }

    /// The script: what the file says, else what the code makes likely.
    fn script(&self) -> String {
        let facts = cldr::LanguageFacts::of(&self.code);
        match self.text("script") {
            "" => facts.and_then(|it| it.script).unwrap_or_default(),
            script => script.to_owned(),
        }
    }

    fn line(&self, key: &str) -> usize {
        let start = self.texts.get(key).map_or(0, |text| text.start);
        FilePosition::at(&self.path, &self.source, start).line
    }

    fn finding(
        &self,
        severity: Severity,
        key: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> FileFinding {
        FileFinding::new(severity, (&self.path, self.line(key)), problem, remedy)
    }
}

/// Checks the files of one language, or of all of them.
///
/// Fails where a folder cannot be read, and where the language that is asked for has no file.
pub fn check_languages(project: &Project, only: Option<&str>) -> Result<LanguageCheck, AuditError> {
    let (sound, errors) = load_sound_languages(&project.languages())?;
    let mut findings: Vec<_> = errors.iter().map(file_error).collect();
    let files = read_files(&project.languages())?;
    let is_asked = |code: &str| only.is_none_or(|only| only.eq_ignore_ascii_case(code));
    if let Some(only) = only
        && !files.iter().any(|file| is_asked(&file.code))
    {
        return Err(AuditError::NoLanguageFile {
            known: known_names(
                only,
                &files.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(),
            ),
            code: only.to_owned(),
            path: project.languages().shown(),
        });
    }
    let syllables = load_syllables(&project.fictional());
    findings.extend(syllables.as_ref().err().map(file_error));
    // A snapshot that is missing is said of every dataset that needs it.
    let snapshot = project.snapshot().text().ok();
    let snapshot = snapshot.map(|text| text.to_ascii_lowercase());
    let known = texts::KnownLanguages::of(&files);
    let available = parts::Available {
        syllables: syllables.ok(),
        snapshot,
        items: items::check(project, (&files, is_asked), &known, &mut findings)?,
    };
    let english = files.iter().find(|file| file.code == "en");
    let mut languages = Vec::new();
    let asked: Vec<_> = files.iter().filter(|file| is_asked(&file.code)).collect();
    let texts: Vec<_> = asked
        .par_iter()
        .map(|file| texts::check(file, english, &known))
        .collect();
    for (file, texts) in asked.into_iter().zip(texts) {
        let mut own = take_own(&mut findings, file);
        let language = sound
            .iter()
            .find(|it| file.code.eq_ignore_ascii_case(it.code.as_str()));
        if let (Some(language), Some(syllables)) = (language, &available.syllables) {
            let added = syllables.clone().add(language, &file.file);
            own.extend(added.as_ref().err().map(file_error));
        }
        own.extend(template::check(file, english));
        own.extend(texts);
        own.extend(available.items.findings_of(&file.code));
        sort(&mut own);
        languages.push(CheckedLanguage {
            code: file.code.clone(),
            english_name: file.text("english_name").to_owned(),
            loads: language.is_some(),
            datasets: parts::parts(file, language, &available),
            findings: own,
        });
    }
    if only.is_some() {
        // What belongs to other languages is not asked for, but all items are compared with English's.
        let is_other = |file: &&LanguageFile| !is_asked(&file.code) && file.code != "en";
        findings.retain(|finding| {
            let stem = finding.file.file_stem().unwrap_or_default();
            let mut others = files.iter().filter(is_other);
            !others.any(|file| stem.eq_ignore_ascii_case(&file.code))
        });
    }
    Ok(LanguageCheck {
        languages,
        findings,
    })
}

/// Sorts findings by place. The loader's error and a check of ours may be about the same line: the loader's says it.
fn sort(findings: &mut Vec<FileFinding>) {
    let mut seen = BTreeSet::new();
    findings.retain(|finding| {
        let is_error = finding.severity == Severity::Error;
        !is_error || seen.insert((finding.file.clone(), finding.line))
    });
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
}

/// Takes the findings about a language's own file out of a list.
fn take_own(findings: &mut Vec<FileFinding>, file: &LanguageFile) -> Vec<FileFinding> {
    let (own, rest) = std::mem::take(findings)
        .into_iter()
        .partition(|finding| finding.file == file.path);
    *findings = rest;
    own
}

fn read_files(folder: &ProjectPath) -> Result<Vec<LanguageFile>, AuditError> {
    let mut files = entries(folder)?;
    files.retain(|file| file.has_extension("toml"));
    files.into_iter().map(LanguageFile::read).collect()
}

/// What a folder holds, by name.
fn entries(folder: &ProjectPath) -> Result<Vec<ProjectPath>, AuditError> {
    folder.entries().map_err(|source| AuditError::Unreadable {
        path: folder.shown(),
        source,
    })
}

/// What keeps a file from being read.
fn file_error(error: &TemplateError) -> FileFinding {
    let remedy = error.help().map(|help| help.to_string());
    let (place, problem) = match error {
        TemplateError::Invalid {
            problem, position, ..
        } => ((position.path.as_path(), position.line), problem.clone()),
        TemplateError::Unreadable { path, source } => {
            ((path.as_path(), 1), format!("cannot be read: {source}"))
        }
        other => ((Path::new(""), 1), other.to_string()),
    };
    FileFinding::new(Severity::Error, place, problem, remedy.unwrap_or_default())
}
