//! `clika init`: the files to edit.

use super::*;

#[test]
fn init_writes_what_the_repository_has() {
    let folder = Folder::new();
    let said = folder.run(&["init", "mine"]);
    let mut written = BTreeMap::new();
    let mut shipped = BTreeMap::new();
    for part in ["templates", "sparql", "experiments", "reference/paper"] {
        let of = |root: &Path| files(&root.join(part)).into_iter();
        let named = |(name, content): (PathBuf, Vec<u8>)| (Path::new(part).join(name), content);
        written.extend(of(&folder.path("mine")).map(named));
        shipped.extend(of(&repository()).map(named));
    }
    // Locks and rejected snapshots of whoever works in the repository.
    shipped.retain(|name, _| {
        let name = name.to_string_lossy();
        !name.contains("/.") && !name.ends_with(".candidate.ttl")
    });
    assert_eq!(differing(&shipped, &written), [""; 0]);
    assert_eq!(files(&folder.path("mine")).len(), shipped.len());
    assert!(
        said.starts_with(&format!("wrote {} files to mine\n", shipped.len())),
        "{said}"
    );

    // As a project, it gives the same datasets as no project.
    folder.run(&["--project", "mine", "datasets", "xgeo", "xcopa-mini"]);
    let own = files(&folder.path("mine/artifacts/datasets"));
    assert_eq!(
        differing(&PLAIN.datasets(), &own.into_iter().collect()),
        [""; 0]
    );
}

#[test]
fn init_overwrites_nothing_unless_it_is_told_to() {
    let folder = Folder::new();
    folder.run(&["init"]);
    let (german, query) = ("templates/languages/de.toml", "sparql/build/cities.rq");
    let shipped = fs::read_to_string(folder.path(german)).unwrap();
    let own = shipped.clone() + "# mine\n";
    folder.write(german, &own);
    folder.write(query, "");
    fs::remove_file(folder.path("templates/languages/it.toml")).unwrap();
    let output = folder.output(&["init", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["written"], json!(["./templates/languages/it.toml"]));
    let kept = json!(["./sparql/build/cities.rq", "./templates/languages/de.toml"]);
    assert_eq!(said["kept"], kept);
    assert_eq!(fs::read_to_string(folder.path(german)).unwrap(), own);
    assert!(folder.path("templates/languages/it.toml").exists());
    fs::remove_file(folder.path("templates/languages/it.toml")).unwrap();

    // A whole project lists its languages itself, and gets single files from the program.
    fs::remove_file(folder.path(german)).unwrap();
    fs::remove_file(folder.path("experiments/datasets.toml")).unwrap();
    let noted = "note: ./sparql/build/cities.rq is empty, so that the built-in file is left out\n";
    let shown = folder.run_noted(&["language", "show", "de"], noted);
    assert!(
        shown.starts_with("no file in templates/languages; "),
        "{shown}"
    );

    folder.write("templates/languages/DE.toml", &own);
    let said: Value = serde_json::from_str(&folder.run(&["init", "--force", "--json"])).unwrap();
    let overwritten = json!(["./sparql/build/cities.rq", "./templates/languages/DE.toml"]);
    assert_eq!(said["overwritten"], overwritten);
    let mut written: Vec<_> = said["written"].as_array().unwrap().clone();
    written.sort_by_key(ToString::to_string);
    assert_eq!(
        written,
        [
            "./experiments/datasets.toml",
            "./sparql/build/cities.rq",
            "./templates/languages/DE.toml",
            "./templates/languages/it.toml"
        ]
    );
    assert_eq!(said["folder"], ".");
    // One file of German, as shipped.
    assert!(!folder.path(german).exists());
    let german = folder.path("templates/languages/DE.toml");
    assert_eq!(fs::read_to_string(german).unwrap(), shipped);
    let count = said["unchanged"].as_array().unwrap().len();
    assert_eq!(count + 4, files(folder.0.path()).len());
}

#[test]
fn init_takes_the_folder_of_the_project() {
    let folder = Folder::new();
    folder.run(&["--project", "mine", "init"]);
    assert!(folder.path("mine/templates/languages/de.toml").is_file());
    let error = folder.fail(&["--project", "mine", "init", "other"]);
    assert!(
        error.starts_with("error: two folders are named: "),
        "{error}"
    );
}
