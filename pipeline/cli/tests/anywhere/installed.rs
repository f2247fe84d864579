//! The program as `cargo install` puts it there.

use super::*;

/// Takes what the tests have compiled: the same profile and the same features, in their target folder.
#[test]
fn the_installed_program_runs_in_an_empty_folder() {
    let program = Path::new(env!("CARGO_BIN_EXE_clika"));
    let profile = program.parent().unwrap();
    let target = profile.parent().unwrap();
    if !profile.ends_with("debug") || !target.join(".rustc_info.json").is_file() {
        eprintln!(
            "SKIPPED: not the dev profile for this machine, so that all would be compiled again"
        );
        return;
    }
    let features: Vec<_> = [
        ("cuda", cfg!(feature = "cuda")),
        ("wgpu", cfg!(feature = "wgpu")),
    ]
    .into_iter()
    .filter_map(|(name, is_on)| is_on.then_some(name))
    .collect();
    let root = tempfile::tempdir().unwrap();
    let mut install = Command::new(env!("CARGO"));
    // What cargo tells a test about its package is not about this one.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let about = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "OUT_DIR",
        ];
        if about.iter().any(|prefix| name.starts_with(prefix)) {
            install.env_remove(name.as_ref());
        }
    }
    let output = install
        .current_dir(repository())
        .args(["install", "--locked", "--offline", "--debug", "--no-track"])
        .args(["--features", &features.join(",")])
        .args(["--path", "pipeline/cli", "--root"])
        .arg(root.path())
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));

    let folder = Folder::new();
    let output = Command::new(root.path().join("bin/clika"))
        .current_dir(folder.0.path())
        .env_remove("CLIKA_PROJECT")
        .args(["datasets", "xgeo"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut expected = PLAIN.datasets();
    expected.retain(|name, _| name.to_string_lossy().contains("xgeo"));
    assert_eq!(differing(&expected, &folder.datasets()), [""; 0]);
}
