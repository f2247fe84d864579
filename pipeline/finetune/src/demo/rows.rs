use super::DemoConfig;
use crate::{FinetuneError, LanguagePair, WorldSource, language_pairs};
use clika_base::Project;
use clika_base::types::LanguageCode;
use clika_datasets::{Control, FictionalConfig, FictionalRow, RowKind};
use std::collections::BTreeSet;

/// What the demo's model learns: the rows of other worlds, in which nearly all facts are taught in both languages.
///
/// Rows on a place whose name a tested world has, too, are left out.
pub(super) fn rows(
    config: &DemoConfig,
    languages: &[LanguageCode],
    (tested, seed): (&FictionalConfig, u64),
    project: &Project,
) -> Result<Vec<FictionalRow>, FinetuneError> {
    let everything = |config: &FictionalConfig| FictionalConfig {
        taught_places: config.places - 1,
        ..config.clone()
    };
    let draw = |config: &FictionalConfig, seed: u64| -> Result<Vec<LanguagePair>, FinetuneError> {
        let config = everything(config);
        let source = WorldSource::Drawn { config, seed };
        demo_language_pairs(
            &source,
            languages,
            &[Control::Cognate, Control::Alias],
            project,
        )
    };
    let mut names = BTreeSet::new();
    for pair in draw(tested, seed)? {
        names.extend(pair.splits.train.iter().flat_map(names_of));
    }
    let mut rows = Vec::new();
    for number in 0..config.making.worlds as u64 {
        // Seeds of a range that nobody takes by hand.
        let other = config
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(1 << 40)
            .wrapping_add(number);
        for pair in draw(tested, other)? {
            let known: BTreeSet<String> = pair
                .splits
                .train
                .iter()
                .filter(|row| names_of(row).any(|name| names.contains(&name)))
                .map(|row| row.entity.clone())
                .collect();
            let train = pair.splits.train.into_iter();
            rows.extend(train.filter(|row| !known.contains(&row.entity)));
        }
    }
    Ok(rows)
}

/// [`language_pairs`] with cognates of the first language only: what they are to show needs no second one, and time is short.
pub fn demo_language_pairs(
    world: &WorldSource,
    languages: &[LanguageCode],
    controls: &[Control],
    project: &Project,
) -> Result<Vec<LanguagePair>, FinetuneError> {
    let mut pairs = language_pairs(world, languages, controls, project)?;
    let first = languages.first();
    pairs.retain(|pair| pair.control != Control::Cognate || Some(&pair.target) == first);
    Ok(pairs)
}

/// The names of a place or continent in both languages, if the row translates them.
fn names_of(row: &FictionalRow) -> impl Iterator<Item = String> {
    let pair = [row.query.clone(), row.answer.clone()];
    let translates = row.kind == RowKind::Translation;
    pair.into_iter().filter(move |_| translates)
}

#[cfg(test)]
mod tests {
    use super::{names_of, rows};
    use crate::{demo::demo_language_pairs, read_demo, worlds::WorldSource};
    use clika_base::Project;
    use clika_datasets::{Control, ExperimentFile};
    use std::{collections::BTreeSet, path::Path};

    #[test]
    fn the_model_is_made_without_a_name_of_the_tested_world() {
        let project = Project::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let (demo, finetune) = read_demo(&project.demo_experiment()).unwrap();
        assert!(finetune.check().is_ok());
        let datasets = ExperimentFile::read(&project.experiment())
            .unwrap()
            .datasets;
        let tested = demo.world(&datasets.fictional);
        let source = WorldSource::Drawn {
            config: tested.clone(),
            seed: datasets.seed,
        };
        let controls = [Control::Cognate, Control::Alias];
        let mut names = BTreeSet::new();
        for pair in demo_language_pairs(&source, &demo.languages, &controls, &project).unwrap() {
            names.extend(pair.splits.train.iter().flat_map(names_of));
        }
        let made = rows(&demo, &demo.languages, (&tested, datasets.seed), &project).unwrap();
        let places = tested.places + tested.continents;
        assert!(names.len() >= places);
        // Ten templates; all names, all facts in English and all but one in the other language.
        let world = 10 * (places + tested.places + tested.places - 1);
        let worlds = demo.making.worlds * (demo.languages.len() + 2);
        assert!(made.len() > worlds * world * 9 / 10, "{} rows", made.len());
        assert!(made.len() <= worlds * world);
        for row in &made {
            assert!(!names_of(row).any(|name| names.contains(&name)), "{row:?}");
        }
    }
}
