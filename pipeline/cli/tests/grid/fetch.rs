//! `clika fetch`, as far as it needs no network; what it does with one is tested with the hub's client.

use crate::{TestGrid, program::text};

#[test]
fn a_folder_is_left_as_it_is_and_a_missing_model_is_said_without_a_network() {
    let grid = TestGrid::new("languages = [\"de\"]");
    let model = grid.path("model");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(format!("{model}/config.json"), "{}").unwrap();
    let output = grid.command(&["fetch", &model, "demo"]).output().unwrap();
    let said = format!("{model}: {model}\ndemo: it is made where it is first used\n");
    assert_eq!(text(&output.stdout), said, "{}", text(&output.stderr));

    let mut command = grid.command(&["fetch", "org/none"]);
    let output = command.env("HF_HUB_OFFLINE", "1").output().unwrap();
    assert!(!output.status.success());
    let error = text(&output.stderr);
    assert!(
        error.contains("org/none") && error.contains("HF_HUB_OFFLINE"),
        "{error}"
    );
    // What cannot be a name is said before anything is fetched.
    let output = grid.command(&["fetch", &model, "a/b/c"]).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(text(&output.stdout), "");
}
