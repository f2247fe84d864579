//! A handful of answers worked out by hand.

use super::*;

fn by_hand() -> Collection {
    let mut collection = Collection::default();
    items(&mut collection, Task::named("xcsqa").unwrap(), "en", "AAAB");
    items(&mut collection, Task::named("xcsqa").unwrap(), "zh", "ABC-");
    items(&mut collection, Task::named("xcsqa").unwrap(), "de", "BBAA");
    items(&mut collection, Task::named("xcopa").unwrap(), "en", "AABA");
    items(&mut collection, Task::named("xcopa").unwrap(), "zh", "ABBA");
    items(&mut collection, Task::named("xcopa").unwrap(), "de", "AAAA");
    collection
}

/// The paper as if it had the three languages of [`by_hand`].
fn three_languages() -> Paper {
    let mut paper = paper();
    let codes = ["en", "zh", "de"].map(|code| LanguageCode::try_from(code.to_owned()).unwrap());
    paper.reference.languages = codes.to_vec();
    paper
}

#[test]
fn groups_by_hand() {
    let reproduction = reproduce(
        &by_hand(),
        &three_languages(),
        &uncertainty(50),
        &NoProgress,
    );
    assert_eq!(reproduction.unverified, ["llama_13b"]);
    let said = reproduction.markdown();
    assert_eq!(said.matches("unverified: llama_13b: ").count(), 1, "{said}");
    let group = |task_group, column, metric| {
        let found = reproduction.groups.iter().find(|group| {
            (group.task_group, group.column.as_str(), group.metric) == (task_group, column, metric)
        });
        found.unwrap().clone()
    };
    let others = [
        (0.05 / 0.546 + 0.0) / 2.0,        // zh
        (0.3 / 0.546 + 0.5 / 0.464) / 2.0, // de
    ];
    // Consistency: zh 1 and 1 (items 0 and 3), de 1/2 and 3/4.
    for (column, metric, expected) in [
        ("en", "ra", (0.55 / 0.546 + 0.25 / 0.464) / 2.0),
        ("zh", "ra", others[0]),
        ("de", "ra", others[1]),
        ("zh", "en_co", 1.0),
        ("de", "en_co", (0.5 + 0.75) / 2.0),
        ("others", "ra", (others[0] + others[1]) / 2.0),
        (
            "others",
            "en_co",
            ((1.0 + 1.0) / 2.0 + (0.5 + 0.75) / 2.0) / 2.0,
        ),
        // One of four on one of two tasks in one of three languages.
        ("all", "invalid_rate", 1.0 / 24.0),
    ] {
        let found = group("basic", column, metric);
        assert!((found.value.unwrap() - expected).abs() < 1e-9, "{found:?}");
        assert_eq!(found.reason, None);
    }
    let factual = group("factual", "en", "ra");
    assert_eq!(factual.value, None);
    assert_eq!(
        factual.reason.as_deref(),
        Some("no predictions of llama_13b on xgeo in en")
    );
}

#[test]
fn others_are_the_papers_languages_and_no_more() {
    let others = |collection: &Collection, paper: &Paper| {
        let cells = reproduce(collection, paper, &uncertainty(50), &NoProgress).cells;
        let of_llama = |cell: &&PaperCell| {
            cell.table == 5 && cell.model == "llama_13b" && cell.column == "others"
        };
        let cell = cells.iter().find(of_llama).unwrap();
        (cell.value, cell.reason.clone())
    };
    let by_three = others(&by_hand(), &three_languages());
    let mut with_spanish = by_hand();
    items(
        &mut with_spanish,
        Task::named("xcsqa").unwrap(),
        "es",
        "BBBB",
    );
    items(
        &mut with_spanish,
        Task::named("xcopa").unwrap(),
        "es",
        "BBBB",
    );
    assert!(by_three.0.is_some());
    assert_eq!(others(&with_spanish, &three_languages()), by_three);
    // Of the ten, French is the first that is not there.
    assert_eq!(
        others(&by_hand(), &paper()),
        (
            None,
            Some("no predictions of llama_13b on xcsqa in fr".to_owned())
        )
    );
    let reproduction = reproduce(&with_spanish, &paper(), &uncertainty(50), &NoProgress);
    // Seven languages of the paper on each of two tasks; Spanish is there.
    assert_eq!(reproduction.missing.len(), 2 * 7);
    assert!(
        reproduction
            .markdown()
            .contains("- missing: llama_13b on xcsqa in ar, fr, he, it, ja, pl, ru\n")
    );
}

