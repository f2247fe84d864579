//! Options of every command that loads a model.

use super::{Failure, named::named, runtime};
use clika_base::types::Progress;
use clika_lm::{Device, DeviceChoice, Dtype};
use clika_network::hub::{Hub, HubError, ModelFolder};

/// Where and how a model runs.
#[derive(clap::Args)]
pub struct ModelArgs {
    /// Where it runs: auto, cpu, cuda:N or vulkan:N; `clika devices` lists what there is [default: auto]
    #[arg(long, value_name = "DEVICE")]
    device: Option<DeviceChoice>,
    /// The type it is computed in [default: f32 on a processor and through Vulkan, bf16 with CUDA unless the weights are f32]
    #[arg(long, value_parser = named::<Dtype>())]
    dtype: Option<Dtype>,
}

impl ModelArgs {
    /// The first option that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        match (self.device, self.dtype) {
            (Some(_), _) => Some("--device"),
            (None, Some(_)) => Some("--dtype"),
            (None, None) => None,
        }
    }

    /// The device that is meant.
    pub fn device(&self) -> Result<Device, Failure> {
        Ok(self.device.unwrap_or(DeviceChoice::Auto).device()?)
    }

    /// The type that is wished.
    pub fn dtype(&self) -> Option<Dtype> {
        self.dtype
    }

    /// The model's folder, downloaded if need be.
    pub fn locate(&self, model: &str, progress: &dyn Progress) -> Result<ModelFolder, Failure> {
        locate(model, progress)
    }
}

/// A model's folder, downloaded if need be.
pub fn locate(model: &str, progress: &dyn Progress) -> Result<ModelFolder, Failure> {
    Ok(locate_or_say(model, progress)??)
}

/// A model's folder, downloaded if need be, or why the hub and the cache do not give it.
pub fn locate_or_say(
    model: &str,
    progress: &dyn Progress,
) -> Result<Result<ModelFolder, HubError>, Failure> {
    // A folder needs no hub, and so no home and no network.
    if let Some(folder) = Hub::local(model)? {
        return Ok(Ok(folder));
    }
    let hub = Hub::from_env()?;
    runtime()?.block_on(async {
        tokio::select! {
            located = hub.locate(model, progress) => Ok(located),
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(
                "interrupted; what was downloaded is kept: run the command again to continue".to_owned(),
            )),
        }
    })
}
