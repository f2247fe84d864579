//! From lists to cells, and from cells to jobs.

use crate::{
    Cell, CellKind, GridError, GridFile, Job,
    grid_file::{Evaluations, Exclusion, Trainings, texts},
};
use std::collections::{BTreeMap, BTreeSet};

/// The cells of a grid, in jobs of one base model each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The jobs, by their numbers.
    pub jobs: Vec<Job>,
    /// The cells, in the order of the jobs.
    pub cells: Vec<Cell>,
}

/// How `clika finetune` names the folders of its runs, besides the language and the seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunNames {
    /// The relation that is taught, where it is not the paper's.
    pub relation: Option<String>,
    /// The language that everything is taught in, where it is not English.
    pub source: Option<String>,
}

/// The control that has one world for all languages.
const ALIAS: &str = "alias";
/// The control that has a world for each language.
const COGNATE: &str = "cognate";
/// The model that is made here; its cognates are of the first language only, and it has controls of its own.
const DEMO: &str = "demo";

impl RunNames {
    /// The folder of a run: `de-seed0`, `founding-cognate-de-seed1`, `alias-seed0`.
    fn folder(&self, control: Option<&str>, language: Option<&str>, seed: u64) -> String {
        let parts = [
            self.relation.as_deref(),
            control,
            self.source.as_deref(),
            language,
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        format!("{}-seed{seed}", parts.join("-"))
    }
}

impl Plan {
    /// The cells of a grid's file. `cells_per_job` cuts jobs that would have more; a job of one language and one seed is never
    /// cut.
    ///
    /// # Errors
    /// A grid without cells, and an exclusion that leaves nothing out.
    pub fn of(
        grid: &GridFile,
        names: &RunNames,
        cells_per_job: Option<usize>,
    ) -> Result<Self, GridError> {
        let mut planner = Planner {
            exclusions: grid.content.exclude.iter().map(|it| it.get_ref()).collect(),
            used: BTreeSet::new(),
            slugs: BTreeMap::new(),
            most: cells_per_job.unwrap_or(usize::MAX),
            names,
            plan: Self::default(),
        };
        if let Some(finetune) = &grid.content.finetune {
            planner.trainings(finetune);
        }
        if let Some(evaluate) = &grid.content.evaluate {
            planner.evaluations(evaluate);
        }
        let Planner { used, plan, .. } = planner;
        let all = grid.content.exclude.iter().enumerate();
        for (number, exclusion) in all {
            if !used.contains(&number) {
                return Err(grid.wrong(
                    exclusion.span(),
                    "this [[exclude]] leaves no cell out",
                    "its values have to be as they stand in the lists above, and together in one cell",
                ));
            }
        }
        if plan.cells.is_empty() {
            return Err(grid.wrong(
                0..0,
                "the grid has no cells: everything is excluded",
                "remove an [[exclude]], or narrow one with a further key",
            ));
        }
        Ok(plan)
    }
}

/// What a training has besides its language and its seed.
#[derive(Clone, Copy)]
struct Setting<'a> {
    model: &'a str,
    strategy: Option<&'a str>,
    direction: Option<&'a str>,
    world: Option<u64>,
}