#[test]
fn consistency_with_english_needs_english() {
    let mut collection = Collection::default();
    items(&mut collection, Task::named("xgeo").unwrap(), "zh", "AABA");
    items(&mut collection, Task::named("xpeo").unwrap(), "zh", "AABA");
    let reproduction = reproduce(
        &collection,
        &three_languages(),
        &uncertainty(50),
        &NoProgress,
    );
    let cell = reproduction
        .cells
        .iter()
        .find(|cell| cell.table == 7 && cell.model == "llama_13b" && cell.column == "zh")
        .unwrap();
    assert_eq!(
        cell.reason.as_deref(),
        Some("en-CO needs English: no predictions of llama_13b on xgeo in en")
    );
}

#[test]
fn tables_and_scores_by_hand() {
    let reproduction = reproduce(
        &by_hand(),
        &three_languages(),
        &uncertainty(200),
        &NoProgress,
    );
    let close = |found: Option<f64>, expected: f64, what: &str| {
        assert!(
            (found.unwrap() - expected).abs() < 1e-6,
            "{what}: {found:?}, not {expected}"
        );
    };
    // Table 5, LLaMA, in percent. RA = (A − 1/n) / (A_g − 1/n), floored at 0:
    // xCSQA: en (.75 − .2) / (.746 − .2), zh (.25 − .2) / .546, de (.5 − .2) / .546
    // xCOPA: en (.75 − .5) / (.964 − .5), zh (.5 − .5) / .464 = 0, de (1 − .5) / .464
    for (column, expected) in [
        ("en", 100.0 * (0.55 / 0.546 + 0.25 / 0.464) / 2.0),
        ("zh", 100.0 * (0.05 / 0.546) / 2.0),
        ("others", 100.0 * (0.3 / 0.546 + 0.5 / 0.464) / 2.0),
        ("zh/en", (0.05 / 0.546) / (0.55 / 0.546 + 0.25 / 0.464)),
    ] {
        let cell = reproduction
            .cells
            .iter()
            .find(|cell| cell.table == 5 && cell.model == "llama_13b" && cell.column == column)
            .unwrap();
        close(cell.value, expected, column);
        assert_eq!(cell.agrees, Some(false));
    }
    let llama = |task, language, metric| score(&reproduction, "llama_13b", task, language, metric);
    // zh has item 0 right, which English has too; de has items 2 and 3, of which English has item 2.
    close(
        llama(Task::named("xcsqa").unwrap(), "zh", "en_co").value,
        1.0,
        "en-CO zh",
    );
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "en_co").value,
        0.5,
        "en-CO de",
    );
    // (0.5 − 0.75) / (1 − 0.75)
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "en_co_corrected").value,
        -1.0,
        "corrected en-CO de",
    );
    // All right options are A, so that letters tell nothing more.
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "en_co_beyond_letters").value,
        -1.0,
        "en-CO beyond letters de",
    );
    // Four items are too few for resamples.
    assert_eq!(
        llama(Task::named("xcsqa").unwrap(), "de", "en_co_beyond_letters").method,
        None
    );
    // A and B twice each, and A four times.
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "top_letter").value,
        0.5,
        "top letter de",
    );
    close(
        llama(Task::named("xcopa").unwrap(), "de", "top_letter").value,
        1.0,
        "top letter de",
    );
    // Right in both: item 2. Right in either: 0, 1, 2, 3.
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "overlap").value,
        0.25,
        "overlap de",
    );
    // (0.5 − 0.2) / (1 − 0.2)
    close(
        llama(Task::named("xcsqa").unwrap(), "de", "chance_rescaled").value,
        0.375,
        "chance-rescaled de",
    );
    assert_eq!(
        llama(Task::named("xcsqa").unwrap(), "zh", "accuracy").invalid,
        1
    );
    let rate = llama(Task::named("xcsqa").unwrap(), "zh", "invalid_rate");
    assert_eq!((rate.value, rate.n), (Some(0.25), 4));
    assert_eq!(
        llama(Task::named("xcsqa").unwrap(), "all", "consistency").n,
        4 * 3
    );
    // Best .75, worst .25.
    close(
        llama(Task::named("xcsqa").unwrap(), "all", "worst_language_gap").value,
        0.5,
        "gap",
    );
    // No item has one answer in all three languages on xCSQA; on xCOPA item 0 and item 3 have.
    close(
        llama(Task::named("xcsqa").unwrap(), "all", "consistency").value,
        0.0,
        "consistency",
    );
    close(
        llama(Task::named("xcopa").unwrap(), "all", "consistency").value,
        0.5,
        "consistency",
    );
    // Accuracies .75, .5 and 1: mean .75. 2 · .75 · .5 / (.75 + .5)
    close(
        llama(Task::named("xcopa").unwrap(), "all", "ac3").value,
        0.6,
        "AC3",
    );
}

