//! `--model demo`: a model that is made here.

use super::Failure;
use clika_base::types::{LanguageCode, Progress};
use clika_base::{Project, ProjectPath};
use clika_datasets::ExperimentFile;
use clika_finetune::{
    DEMO, DemoConfig, FinetuneConfig, FinetuneError, WorldSource, make_demo, read_demo,
};
use clika_network::hub::ModelFolder;
use std::{path::Path, sync::atomic::AtomicBool};

/// Whether the demo is meant: a folder of that name is a model like any other.
pub fn is_meant(model: &str) -> bool {
    model == DEMO && !Path::new(DEMO).is_dir()
}

/// The demo's experiment file.
pub fn read(
    file: Option<&Path>,
    project: &Project,
) -> Result<(DemoConfig, FinetuneConfig), FinetuneError> {
    let named = file.map(ProjectPath::from);
    read_demo(&named.unwrap_or_else(|| project.demo_experiment()))
}

/// The demo's model for some languages, which is made if it is not there.
pub fn locate(
    demo: &DemoConfig,
    languages: &[LanguageCode],
    world: &WorldSource,
    project: &Project,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<ModelFolder, Failure> {
    let tested = (world.config(), world.seed());
    let folder = match make_demo(demo, languages, tested, project, stop, progress) {
        Err(FinetuneError::Stopped) => {
            return Err(Failure::Interrupted(
                "interrupted before the demo's model was made: run the command again to start over"
                    .to_owned(),
            ));
        }
        folder => folder?,
    };
    Ok(ModelFolder {
        folder,
        name: DEMO.to_owned(),
        revision: None,
    })
}

/// The demo's model as its experiment file says.
pub fn locate_default(
    project: &Project,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<ModelFolder, Failure> {
    let (demo, _) = read(None, project)?;
    let datasets = ExperimentFile::read(&project.experiment())?.datasets;
    let world = WorldSource::Drawn {
        config: demo.world(&datasets.fictional),
        seed: datasets.seed,
    };
    locate(&demo, &demo.languages, &world, project, stop, progress)
}
