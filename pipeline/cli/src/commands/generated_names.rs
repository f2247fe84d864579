//! Names of a fictional world by a language model.

use super::{
    Failure,
    api::{ApiArgs, usage},
    evaluate::open_ai,
    fictional::WorldArgs,
    runtime,
};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_base::types::LanguageCode;
use clika_datasets::translate::{NameLanguage, generate_names};
use clika_datasets::{Control, ExperimentFile, FictionalConfig, WorldLanguages, WorldNames};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Has the model make up the names of a world, and says which model and when.
pub fn names(
    args: &WorldArgs,
    config: &FictionalConfig,
    languages: &WorldLanguages,
    experiment: &ExperimentFile,
    api: &ApiArgs,
    project: &Project,
    shown: ProgressOptions,
) -> Result<(WorldNames, Value), Failure> {
    let translation = &experiment.translation;
    let endpoint = args.llm_endpoint.as_ref();
    let endpoint = endpoint.unwrap_or(&translation.llm_endpoint);
    let model = args.llm_model.as_ref().unwrap_or(&translation.llm_model);
    let model = open_ai(api, endpoint, model, None, project)?;
    // Each translation is paid for: only those that are needed. Cognates are the source's names everywhere.
    let targets = match config.control {
        Control::Cognate => &[][..],
        Control::None | Control::Alias | Control::RandomLabel => &languages.targets,
    };
    let name_languages: Vec<_> = targets
        .iter()
        .chain([&languages.source])
        .map(|language| NameLanguage {
            code: language.code.to_string(),
            english_name: language.english_name.clone(),
            script: language.script.clone(),
        })
        .collect();
    let progress = shown.progress();
    let generated = runtime()?.block_on(async {
        let seed = experiment.datasets.seed;
        let work = generate_names(
            &model,
            config.continents,
            config.places,
            &name_languages,
            seed,
            progress.as_ref(),
        );
        tokio::select! {
            generated = work => generated.map_err(Failure::from),
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(
                "interrupted; every answer so far is kept: run the command again to continue".to_owned(),
            )),
        }
    });
    if !shown.quiet {
        eprintln!("{}", usage(model.model(), &model.totals()));
    }
    let generated = generated?;
    let origin = json!({
        "model": model.model(),
        "endpoint": model.base(),
        "first_date": generated.first_date,
        "last_date": generated.last_date,
        "asked_again": generated.asked_again,
    });
    let names = WorldNames {
        continents: by_code(generated.continents),
        places: by_code(generated.places),
    };
    Ok((names, origin))
}

fn by_code(names: Vec<BTreeMap<String, String>>) -> Vec<BTreeMap<LanguageCode, String>> {
    let code = |code| LanguageCode::try_from(code).expect("codes come from languages");
    let entity = |names: BTreeMap<String, String>| {
        let names = names.into_iter();
        names
            .map(|(language, name)| (code(language), name))
            .collect()
    };
    names.into_iter().map(entity).collect()
}