#[test]
fn what_cannot_be_computed_says_why() {
    let reproduction = reproduce(&by_hand(), &paper(), &uncertainty(50), &NoProgress);
    let reason = |table, model: &str, column: &str| {
        let cell = reproduction
            .cells
            .iter()
            .find(|cell| {
                cell.table == table && cell.printed_model == model && cell.column == column
            })
            .unwrap();
        assert_eq!((cell.value, cell.agrees), (None, None));
        cell.reason.clone().unwrap()
    };
    assert_eq!(
        reason(5, "Baichuan2-base", "en"),
        "no predictions of Baichuan2-base"
    );
    assert_eq!(reason(9, "Alpaca", "zh"), "no predictions of Alpaca");
    assert_eq!(
        reason(6, "LLaMA", "en"),
        "no predictions of llama_13b on xgeo in en"
    );
    assert_eq!(
        reason(8, "LLaMA", "zh"),
        "XRR needs fine-tuning runs, whose answers are not released"
    );
    assert_eq!(
        reproduction.summary.printed.total(),
        reproduction.cells.len()
    );
}

#[test]
fn a_change_is_the_tuned_models_score_minus_its_foundations() {
    let mut collection = by_hand();
    let alpaca: Vec<_> = collection
        .iter()
        .map(|(key, predictions)| {
            let mut right = predictions.to_vec();
            right
                .iter_mut()
                .for_each(|prediction| prediction.answer = Answer::Choice(0));
            (
                PredictionKey {
                    model: "alpaca".to_owned(),
                    ..key.clone()
                },
                right,
            )
        })
        .collect();
    for (key, predictions) in alpaca {
        collection.insert(key, predictions);
    }
    let mut paper = paper();
    for model in &mut paper.models {
        if model.name == "Alpaca" {
            model.release = "alpaca".to_owned();
        }
    }
    let reproduction = reproduce(&collection, &paper, &uncertainty(50), &NoProgress);
    let cell = reproduction
        .cells
        .iter()
        .find(|cell| cell.table == 9 && cell.model == "alpaca" && cell.column == "zh")
        .unwrap();
    // Alpaca has all right: RA .8/.546 and .5/.464; LLaMA's zh is .05/.546 and 0.
    let expected = 100.0 * ((0.8 - 0.05) / 0.546 + 0.5 / 0.464) / 2.0;
    assert!((cell.value.unwrap() - expected).abs() < 1e-6, "{cell:?}");
}

#[test]
fn intervals_do_not_depend_on_the_number_of_threads() {
    let interval = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let cells =
            pool.install(|| reproduce(&by_hand(), &paper(), &uncertainty(300), &NoProgress).cells);
        cells
            .iter()
            .map(|cell| (cell.low, cell.high))
            .collect::<Vec<_>>()
    };
    assert_eq!(interval(1), interval(3));
}

