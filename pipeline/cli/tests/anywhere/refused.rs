//! Folders that cannot be read or written.

use super::*;

#[test]
fn a_project_that_is_none() {
    let folder = Folder::new();
    assert_eq!(
        folder.fail(&["--project", "none", "datasets"]),
        "error: cannot read the project's folder none\n  \
         cause: No such file or directory (os error 2)\n\
         hint: --project names a folder that is there; without it, the files of the current folder and the built-in ones are read\n"
    );
    folder.write("file", "");
    let error = folder.fail(&["--project", "file", "datasets"]);
    assert!(
        error.starts_with("error: cannot read the project's folder file\n  cause: Not a directory"),
        "{error}"
    );
    folder.write("other/notes.txt", "");
    assert_eq!(
        folder.fail(&["--project", "other", "datasets"]),
        "error: other holds none of clika's files: no templates/, no sparql/, no experiments/, no reference/paper/\n\
         hint: `clika init other` writes them there\n"
    );
    // A part of a project is one: the rest is built in.
    folder.write("other/templates/prompts/mine.toml", "");
    folder.run(&["--project", "other", "datasets", "xcopa-mini"]);
}

/// Root may write anywhere, so no permission stands in the way: in one folder a file does, and in the other, of the kernel,
/// nobody can make a folder.
#[test]
fn a_folder_that_cannot_be_written() {
    let hint =
        "hint: choose a place you can write to with --out, or run clika in a folder of your own\n";
    let folder = Folder::new();
    folder.write("artifacts", "mine");
    let error = folder.fail(&["datasets", "xgeo"]);
    assert!(
        error.starts_with("error: cannot write ./artifacts/datasets\n") && error.ends_with(hint),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(folder.path("artifacts")).unwrap(),
        "mine"
    );

    let kernel = Path::new("/sys");
    if !kernel.is_dir() {
        eprintln!("SKIPPED: there is no /sys, where nobody can write");
        return;
    }
    for arguments in [
        &["datasets", "xgeo"][..],
        &["init"],
        &["language", "new", "et"],
    ] {
        let output = clika(kernel, arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.starts_with("error: cannot write ./") && error.ends_with(hint),
            "{error}"
        );
    }
    let out = folder.path("out");
    let output = clika(
        kernel,
        &["datasets", "xcopa-mini", "--out", out.to_str().unwrap()],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(out.join("xcopa-mini/manifest.json").is_file());
}
