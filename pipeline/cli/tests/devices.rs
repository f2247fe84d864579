//! `clika devices` as a user runs it. Only a build without GPUs finds the same devices everywhere.

#![cfg(not(any(feature = "cuda", feature = "wgpu")))]
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::process::Command;

/// Standard output and standard error with two threads.
fn devices(arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_clika"))
        .arg("devices")
        .args(arguments)
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_build_without_gpus_has_the_processor_and_says_why_no_more() {
    let (listed, remark) = devices(&[]);
    assert_eq!(listed, "cpu  2 threads\n");
    assert_eq!(
        remark,
        "some GPUs cannot be listed: this program was built without `--features cuda,wgpu`\n"
    );

    let (listed, remark) = devices(&["--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let expected = json!({
        "devices": [{ "device": "cpu", "threads": 2 }],
        "built_with_cuda": false,
        "built_with_wgpu": false,
    });
    assert_eq!(listed, expected);
    assert_eq!(remark, "");
}
