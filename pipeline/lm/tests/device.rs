//! Devices that are not there.

#![allow(clippy::unwrap_used)]

use clika_lm::{Device, DeviceChoice, LmError};
use miette::Diagnostic;

/// More GPUs than a machine has, with or without CUDA.
const NO_GPU: DeviceChoice = DeviceChoice::Cuda(10_000);

#[test]
fn a_gpu_that_is_not_there_is_an_error_that_names_what_is() {
    let error = NO_GPU.device().unwrap_err();
    assert!(matches!(&error, LmError::Device { .. }), "{error:?}");
    assert_eq!(error.to_string(), "no device `cuda:10000`");
    let help = error.help().unwrap().to_string();
    assert!(help.starts_with("there are "), "{help}");
    assert!(help.ends_with("; `clika devices` lists them"), "{help}");
    assert!(help.contains("cpu"), "{help}");
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
#[test]
fn a_build_without_gpus_says_so() {
    for (name, choice, feature) in [
        ("cuda:3", DeviceChoice::Cuda(3), "cuda"),
        ("vulkan:3", DeviceChoice::Vulkan(3), "wgpu"),
    ] {
        let asked: DeviceChoice = name.parse().unwrap();
        assert_eq!(asked, choice);
        let error = asked.device().unwrap_err();
        assert_eq!(error.to_string(), format!("no device `{name}`"));
        assert_eq!(
            error.help().unwrap().to_string(),
            format!(
                "there are cpu (this binary was built without the feature `{feature}`); `clika devices` lists them"
            )
        );
    }
    let auto = DeviceChoice::Auto.device().unwrap();
    assert!(matches!(auto, Device::Cpu { .. }), "{auto:?}");
    assert_eq!(clika_lm::missing_features(), ["cuda", "wgpu"]);
}

/// A program that draws on the processor is not a reason to leave the processor itself.
#[test]
fn what_is_chosen_by_itself_is_no_software() {
    let auto = DeviceChoice::Auto.device().unwrap();
    assert!(!auto.is_software(), "{auto:?}");
    let devices = clika_lm::devices();
    let processor = devices.iter().position(Device::is_processor).unwrap();
    assert!(
        devices[..processor]
            .iter()
            .all(|device| !device.is_software())
    );
    assert!(devices[processor + 1..].iter().all(Device::is_software));
}

#[test]
fn a_device_is_named_by_kind_and_number() {
    for (text, device) in [
        ("auto", DeviceChoice::Auto),
        ("cpu", DeviceChoice::Cpu),
        ("cuda", DeviceChoice::Cuda(0)),
        ("cuda:1", DeviceChoice::Cuda(1)),
        ("vulkan", DeviceChoice::Vulkan(0)),
        ("vulkan:2", DeviceChoice::Vulkan(2)),
    ] {
        assert_eq!(text.parse(), Ok(device));
    }
    for text in [
        "",
        "gpu",
        "cuda:",
        "cuda:-1",
        "cuda:x",
        "CUDA:0",
        "vulkan:",
        "vulkan:0:1",
        "cpu:0",
    ] {
        assert_eq!(
            text.parse::<DeviceChoice>(),
            Err("expected auto, cpu, cuda:N or vulkan:N".to_owned()),
            "{text}"
        );
    }
}
