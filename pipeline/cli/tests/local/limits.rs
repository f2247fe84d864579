//! The edges of what a model can be asked: one token at a time, a prompt as long as the model's context, any number of threads.

use super::*;

const FEW: [&str; 5] = ["evaluate", "--quiet", "--languages", "en,he", "--limit"];

/// The scores of a run that begins without kept answers.
fn scores(project: &TestProject, options: &[&str], threads: &str) -> Vec<f64> {
    let model = model();
    for folder in ["artifacts/cache", "artifacts/predictions"] {
        if project.path(folder).is_dir() {
            fs::remove_dir_all(project.path(folder)).unwrap();
        }
    }
    let run = [&FEW[..], &["6", "--model", &model], options].concat();
    let mut command = project.command(&run);
    let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let folder = project.path("artifacts/predictions");
    let read = clika_scores::predictions::Collection::read(&folder).unwrap();
    let predictions = read.iter().flat_map(|(_, predictions)| predictions);
    let scores: Vec<f64> = predictions
        .flat_map(|prediction| prediction.scores.clone().unwrap())
        .collect();
    assert_eq!(scores.len(), 2 * 6 * 2);
    scores
}

#[test]
fn a_batch_of_one_token_moves_the_last_digits_only() {
    let project = project();
    for mode in ["letters", "texts"] {
        let usual = scores(&project, &["--answer", mode], "2");
        let one = scores(&project, &["--answer", mode, "--batch-tokens", "1"], "2");
        for (usual, one) in usual.iter().zip(&one) {
            assert!((usual - one).abs() < 1e-4, "{mode}: {usual} {one}");
        }
    }
}

#[test]
fn one_thread_and_sixty_four_give_the_same_bits() {
    let project = project();
    let two = scores(&project, &[], "2");
    for threads in ["1", "64"] {
        assert_eq!(scores(&project, &[], threads), two, "{threads} threads");
    }
}

#[test]
fn a_prompt_may_be_as_long_as_the_models_context_and_no_longer() {
    let project = project();
    let ask = |model: &str| {
        let run = [
            "evaluate",
            "--quiet",
            "--languages",
            "en",
            "--limit",
            "1",
            "--model",
            model,
        ];
        project.command(&run).output().unwrap()
    };
    let limit = |tokens: usize| format!("\"max_position_embeddings\": {tokens}");
    let small = changed(&project, &limit(2048), &limit(16));
    let said = project.failure(&ask(&small));
    // "… tokens … 16 …": the only other number is the prompt's.
    let numbers = said
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|it| it.parse().ok());
    let tokens = numbers.filter(|number| *number != 16).max();
    let tokens: usize = tokens.unwrap();
    assert!(tokens > 100, "{said}");
    project.edit("model/config.json", &limit(16), &limit(tokens - 1));
    let said = project.failure(&ask(&small));
    let context = (tokens - 1).to_string();
    assert!(
        said.contains(&tokens.to_string()) && said.contains(&context),
        "{said}"
    );
    project.edit("model/config.json", &limit(tokens - 1), &limit(tokens));
    let output = ask(&small);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
