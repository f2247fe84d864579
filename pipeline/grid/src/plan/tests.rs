use super::*;
use crate::KnownNames;
use clika_base::ProjectPath;

fn known() -> KnownNames {
    let list = |names: &str| names.split(' ').map(str::to_owned).collect();
    KnownNames {
        taught: list("de en fr ru"),
        languages: list("de en fr ga ru"),
        source: "en".to_owned(),
        strategies: list("lora-paper lora-attention full"),
        directions: list("forward backward both"),
        controls: list("none alias cognate random-label"),
        datasets: list("xgeo xpeo"),
    }
}

fn read(text: &str) -> Result<GridFile, GridError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.toml");
    std::fs::write(&path, text).unwrap();
    let grid = GridFile::read(&ProjectPath::from(&path))?;
    grid.check(&known())?;
    Ok(grid)
}

fn plan(text: &str, most: Option<usize>) -> Plan {
    Plan::of(&read(text).unwrap(), &RunNames::default(), most).unwrap()
}

/// What is wrong, with its line.
fn problem(text: &str) -> String {
    let grid = read(text).and_then(|grid| Plan::of(&grid, &RunNames::default(), None));
    match grid.unwrap_err() {
        GridError::File {
            problem, position, ..
        } => format!("{}: {problem}", position.line),
        other => panic!("{other:?}"),
    }
}

fn arguments(plan: &Plan) -> Vec<String> {
    plan.jobs.iter().map(|it| it.arguments.join(" ")).collect()
}

const TWO: &str = "[finetune]\nmodels = ['a/m']\nlanguages = ['de', 'fr', 'ru']\nseeds = [0, 1]\n";

#[test]
fn a_model_is_one_job_and_every_combination_a_cell() {
    let plan = plan(
        "[finetune]\nmodels = ['a/m', 'demo']\nlanguages = ['de', 'fr']\nseeds = [3]\nstrategies = ['full', 'lora-paper']\n\
         worlds = [7]\narguments = ['--epochs', '2']\n[evaluate]\nmodels = ['a/m']\ndatasets = ['xgeo', 'xpeo']\n",
        None,
    );
    assert_eq!(
        arguments(&plan),
        [
            "finetune --model a/m --languages de,fr --seeds 3 --strategy full --world-seed 7 --epochs 2 --out jobs/0000-a_m-full-world7",
            "finetune --model a/m --languages de,fr --seeds 3 --strategy lora-paper --world-seed 7 --epochs 2 --out jobs/0001-a_m-lora-paper-world7",
            "finetune --model demo --languages de,fr --seeds 3 --strategy full --world-seed 7 --control none --epochs 2 --out jobs/0002-demo-full-world7",
            "finetune --model demo --languages de,fr --seeds 3 --strategy lora-paper --world-seed 7 --control none --epochs 2 --out jobs/0003-demo-lora-paper-world7",
            "evaluate xgeo xpeo --model a/m --out jobs/0004-evaluate-a_m",
        ]
    );
    // 2 models x 2 languages x 1 seed x 2 strategies, and 2 datasets.
    assert_eq!(plan.cells.len(), 10);
    assert_eq!(plan.cells[0].cell, "a_m/full/world7/de-seed3");
    assert_eq!(plan.cells[0].out, "jobs/0000-a_m-full-world7/de-seed3");
    assert_eq!(plan.cells[9].cell, "evaluate/a_m/xpeo");
    let names: BTreeSet<_> = plan.cells.iter().map(|it| &it.cell).collect();
    assert_eq!(names.len(), 10);
}

#[test]
fn what_is_excluded_is_in_no_job() {
    let text =
        format!("{TWO}[[exclude]]\nlanguage = 'fr'\nseed = 1\n[[exclude]]\nlanguage = 'ru'\n");
    let plan = plan(&text, None);
    // French has another list of seeds, and is a job of its own.
    assert_eq!(
        arguments(&plan),
        [
            "finetune --model a/m --languages de --seeds 0,1 --out jobs/0000-a_m",
            "finetune --model a/m --languages fr --seeds 0 --out jobs/0001-a_m",
        ]
    );
    assert_eq!(plan.cells.len(), 3);
}

