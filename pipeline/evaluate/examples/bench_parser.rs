//! How long it takes to read written answers: 188,000 of them, as many as the paper's release has for a model and its ten
//! languages, in every form that models write.
//!
//! `cargo run --locked --workspace --release --example bench_parser`, in the project's folder.

#![allow(clippy::unwrap_used)]

use clika_base::Project;
use clika_datasets::Task;
use clika_datasets::load_languages;
use clika_datasets::mini_items;
use clika_evaluate::AnswerReader;
use clika_scores::metrics::Answer;
use std::{path::PathBuf, rc::Rc, time::Instant};

const ANSWERS: usize = 188_000;

fn main() {
    let project = Project::at(PathBuf::from("."));
    let languages = load_languages(&project.languages()).unwrap();
    let english = languages.iter().find(|it| it.code.as_str() == "en");
    let paper = ["ar", "de", "en", "fr", "he", "it", "ja", "pl", "ru", "zh"];
    let mut asked = Vec::new();
    for task in [
        Task::named("xcopa-mini").unwrap(),
        Task::named("xcsqa-mini").unwrap(),
    ] {
        for (code, items) in mini_items(task, &project).unwrap().languages {
            if !paper.contains(&code.as_str()) {
                continue;
            }
            let language = languages.iter().find(|it| it.code == code).unwrap();
            let reader = Rc::new(AnswerReader::new(Some(language), english));
            let introduction = language.answers.introductions.first();
            for item in items {
                let letter = char::from(b'A' + u8::try_from(item.label).unwrap());
                let text = &item.choices[item.label];
                let introduction = introduction.map_or("Answer", String::as_str);
                for response in [
                    letter.to_string(),
                    format!("{letter}. {text}"),
                    text.clone(),
                    format!("{introduction}: {letter}"),
                    format!("**Answer:** {text}\n\nQuestion: what else?"),
                ] {
                    asked.push((Rc::clone(&reader), response, item.choices.clone()));
                }
            }
        }
    }
    let begin = Instant::now();
    let mut right = 0;
    for (reader, response, choices) in asked.iter().cycle().take(ANSWERS) {
        right += usize::from(reader.read(response, choices) != Answer::Invalid);
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{ANSWERS} answers, {right} of them choices: {seconds:.2} s");
}
