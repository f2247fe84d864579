//! The file that says which cells there are: `grid.toml`.

use crate::{CellKind, GridError};
use clika_base::types::FilePosition;
use clika_base::{ProjectPath, TomlProblem, known_names, parse_toml};
use serde::Deserialize;
use std::{collections::BTreeSet, fmt::Display, ops::Range, path::PathBuf};
use toml::Spanned;

/// A grid as a person wrote it, checked against what there is.
#[derive(Clone, Debug)]
pub struct GridFile {
    /// The file's name without its ending, which is the grid's.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// Where it is, for messages.
    pub path: PathBuf,
    pub(crate) content: GridContent,
}

/// The names that a grid's lists may hold.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Languages with templates of fictional worlds.
    pub taught: Vec<String>,
    /// All languages that there is a file for.
    pub languages: Vec<String>,
    /// The language that everything is taught in.
    pub source: String,
    /// Strategies of training.
    pub strategies: Vec<String>,
    /// Directions of translation.
    pub directions: Vec<String>,
    /// Controls.
    pub controls: Vec<String>,
    /// Datasets of multiple-choice items.
    pub datasets: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GridContent {
    #[serde(default)]
    pub(crate) finetune: Option<Trainings>,
    #[serde(default)]
    pub(crate) evaluate: Option<Evaluations>,
    #[serde(default)]
    pub(crate) exclude: Vec<Spanned<Exclusion>>,
}

type Names = Vec<Spanned<String>>;
type Numbers = Vec<Spanned<u64>>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trainings {
    pub(crate) models: Spanned<Names>,
    pub(crate) languages: Spanned<Names>,
    pub(crate) seeds: Option<Spanned<Numbers>>,
    pub(crate) strategies: Option<Spanned<Names>>,
    pub(crate) directions: Option<Spanned<Names>>,
    pub(crate) worlds: Option<Spanned<Numbers>>,
    pub(crate) controls: Option<Spanned<Names>>,
    #[serde(default)]
    pub(crate) arguments: Names,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluations {
    pub(crate) models: Spanned<Names>,
    pub(crate) datasets: Spanned<Names>,
    pub(crate) languages: Option<Spanned<Names>>,
    #[serde(default)]
    pub(crate) arguments: Names,
}

/// Leaves out the cells that have every value that is given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exclusion {
    pub(crate) kind: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) seed: Option<u64>,
    pub(crate) strategy: Option<String>,
    pub(crate) direction: Option<String>,
    pub(crate) world: Option<u64>,
    pub(crate) dataset: Option<String>,
}

const HINT: &str = "docs/grid.md explains every key, and experiments/grids has examples";

