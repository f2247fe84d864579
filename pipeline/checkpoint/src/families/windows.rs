//! The tokens that each layer sees, as `layer_types` names them.

use super::ConfigFile;
use crate::CheckpointError;

/// The window of each layer by its name in `layer_types`; `window` is that of the layers that slide.
pub(super) fn of_types(
    config: &ConfigFile,
    types: &[String],
    layers: usize,
    window: Option<usize>,
) -> Result<Vec<Option<usize>>, CheckpointError> {
    if types.len() != layers {
        return Err(config.problem(format!(
            "`layer_types` names {} of {layers} layers",
            types.len()
        )));
    }
    let of_layer = |kind: &String| match (kind.as_str(), window) {
        // The second is the name that files had before.
        ("full_attention" | "attention", _) => Ok(None),
        ("sliding_attention", Some(_)) => Ok(window),
        ("sliding_attention", None) => {
            Err(config.problem("`layer_types` has sliding_attention, and there is no window"))
        }
        (other, _) => Err(config.unsupported(
            format!("layer_types = {other}"),
            "full_attention, sliding_attention",
        )),
    };
    types.iter().map(of_layer).collect()
}

/// The windows of a class where every so many layers (`period`) one sees everything, unless `layer_types` says otherwise.
pub(super) fn periodic(
    config: &ConfigFile,
    types: Option<&[String]>,
    layers: usize,
    window: Option<usize>,
    period: usize,
) -> Result<Vec<Option<usize>>, CheckpointError> {
    match types {
        Some(types) => of_types(config, types, layers, window),
        None if period == 0 => Err(config.problem("`sliding_window_pattern` is 0")),
        None => {
            let of_layer = |layer: usize| match (layer + 1).is_multiple_of(period) {
                true => "full_attention".to_owned(),
                false => "sliding_attention".to_owned(),
            };
            let types: Vec<String> = (0..layers).map(of_layer).collect();
            of_types(config, &types, layers, window)
        }
    }
}

/// The windows of a class whose layers are all alike, where `layer_types` may only say so.
pub(super) fn alike(
    config: &ConfigFile,
    types: Option<&[String]>,
    layers: usize,
    window: Option<usize>,
) -> Result<Vec<Option<usize>>, CheckpointError> {
    let windows = vec![window; layers];
    match types {
        Some(types) if of_types(config, types, layers, window)? != windows => Err(config
            .unsupported(
                format!("layer_types = {types:?}"),
                "the same in all layers: sliding_attention with a window, else full_attention",
            )),
        Some(_) | None => Ok(windows),
    }
}