struct Planner<'a> {
    exclusions: Vec<&'a Exclusion>,
    /// The exclusions that left something out.
    used: BTreeSet<usize>,
    /// Names of models as they stand in paths.
    slugs: BTreeMap<&'a str, String>,
    most: usize,
    names: &'a RunNames,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn trainings(&mut self, it: &'a Trainings) {
        let languages = texts(it.languages.get_ref());
        let numbers = |list: &Option<toml::Spanned<Vec<toml::Spanned<u64>>>>| {
            list.as_ref().map(|list| {
                let numbers = list.get_ref().iter();
                numbers.map(|it| *it.get_ref()).collect::<Vec<u64>>()
            })
        };
        let words = |list: &'a Option<toml::Spanned<Vec<toml::Spanned<String>>>>| match list {
            Some(list) => texts(list.get_ref()).into_iter().map(Some).collect(),
            None => vec![None],
        };
        let seeds = numbers(&it.seeds).unwrap_or_else(|| vec![0]);
        let worlds: Vec<Option<u64>> = match numbers(&it.worlds) {
            Some(worlds) => worlds.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let controls = it.controls.as_ref();
        let controls = controls.map_or_else(Vec::new, |it| texts(it.get_ref()));
        let arguments = texts(&it.arguments);
        for model in texts(it.models.get_ref()) {
            for strategy in words(&it.strategies) {
                for direction in words(&it.directions) {
                    for &world in &worlds {
                        let setting = Setting {
                            model,
                            strategy,
                            direction,
                            world,
                        };
                        self.setting(setting, &languages, &seeds, &controls, &arguments);
                    }
                }
            }
        }
    }

    /// The jobs of one setting: languages with the same seeds go together, as `clika finetune` takes them.
    fn setting(
        &mut self,
        setting: Setting<'a>,
        languages: &[&'a str],
        seeds: &[u64],
        controls: &[&'a str],
        arguments: &[&'a str],
    ) {
        let mut groups: Vec<(Vec<u64>, Vec<&str>)> = Vec::new();
        for &language in languages {
            let kept = seeds.iter().copied();
            let kept: Vec<u64> = kept
                .filter(|&seed| !self.excludes(setting, language, seed))
                .collect();
            match groups.iter_mut().find(|(seeds, _)| *seeds == kept) {
                _ if kept.is_empty() => {}
                Some((_, group)) => group.push(language),
                None => groups.push((kept, vec![language])),
            }
        }
        let mut aliased = BTreeSet::new();
        for (seeds, languages) in groups {
            for (languages, seeds) in cut(&languages, &seeds, self.most) {
                let mut controls = controls.to_vec();
                // One world for all languages is trained once.
                let alias = seeds.iter().any(|seed| !aliased.contains(seed));
                controls.retain(|control| *control != ALIAS || alias);
                self.training_job(
                    setting,
                    languages,
                    seeds,
                    &controls,
                    arguments,
                    &mut aliased,
                );
            }
        }
    }

    fn training_job(
        &mut self,
        setting: Setting<'a>,
        languages: &[&str],
        seeds: &[u64],
        controls: &[&str],
        arguments: &[&str],
        aliased: &mut BTreeSet<u64>,
    ) {
        let Setting {
            model,
            strategy,
            direction,
            world,
        } = setting;
        let slug = self.slug(model);
        let world_name = world.map(|world| format!("world{world}"));
        let parts = [strategy, direction, world_name.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let (name, prefix) = (
            [&[slug.as_str()], &parts[..]].concat().join("-"),
            [&[slug.as_str()], &parts[..]].concat().join("/"),
        );
        let mut runs = Vec::new();
        for &language in languages {
            runs.push((None, Some(language)));
        }
        for &control in controls {
            match control {
                ALIAS => runs.push((Some(control), None)),
                COGNATE => {
                    let made = if model == DEMO { 1 } else { languages.len() };
                    runs.extend(
                        languages[..made]
                            .iter()
                            .map(|it| (Some(control), Some(*it))),
                    );
                }
                // Further questions to a training that is there.
                _ => {}
            }
        }
        let job = self.plan.jobs.len();
        let name = format!("{job:04}-{name}");
        let mut cells = Vec::new();
        for (control, language) in runs {
            for &seed in seeds {
                if control == Some(ALIAS) && !aliased.insert(seed) {
                    continue;
                }
                let run = self.names.folder(control, language, seed);
                let cell = format!("{prefix}/{run}");
                cells.push(cell.clone());
                self.plan.cells.push(Cell {
                    cell,
                    job,
                    kind: CellKind::Finetune,
                    model: model.to_owned(),
                    language: language.map(str::to_owned),
                    seed: Some(seed),
                    strategy: strategy.map(str::to_owned),
                    direction: direction.map(str::to_owned),
                    world,
                    control: control.map(str::to_owned),
                    dataset: None,
                    out: format!("jobs/{name}/{run}"),
                    expected: vec!["results.json".to_owned(), "manifest.json".to_owned()],
                });
            }
        }
        let numbers: Vec<String> = seeds.iter().map(u64::to_string).collect();
        let controls = if controls.is_empty() && model == DEMO {
            "none".to_owned()
        } else {
            controls.join(",")
        };
        let world = world.map(|world| world.to_string());
        let options = [
            ("--languages", Some(languages.join(","))),
            ("--seeds", Some(numbers.join(","))),
            ("--strategy", strategy.map(str::to_owned)),
            ("--direction", direction.map(str::to_owned)),
            ("--world-seed", world),
            ("--control", Some(controls).filter(|it| !it.is_empty())),
        ];
        self.push_job(
            name,
            model,
            (CellKind::Finetune, &[]),
            &options,
            arguments,
            cells,
        );
    }

    fn evaluations(&mut self, it: &'a Evaluations) {
        let languages = it.languages.as_ref();
        let languages = languages.map(|it| texts(it.get_ref()).join(","));
        let arguments = texts(&it.arguments);
        for model in texts(it.models.get_ref()) {
            let datasets = texts(it.datasets.get_ref()).into_iter();
            let datasets: Vec<&str> = datasets
                .filter(|dataset| !self.excludes_dataset(model, dataset))
                .collect();
            for datasets in datasets.chunks(self.most.min(datasets.len().max(1))) {
                let job = self.plan.jobs.len();
                let slug = self.slug(model);
                let name = format!("{job:04}-evaluate-{slug}");
                let cell_of = |dataset: &str| format!("evaluate/{slug}/{dataset}");
                self.plan.cells.extend(datasets.iter().map(|dataset| Cell {
                    cell: cell_of(dataset),
                    job,
                    kind: CellKind::Evaluate,
                    model: model.to_owned(),
                    language: None,
                    seed: None,
                    strategy: None,
                    direction: None,
                    world: None,
                    control: None,
                    dataset: Some((*dataset).to_owned()),
                    out: format!("jobs/{name}"),
                    expected: vec![
                        format!("*/{dataset}/*.parquet"),
                        "*/manifest.json".to_owned(),
                    ],
                }));
                let cells = datasets.iter().map(|it| cell_of(it)).collect();
                let options = [("--languages", languages.clone())];
                let kind = (CellKind::Evaluate, datasets);
                self.push_job(name, model, kind, &options, &arguments, cells);
            }
        }
    }

    fn push_job(
        &mut self,
        name: String,
        model: &str,
        (kind, first): (CellKind, &[&str]),
        options: &[(&str, Option<String>)],
        further: &[&str],
        cells: Vec<String>,
    ) {
        let mut arguments = vec![kind.command().to_owned()];
        arguments.extend(first.iter().map(|it| (*it).to_owned()));
        arguments.extend(["--model".to_owned(), model.to_owned()]);
        for (option, value) in options {
            if let Some(value) = value {
                arguments.extend([(*option).to_owned(), value.clone()]);
            }
        }
        arguments.extend(further.iter().map(|it| (*it).to_owned()));
        arguments.extend(["--out".to_owned(), format!("jobs/{name}")]);
        self.plan.jobs.push(Job {
            job: self.plan.jobs.len(),
            name,
            model: model.to_owned(),
            kind,
            arguments,
            cells,
        });
    }

    /// A model's name in paths; two models that would have the same get a number.
    fn slug(&mut self, model: &'a str) -> String {
        if let Some(slug) = self.slugs.get(model) {
            return slug.clone();
        }
        let last = model.trim_end_matches('/');
        // A path is known by its last part.
        let is_path = model.starts_with(['/', '.', '~']) || last.matches('/').count() > 1;
        let last = if is_path {
            last.rsplit('/').next().unwrap_or(last)
        } else {
            last
        };
        let clean: String = last
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' || c == '.' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let mut slug = clean.trim_start_matches('.').to_owned();
        let mut number = 2;
        while self.slugs.values().any(|it| *it == slug) || slug.is_empty() {
            slug = format!("{clean}_{number}");
            number += 1;
        }
        self.slugs.insert(model, slug.clone());
        slug
    }

    fn excludes(&mut self, setting: Setting<'_>, language: &str, seed: u64) -> bool {
        self.exclude(|it| {
            fits(it.kind.as_deref(), Some("finetune"))
                && fits(it.model.as_deref(), Some(setting.model))
                && fits(it.strategy.as_deref(), setting.strategy)
                && fits(it.direction.as_deref(), setting.direction)
                && fits(it.world, setting.world)
                && it
                    .language
                    .as_ref()
                    .is_none_or(|it| it.eq_ignore_ascii_case(language))
                && fits(it.seed, Some(seed))
                && it.dataset.is_none()
        })
    }

    fn excludes_dataset(&mut self, model: &str, dataset: &str) -> bool {
        self.exclude(|it| {
            fits(it.kind.as_deref(), Some("evaluate"))
                && fits(it.model.as_deref(), Some(model))
                && fits(it.dataset.as_deref(), Some(dataset))
                && it.language.is_none()
                && it.seed.is_none()
                && it.strategy.is_none()
                && it.direction.is_none()
                && it.world.is_none()
        })
    }

    fn exclude(&mut self, fits: impl Fn(&Exclusion) -> bool) -> bool {
        let fitting = self.exclusions.iter().enumerate();
        let fitting: Vec<usize> = fitting
            .filter_map(|(number, it)| fits(it).then_some(number))
            .collect();
        self.used.extend(&fitting);
        !fitting.is_empty()
    }
}

/// Whether a cell has a value that an exclusion asks for.
fn fits<T: PartialEq>(wanted: Option<T>, value: Option<T>) -> bool {
    wanted.is_none() || wanted == value
}

/// Languages and seeds in parts of at most `most` trainings: whole languages where one fits, else parts of its seeds.
fn cut<'l, 's, 'a>(
    languages: &'l [&'a str],
    seeds: &'s [u64],
    most: usize,
) -> Vec<(&'l [&'a str], &'s [u64])> {
    let together = most / seeds.len();
    if together > 0 {
        let parts = languages.chunks(together.min(languages.len()));
        return parts.map(|languages| (languages, seeds)).collect();
    }
    let mut parts = Vec::new();
    for language in languages.chunks(1) {
        parts.extend(seeds.chunks(most.max(1)).map(|seeds| (language, seeds)));
    }
    parts
}

#[cfg(test)]
mod tests;
