//! The paper's numbers and the authors' release.

use super::*;

#[test]
fn the_papers_data_is_complete() {
    let paper = paper();
    let numbers: Vec<_> = paper.tables.iter().map(|table| table.number).collect();
    assert_eq!(
        numbers,
        [
            4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
        ]
    );
    // Printed numbers by table, counted in the paper's text with Python.
    let counts: Vec<usize> = paper
        .tables
        .iter()
        .map(|table| {
            table
                .rows
                .iter()
                .map(|row| row.cells.len() + row.ratios.len())
                .sum()
        })
        .collect();
    assert_eq!(
        counts,
        [
            27, 45, 45, 18, 18, 12, 12, 8, 8, 4, 4, 6, 6, 36, 18, 4, 4, 10, 10
        ]
    );
}

#[test]
fn the_release_gives_the_printed_tables() {
    let Some(collection) = release() else { return };
    let reproduction = reproduce(&collection, &paper(), &uncertainty(50), &NoProgress);
    let differ: Vec<_> = reproduction
        .cells
        .iter()
        .filter(|cell| cell.agrees == Some(false))
        .map(|cell| {
            format!(
                "table {} {} {}",
                cell.table, cell.printed_model, cell.column
            )
        })
        .collect();
    assert_eq!(differ, Vec::<String>::new());
    let mut computed = BTreeMap::<u32, usize>::new();
    for cell in reproduction
        .cells
        .iter()
        .filter(|cell| cell.value.is_some())
    {
        *computed.entry(cell.table).or_default() += 1;
        assert!(
            cell.low.unwrap() <= cell.value.unwrap() && cell.value.unwrap() <= cell.high.unwrap()
        );
    }
    // The release has four of the tables' models: eight of nine rows of Tables 5 to 7, one of two
    // of the German tables.
    assert_eq!(
        computed.into_iter().collect::<Vec<_>>(),
        [(5, 40), (6, 40), (7, 16), (15, 2), (23, 5), (24, 5)]
    );
    // Table 15 prints Table 7's mean for LLaMA2 and the others.
    assert_eq!(reproduction.findings.len(), 1);
    assert!(
        reproduction.findings[0].starts_with("Table 15, column others:"),
        "{}",
        reproduction.findings[0]
    );
    let finding = &reproduction.findings[0];
    for part in [
        "not over all languages but de and en, the rule of its case study (Tables 23 and 24)",
        "rests on 1 row: LLaMA2: printed .9498",
    ] {
        assert!(finding.contains(part), "{finding}");
    }
    assert!(reproduction.missing.is_empty());
    // Counted without clika in the release's files: the letter, and of how many answers it is how many.
    let models = [
        ("bloomz_7b1_mt", 11, "xcopa in de A 99.6 %"), // 498 of 500
        ("chinese_llama_plus_13b", 4, "xpeo in he A 92.8 %"), // 167 of 180
        ("llama2_13b", 1, "xcopa in he B 94.4 %"),     // 472 of 500
        ("llama_13b", 1, "xcopa in ru B 96.0 %"),      // 480 of 500
    ];
    assert_eq!(reproduction.notices.len(), models.len());
    for ((model, sets, one), notice) in models.into_iter().zip(&reproduction.notices) {
        let start = format!("{model}: nearly every answer is one letter (");
        assert!(
            notice.starts_with(&start) && notice.contains(one),
            "{notice}"
        );
        assert_eq!(notice.matches(" %").count(), sets, "{notice}");
    }
    // Counted by hand above: 40 + 40 + 16 + 2 + 5 + 5 cells; one of Table 15 by the finding.
    let summary = reproduction.summary;
    assert_eq!((summary.printed.agree, summary.printed.total()), (108, 295));
    assert_eq!(summary.agree_by_finding, 1);
    assert_eq!(
        (summary.distinct.agree, summary.distinct.total()),
        (60, 239)
    );
    // Every group of every model, so also of chatgpt and bloomz, which no table has.
    // RA in ten languages and over nine, en-CO in nine and over nine, and the invalid rate.
    assert_eq!(reproduction.groups.len(), 6 * 2 * (11 + 10 + 1));
    assert!(
        reproduction
            .groups
            .iter()
            .all(|group| group.value.is_some())
    );
    let markdown = reproduction.markdown();
    for line in ["| chatgpt | basic |", "| bloomz_7b1_mt | factual |"] {
        assert!(markdown.contains(line), "{line}");
    }
}

#[test]
fn the_reference_accuracies_are_chatgpts() {
    let Some(collection) = release() else { return };
    let reproduction = reproduce(&collection, &paper(), &uncertainty(50), &NoProgress);
    for (task, printed) in paper().reference.reference_accuracy {
        let score = score(&reproduction, "chatgpt", task, "en", "accuracy");
        assert!(
            (score.value.unwrap() - printed).abs() <= 0.0005,
            "{task}: {score:?}"
        );
    }
}

#[test]
fn every_model_found_is_scored() {
    let Some(collection) = release() else { return };
    let reproduction = reproduce(&collection, &paper(), &uncertainty(50), &NoProgress);
    for metric in [
        "accuracy",
        "ra",
        "chance_rescaled",
        "invalid_rate",
        "top_letter",
    ] {
        let scores = reproduction
            .scores
            .iter()
            .filter(|score| score.metric == metric);
        assert_eq!(scores.count(), 6 * 4 * 10, "{metric}");
    }
    for metric in [
        "en_co",
        "en_co_corrected",
        "en_co_beyond_letters",
        "overlap",
    ] {
        let scores = reproduction
            .scores
            .iter()
            .filter(|score| score.metric == metric);
        assert_eq!(scores.count(), 6 * 4 * 9, "{metric}");
    }
    let bloomz = score(
        &reproduction,
        "bloomz_7b1_mt",
        Task::named("xgeo").unwrap(),
        "fr",
        "accuracy",
    );
    assert_eq!(bloomz.n, 200);
}

#[test]
fn a_wrong_file_of_the_paper_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(repository().join("reference/paper")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let spoil = |from: &str, to: &str| {
        let path = folder.path().join("table05.toml");
        let good =
            std::fs::read_to_string(repository().join("reference/paper/table05.toml")).unwrap();
        assert!(good.contains(from));
        std::fs::write(path, good.replacen(from, to, 1)).unwrap();
        Paper::load(folder.path()).unwrap_err().to_string()
    };
    let wrong = spoil("50.36", "5O.36");
    let table = std::fs::read_to_string(repository().join("reference/paper/table05.toml")).unwrap();
    let line = 1 + table
        .lines()
        .position(|line| line.contains("50.36"))
        .unwrap();
    assert!(
        wrong.starts_with("`5O.36` is not a number")
            && wrong.ends_with(&format!("table05.toml:{line}")),
        "{wrong}"
    );
    assert!(spoil("\"LLaMA\"", "\"Lama\"").contains("printed as `Lama`"));
    assert!(spoil("metric = \"ra\"", "metric = \"re\"").contains("table05.toml:3"));
}
