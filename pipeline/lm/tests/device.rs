//! Devices that are not there.

#![allow(clippy::unwrap_used)]

use clika_lm::{DeviceChoice, LmError, Place};
use miette::Diagnostic;

/// More GPUs than a machine has, with or without CUDA.
const NO_GPU: DeviceChoice = DeviceChoice::Cuda(10_000);

#[test]
fn a_gpu_that_is_not_there_is_an_error_that_names_what_is() {
    let error = NO_GPU.place().unwrap_err();
    assert!(matches!(&error, LmError::Device { .. }), "{error:?}");
    assert_eq!(error.to_string(), "no device `cuda:10000`");
    let help = error.help().unwrap().to_string();
    assert!(help.starts_with("there are "), "{help}");
    assert!(help.ends_with("; `clika devices` lists them"), "{help}");
    assert!(help.contains("cpu"), "{help}");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_build_without_cuda_says_so() {
    let asked: DeviceChoice = "cuda:3".parse().unwrap();
    assert_eq!(asked, DeviceChoice::Cuda(3));
    let error = asked.place().unwrap_err();
    assert_eq!(error.to_string(), "no device `cuda:3`");
    assert_eq!(
        error.help().unwrap().to_string(),
        "there are cpu (this binary was built without the feature `cuda`); `clika devices` lists them"
    );
    let auto = DeviceChoice::Auto.place().unwrap();
    assert!(matches!(auto, Place::Cpu { .. }), "{auto:?}");
}

#[test]
fn a_device_is_named_by_kind_and_number() {
    for (text, device) in [
        ("auto", DeviceChoice::Auto),
        ("cpu", DeviceChoice::Cpu),
        ("cuda", DeviceChoice::Cuda(0)),
        ("cuda:1", DeviceChoice::Cuda(1)),
    ] {
        assert_eq!(text.parse(), Ok(device));
    }
    for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CUDA:0"] {
        assert_eq!(
            text.parse::<DeviceChoice>(),
            Err("expected auto, cpu or cuda:N".to_owned()),
            "{text}"
        );
    }
}