#[test]
fn jobs_are_cut_into_whole_languages_or_parts_of_the_seeds() {
    let sizes = |most| -> Vec<usize> {
        let plan = plan(TWO, Some(most));
        plan.jobs.iter().map(|it| it.cells.len()).collect()
    };
    assert_eq!(sizes(1), [1, 1, 1, 1, 1, 1]);
    assert_eq!(sizes(3), [2, 2, 2]);
    assert_eq!(sizes(4), [4, 2]);
    assert_eq!(sizes(6), [6]);
}

#[test]
fn a_control_is_a_cell_where_it_is_a_training() {
    let text = format!("{TWO}controls = ['alias', 'cognate', 'random-label']\n");
    let whole = plan(&text, None);
    // Three languages, three cognates and the aliases, each with two seeds.
    assert_eq!(whole.cells.len(), 14);
    let outs: Vec<&str> = whole.cells.iter().map(|it| it.out.as_str()).collect();
    assert!(outs.contains(&"jobs/0000-a_m/cognate-ru-seed1"));
    assert!(outs.contains(&"jobs/0000-a_m/alias-seed0"));
    // The aliases are trained in the first of three jobs only.
    let controls: Vec<bool> = arguments(&plan(&text, Some(2)))
        .iter()
        .map(|it| it.contains("--control alias,cognate,random-label"))
        .collect();
    assert_eq!(controls, [true, false, false]);
    assert_eq!(plan(&text, Some(2)).cells.len(), 14);
}

#[test]
fn models_of_one_name_have_folders_of_their_own() {
    let plan = plan(
        "[finetune]\nmodels = ['/x/base', '/y/base']\nlanguages = ['de']\n",
        None,
    );
    let names: Vec<&str> = plan.jobs.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["0000-base", "0001-base_2"]);
}

#[test]
fn runs_are_named_as_finetune_names_them() {
    let names = RunNames {
        relation: Some("founding".to_owned()),
        source: Some("fr".to_owned()),
    };
    assert_eq!(
        names.folder(Some("cognate"), Some("de"), 2),
        "founding-cognate-fr-de-seed2"
    );
    assert_eq!(
        RunNames::default().folder(Some("alias"), None, 0),
        "alias-seed0"
    );
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    for (text, expected) in [
        (
            "",
            "1: the grid has neither [finetune] nor [evaluate], and so no cells",
        ),
        (
            "[finetune]\nmodel = ['a']",
            "2: unknown key `finetune.model`; did you mean `models`?",
        ),
        (
            "[finetune]\nmodels = []\nlanguages = ['de']",
            "2: `models` is empty, so that there would be no cell",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de', 'DE']",
            "3: `DE` stands twice in `languages`",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['xx']",
            "3: there is no language `xx`",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['ga']",
            "3: `ga` has no [fictional] templates, so that no world can be taught in it",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['en']",
            "3: everything is taught in `en`; it cannot be crossed to",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de']\nseeds = [1, 1]",
            "4: `1` stands twice in `seeds`",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de']\nstrategies = ['ful']",
            "4: there is no strategy `ful`",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de']\narguments = ['--rank', '2', '--out=x']",
            "4: `--out` cannot stand in `arguments`",
        ),
        (
            "[evaluate]\nmodels = ['a/m']\ndatasets = ['xgo']",
            "3: there is no dataset `xgo`",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de']\n[[exclude]]\nlanguage = 'de'",
            "1: the grid has no cells: everything is excluded",
        ),
        (
            "[finetune]\nmodels = ['a/m']\nlanguages = ['de']\n[[exclude]]\nlanguage = 'fr'",
            "4: this [[exclude]] leaves no cell out",
        ),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn ten_thousand_cells_are_ten_thousand() {
    let seeds: Vec<String> = (0..3334).map(|it| it.to_string()).collect();
    let text = format!(
        "[finetune]\nmodels = ['a/m']\nlanguages = ['de', 'fr', 'ru']\nseeds = [{}]\n",
        seeds.join(",")
    );
    let plan = plan(&text, Some(1));
    assert_eq!((plan.cells.len(), plan.jobs.len()), (10_002, 10_002));
    assert_eq!(plan.jobs[10_001].name, "10001-a_m");
}
