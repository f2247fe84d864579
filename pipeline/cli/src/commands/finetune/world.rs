//! Which world is taught.

use super::{Args, Failure};
use clika_base::Project;
use clika_datasets::{BuiltWorld, ExperimentFile, FictionalConfig};
use clika_finetune::{DemoConfig, FinetuneError, WorldSource};
use serde_json::json;

/// The world that was named, or one to draw.
///
/// Options that would make another world than the one that was named are an error.
pub(super) fn source(
    args: &Args,
    demo: Option<&DemoConfig>,
    project: &Project,
) -> Result<WorldSource, Failure> {
    let Some(folder) = &args.world else {
        let experiment = ExperimentFile::read(&project.experiment())?;
        let config = &experiment.datasets.fictional;
        let config = match demo {
            Some(demo) => demo.world(config),
            None => config.clone(),
        };
        return Ok(WorldSource::Drawn {
            config: args.shape.resolve(&config),
            seed: args.world_seed.unwrap_or(experiment.datasets.seed),
        });
    };
    let world = BuiltWorld::open(folder)?;
    let keys = differing(&world.config, &args.shape.resolve(&world.config));
    if keys.is_empty() {
        return Ok(WorldSource::Built(world));
    }
    Err(FinetuneError::OtherWorld {
        path: folder.clone(),
        keys: keys.join(", "),
    }
    .into())
}

fn differing(built: &FictionalConfig, wished: &FictionalConfig) -> Vec<String> {
    let (built, wished) = (json!(built), json!(wished));
    let keys = built.as_object().into_iter().flat_map(|map| map.keys());
    keys.filter(|key| built[key.as_str()] != wished[key.as_str()])
        .map(|key| format!("`{key}`"))
        .collect()
}