impl GridFile {
    /// Reads a file; its values are checked by [`check`](Self::check), and the models by who knows them.
    ///
    /// # Errors
    /// A file that is not there, and an unknown key, with its line.
    pub fn read(file: &ProjectPath) -> Result<Self, GridError> {
        let path = file.shown();
        let text = file.text().map_err(|source| GridError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let content =
            parse_toml(&text).map_err(|TomlProblem { problem, span }| GridError::File {
                problem,
                hint: HINT.to_owned(),
                position: FilePosition::at(&path, &text, span.start),
            })?;
        Ok(Self {
            name: file.stem(),
            text,
            path,
            content,
        })
    }

    /// Every model of the file with the place where it is named, for whoever knows which ones there are.
    pub fn models(&self) -> Vec<(&str, Range<usize>)> {
        let trained = self.content.finetune.iter().map(|it| &it.models);
        let asked = self.content.evaluate.iter().map(|it| &it.models);
        let models = trained.chain(asked).flat_map(|it| it.get_ref());
        models
            .map(|model| (model.get_ref().as_str(), model.span()))
            .collect()
    }

    /// Further options of the commands of a kind, and where they stand; `None` where the grid has no such cells.
    pub fn arguments(&self, kind: CellKind) -> Option<(Vec<&str>, Range<usize>)> {
        let GridContent {
            finetune, evaluate, ..
        } = &self.content;
        let arguments = match kind {
            CellKind::Finetune => &finetune.as_ref()?.arguments,
            CellKind::Evaluate => &evaluate.as_ref()?.arguments,
        };
        let span = arguments.first().map_or(0..0, Spanned::span);
        Some((texts(arguments), span))
    }

    /// The error that something at a place of the file is wrong.
    pub fn wrong(
        &self,
        span: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> GridError {
        GridError::File {
            problem: problem.into(),
            hint: hint.into(),
            position: FilePosition::at(&self.path, &self.text, span.start),
        }
    }

    /// Checks every value of the lists.
    ///
    /// # Errors
    /// An unknown name, an empty list, a value that stands twice, an option that the grid sets itself: each with its line.
    pub fn check(&self, known: &KnownNames) -> Result<(), GridError> {
        let GridContent {
            finetune, evaluate, ..
        } = &self.content;
        if finetune.is_none() && evaluate.is_none() {
            return Err(self.wrong(
                0..0,
                "the grid has neither [finetune] nor [evaluate], and so no cells",
                HINT,
            ));
        }
        if let Some(it) = finetune {
            self.check_list("models", &it.models)?;
            self.check_list("languages", &it.languages)?;
            self.check_targets(&it.languages, known)?;
            self.check_numbers("seeds", it.seeds.as_ref())?;
            self.check_numbers("worlds", it.worlds.as_ref())?;
            self.check_names(
                "strategies",
                "strategy",
                it.strategies.as_ref(),
                &known.strategies,
            )?;
            self.check_names(
                "directions",
                "direction",
                it.directions.as_ref(),
                &known.directions,
            )?;
            self.check_names("controls", "control", it.controls.as_ref(), &known.controls)?;
            self.check_arguments(&it.arguments, &OF_FINETUNE)?;
        }
        if let Some(it) = evaluate {
            self.check_list("models", &it.models)?;
            self.check_names("datasets", "dataset", Some(&it.datasets), &known.datasets)?;
            self.check_names(
                "languages",
                "language",
                it.languages.as_ref(),
                &known.languages,
            )?;
            self.check_arguments(&it.arguments, &OF_EVALUATE)?;
        }
        Ok(())
    }

    fn check_list(&self, key: &str, list: &Spanned<Names>) -> Result<(), GridError> {
        self.check_each(key, list.span(), list.get_ref(), |it| it.to_lowercase())
    }

    fn check_numbers(&self, key: &str, list: Option<&Spanned<Numbers>>) -> Result<(), GridError> {
        let Some(list) = list else { return Ok(()) };
        self.check_each(key, list.span(), list.get_ref(), |it| *it)
    }

    /// Refuses an empty list and a value that stands twice.
    fn check_each<T: Display, K: Ord>(
        &self,
        key: &str,
        span: Range<usize>,
        list: &[Spanned<T>],
        by: impl Fn(&T) -> K,
    ) -> Result<(), GridError> {
        if list.is_empty() {
            let problem = format!("`{key}` is empty, so that there would be no cell");
            return Err(self.wrong(
                span,
                problem,
                format!("name at least one, or remove the key: {HINT}"),
            ));
        }
        let mut seen = BTreeSet::new();
        for value in list {
            if !seen.insert(by(value.get_ref())) {
                let problem = format!("`{}` stands twice in `{key}`", value.get_ref());
                return Err(self.wrong(
                    value.span(),
                    problem,
                    "a cell is trained once: name it once",
                ));
            }
        }
        Ok(())
    }

    fn check_names(
        &self,
        key: &str,
        what: &str,
        list: Option<&Spanned<Names>>,
        known: &[String],
    ) -> Result<(), GridError> {
        let Some(list) = list else { return Ok(()) };
        self.check_list(key, list)?;
        for name in list.get_ref() {
            if !contains(known, name.get_ref()) {
                let problem = format!("there is no {what} `{}`", name.get_ref());
                return Err(self.wrong(name.span(), problem, there_are(name.get_ref(), known)));
            }
        }
        Ok(())
    }

    fn check_targets(&self, list: &Spanned<Names>, known: &KnownNames) -> Result<(), GridError> {
        for name in list.get_ref() {
            let code = name.get_ref();
            let (problem, hint) = if code.eq_ignore_ascii_case(&known.source) {
                (
                    format!("everything is taught in `{code}`; it cannot be crossed to"),
                    "leave it out".to_owned(),
                )
            } else if contains(&known.taught, code) {
                continue;
            } else if contains(&known.languages, code) {
                (
                    format!(
                        "`{code}` has no [fictional] templates, so that no world can be taught in it"
                    ),
                    format!(
                        "write them in its file; `clika language check {code}` says what is missing"
                    ),
                )
            } else {
                (
                    format!("there is no language `{code}`"),
                    format!(
                        "{}; `clika language new {code}` begins its file",
                        there_are(code, &known.taught)
                    ),
                )
            };
            return Err(self.wrong(name.span(), problem, hint));
        }
        Ok(())
    }

    /// Refuses options that are the grid's own.
    fn check_arguments(
        &self,
        arguments: &[Spanned<String>],
        own: &[(&str, &str)],
    ) -> Result<(), GridError> {
        for argument in arguments {
            let name = argument.get_ref().split('=').next().unwrap_or_default();
            if let Some((_, instead)) = own.iter().find(|(own, _)| *own == name) {
                let problem = format!("`{name}` cannot stand in `arguments`");
                return Err(self.wrong(argument.span(), problem, *instead));
            }
        }
        Ok(())
    }
}

const BY_THE_GRID: &str = "the grid sets it for every job: leave it out";

/// Options of `clika finetune` that would change which cells there are, or where they go.
const OF_FINETUNE: [(&str, &str); 12] = [
    ("--model", "name models in `models`"),
    ("--languages", "name languages in `languages`"),
    ("--seeds", "name seeds in `seeds`"),
    ("--strategy", "name strategies in `strategies`"),
    ("--direction", "name directions in `directions`"),
    ("--world-seed", "name worlds in `worlds`"),
    ("--control", "name controls in `controls`"),
    (
        "--adapter",
        "a grid trains its adapters: ask with one in a command of its own",
    ),
    (
        "--device",
        "`clika grid run --device` or --devices says where cells run",
    ),
    ("--out", BY_THE_GRID),
    ("--json", BY_THE_GRID),
    ("--project", BY_THE_GRID),
];

/// The same of `clika evaluate`.
const OF_EVALUATE: [(&str, &str); 7] = [
    ("--model", "name models in `models`"),
    ("--languages", "name languages in `languages`"),
    (
        "--device",
        "`clika grid run --device` or --devices says where cells run",
    ),
    ("--out", BY_THE_GRID),
    ("--json", BY_THE_GRID),
    ("--name", BY_THE_GRID),
    ("--project", BY_THE_GRID),
];

fn contains(known: &[String], name: &str) -> bool {
    known.iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn there_are(name: &str, known: &[String]) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("there are {}", known_names(name, &known))
}

/// The texts without their places.
pub(crate) fn texts(list: &[Spanned<String>]) -> Vec<&str> {
    list.iter().map(|it| it.get_ref().as_str()).collect()
}