#[test]
fn shares_at_the_edge_have_an_interval() {
    let mut collection = Collection::default();
    let xgeo = Task::named("xgeo").unwrap();
    for (language, letter) in [("en", "A"), ("zh", "A"), ("de", "B")] {
        items(&mut collection, xgeo, language, &letter.repeat(20));
    }
    let found = reproduce(
        &collection,
        &three_languages(),
        &uncertainty(50),
        &NoProgress,
    );
    let of = |language, metric| {
        let score = score(&found, "llama_13b", xgeo, language, metric);
        assert_eq!(
            score.method,
            score.low.map(|_| IntervalMethod::ClopperPearson),
            "{metric}"
        );
        (score.value, score.low, score.high)
    };
    let close = |(value, low, high): (Option<f64>, Option<f64>, Option<f64>),
                 expected: [f64; 3]| {
        for (found, expected) in [value, low, high].into_iter().zip(expected) {
            assert!(
                (found.unwrap() - expected).abs() < 1e-9,
                "{found:?}, not {expected}"
            );
        }
    };
    // 20 of 20: .025^(1/20) = .8316; none of 20: 1 − .8316. xGeo: chance ¼, ChatGPT .970.
    let end = 0.025_f64.powf(1.0 / 20.0);
    close(of("en", "accuracy"), [1.0, end, 1.0]);
    close(of("de", "accuracy"), [0.0, 0.0, 1.0 - end]);
    close(
        of("zh", "ra"),
        [0.75 / 0.72, (end - 0.25) / 0.72, 0.75 / 0.72],
    );
    close(of("de", "ra"), [0.0, 0.0, 0.0]);
    close(of("zh", "chance_rescaled"), [1.0, (end - 0.25) / 0.75, 1.0]);
    close(of("zh", "en_co"), [1.0, end, 1.0]);
    close(of("de", "overlap"), [0.0, 0.0, 1.0 - end]);
    close(of("de", "invalid_rate"), [0.0, 0.0, 1.0 - end]);
    // Nothing is right in German: en-CO is the share of nothing.
    assert_eq!(of("de", "en_co"), (None, None, None));
}

#[test]
fn means_and_ratios_at_the_edge_have_an_interval() {
    let mut collection = Collection::default();
    for task in ["xcsqa", "xcopa"] {
        for language in ["en", "zh", "de"] {
            items(
                &mut collection,
                Task::named(task).unwrap(),
                language,
                &"A".repeat(20),
            );
        }
    }
    let found = reproduce(
        &collection,
        &three_languages(),
        &uncertainty(50),
        &NoProgress,
    );
    let cell = |column: &str| {
        let cells = found.cells.iter();
        let of_llama = |cell: &&PaperCell| cell.table == 5 && cell.model == "llama_13b";
        let cell = cells
            .filter(of_llama)
            .find(|cell| cell.column == column)
            .unwrap()
            .clone();
        assert_eq!(cell.method, Some(IntervalMethod::Mover));
        cell
    };
    // What RA loses if a share goes to .8316, in percent: (1 − .8316) / (.746 − .2), and over .964 − .5. Two tasks are
    // independent, two languages of a task may fail together: so the others, Chinese and German, have no more than one.
    let loss = 1.0 - 0.025_f64.powf(1.0 / 20.0);
    let losses = [loss / 0.546, loss / 0.464];
    let both = 100.0 * (losses[0].powi(2) + losses[1].powi(2)).sqrt() / 2.0;
    for column in ["en", "zh", "others"] {
        let cell = cell(column);
        let (value, low) = (cell.value.unwrap(), cell.low.unwrap());
        assert!((value - low - both).abs() < 1e-9, "{cell:?}");
        assert_eq!(cell.high, cell.value);
    }
    // The ratio can go either way.
    let ratio = cell("zh/en");
    assert!((ratio.value.unwrap() - 1.0).abs() < 1e-12);
    assert!(
        ratio.low.unwrap() < 0.9 && ratio.high.unwrap() > 1.1,
        "{ratio:?}"
    );
}
