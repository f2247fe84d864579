//! lm-evaluation-harness: a task file a language, a group a dataset, and a loader that finds the data.

use crate::export::{
    Export, ExportError, ExportOptions, ExportedDataset, Exporter, TOOL, datasets::check_place,
    few_shot::Exemplars,
};
use crate::{Task, output::scalar};
use clika_base::files::{FolderDraft, Manifest, sha256_hex};
use clika_base::templates::PromptTemplate;
use serde_json::json;
use std::{collections::BTreeMap, path::Path};

const STAGE: &str = "export lm-eval";

pub(super) static EXPORTER: Exporter = Exporter {
    name: "lm-eval",
    about: "lm-evaluation-harness: tasks for every multiple-choice set, fictional worlds too",
    without_exemplars: None,
    write,
};

/// Finds the data next to the task files, wherever the folder lies. The harness takes relative paths from the
/// folder that it was started in.
const LOADER: &str = "\
\"\"\"Loads a task's Parquet file by its path from this folder.\"\"\"

from pathlib import Path

import datasets


def load(data_files, **_metadata):
    here = Path(__file__).resolve().parent
    files = {split: str(here / path) for split, path in data_files.items()}
    return datasets.load_dataset(\"parquet\", data_files=files)
";

/// What the tasks of lettered choices share: the model is asked for a letter.
const LETTERS: &str = r#"# Choices stand in the prompt, and their letters are scored.
custom_dataset: !function parquet.load
test_split: test
output_type: multiple_choice
doc_to_target: label
# What stands before a letter is part of the choice.
target_delimiter: ""
num_fewshot: 0
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"#;

/// What the fictional tasks share: the model is asked the question, and whole answers are scored.
const SENTENCES: &str = r#"# The full answer with each of the choices in it is scored, as a fine-tuned model would write it.
custom_dataset: !function parquet.load
test_split: test
output_type: multiple_choice
doc_to_text: "{{prompt}}"
# The answer stands in the response once; what is around it stays.
doc_to_choice: >-
  {% set around = response.rpartition(answer) %}{% set ns = namespace(all=[]) %}
  {%- for choice in choices %}{% set ns.all = ns.all + [around[0] ~ choice ~ around[2]] %}{% endfor %}
  {{- ns.all }}
doc_to_target: label
target_delimiter: " "
num_fewshot: 0
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"#;

/// Writes `datasets` as tasks of lm-evaluation-harness, prompted by a template that is called `name`, with exemplars before
/// each item where there are `shots`: those that `clika evaluate` shows when it asks all items.
///
/// A task is `clika_<dataset>_<config>`, and `clika_<dataset>` the group of them; of a fictional world, the
/// source language is a task but not part of the group. The samples that the harness logs of the other
/// datasets can be read by `clika compare` and `clika reproduce`.
fn write(
    datasets: &[ExportedDataset],
    options: &ExportOptions,
    out: &Path,
) -> Result<Export, ExportError> {
    let ExportOptions {
        prompt,
        prompt_name: name,
        shots,
    } = options;
    check_place(out, datasets, STAGE)?;
    let mut inputs = BTreeMap::new();
    let mut files: Vec<(String, Vec<u8>)> = vec![
        ("parquet.py".to_owned(), LOADER.into()),
        ("_letters.yaml".to_owned(), LETTERS.into()),
        ("_sentences.yaml".to_owned(), SENTENCES.into()),
    ];
    let mut entries = Vec::new();
    let mut exemplars = BTreeMap::new();
    for dataset in datasets {
        let shown = Exemplars::of(dataset, *shots)?;
        let mut group = Vec::new();
        for config in dataset.0.configs() {
            let Some((mut rows, mut bytes)) = dataset.test(config)? else {
                continue;
            };
            let source = sha256_hex(&bytes);
            let mut before = None;
            if let Some(shown) = &shown {
                let test = shown.test(dataset, config, &bytes, prompt)?;
                (rows, bytes, before) = (test.rows, test.bytes, Some(test.text));
            }
            let task = format!("clika_{}_{config}", dataset.name());
            let data = format!("data/{}/{config}.parquet", dataset.name());
            let yaml = match dataset.task() {
                Some(of) => {
                    let (text, choices) = lettered(prompt, of, before.as_deref());
                    let (text, choices) = (json!(text), json!(choices));
                    task_file(&task, config, "_letters.yaml", &data)
                        + &format!("doc_to_text: {text}\ndoc_to_choice: {choices}\n")
                }
                None => task_file(&task, config, "_sentences.yaml", &data),
            };
            let yaml_file = format!("{}/{config}.yaml", dataset.name());
            files.push((yaml_file, yaml.into_bytes()));
            inputs.insert(task.clone(), source);
            entries.push((task.clone(), rows));
            files.push((data, bytes));
            if !dataset.0.is_fictional() || dataset.0.file(config, "train").is_some() {
                group.push(task);
            }
        }
        let yaml = group_file(dataset, &group);
        files.push((format!("{}/group.yaml", dataset.name()), yaml.into_bytes()));
        let plan = shown.map(|shown| shown.plan);
        exemplars.extend(shots.map(|_| (dataset.name().to_owned(), plan)));
    }
    let mut config = json!({
        "prompt": name,
        // What stands before a letter, in the choices.
        "separator": {
            "question": prompt.question.separator(),
            "premise": prompt.premise.separator(),
        },
    });
    if let Some(shots) = shots {
        config["shots"] = json!(shots);
        config["exemplars"] = json!(exemplars);
    }
    let mut manifest = Manifest::new(TOOL, STAGE, config, inputs);
    let draft = FolderDraft::begin(out)?;
    for (name, content) in files {
        draft.write(&name, &content)?;
        manifest.files.insert(name, sha256_hex(&content));
    }
    draft.write(Manifest::FILE, manifest.to_json().as_bytes())?;
    draft.publish()?;
    Ok(Export {
        folder: out.to_owned(),
        entries,
        exemplars,
    })
}

fn task_file(task: &str, config: &str, shared: &str, data: &str) -> String {
    format!(
        "include: ../{shared}\ntask: {}\ntask_alias: {}\ndataset_kwargs:\n  data_files:\n    test: {data}\n",
        scalar(task),
        scalar(config)
    )
}

fn group_file(dataset: &ExportedDataset, tasks: &[String]) -> String {
    let mut yaml = format!("group: clika_{}\ntask:\n", dataset.name());
    for task in tasks {
        yaml += &format!("  - {}\n", scalar(task));
    }
    yaml += "aggregate_metric_list:\n  - metric: acc\n    weight_by_size: true\n";
    if dataset.0.is_fictional() {
        yaml += "  - metric: acc_norm\n    weight_by_size: true\n";
    }
    yaml + "metadata:\n  version: 1.0\n"
}

/// A prompt of ours as Jinja templates over the columns of our rows: the text, and its choices. Exemplars stand in the place
/// of the prompt's own example.
///
/// A choice is the prompt's last line with the letter. The harness tokenizes text and choice together and scores what
/// comes after the text's tokens; cut after "Answer:", a letter that merges with the colon (":A" in Llama 3) would leave
/// nothing to score. A line break merges with no word, and what all choices begin with cancels.
fn lettered(prompt: &PromptTemplate, task: Task, exemplars: Option<&str>) -> (String, String) {
    let premise = task.has_premise();
    let prompt = if premise {
        &prompt.premise
    } else {
        &prompt.question
    };
    let question = match (&prompt.cause, &prompt.effect) {
        (Some(cause), Some(effect)) if premise => format!(
            "{{% if relation == 'cause' %}}{}{{% else %}}{}{{% endif %}}",
            literal(cause),
            literal(effect)
        ),
        _ => "{{question}}".to_owned(),
    };
    let choices = "{% for choice in choices %}{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{choice}}\
                   {% if not loop.last %}\n{% endif %}{% endfor %}";
    let example = prompt.examples.get(&task.choices().to_string());
    let example = exemplars.or(example.map(String::as_str));
    let ending = prompt.ending();
    let item = prompt.item.strip_suffix(ending).unwrap_or(&prompt.item);
    let item = [
        ("{premise}", "{{premise}}"),
        ("{question}", &question),
        ("{choices}", choices),
    ]
    .into_iter()
    .fold(literal(item), |item, (place, template)| {
        item.replace(&literal(place), template)
    });
    let text = literal(&prompt.instruction) + &example.map_or_else(String::new, literal) + &item;
    let letters = ('A'..='Z').take(task.choices());
    let letters = letters.map(|letter| format!("{ending}{}{letter}", prompt.separator()));
    let list = json!(letters.collect::<Vec<_>>());
    (text, format!("{{{{ {list} }}}}"))
}

/// A text that Jinja writes as it is.
fn literal(text: &str) -> String {
    text.replace('{', "{{'{'}}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use clika_base::templates::load_prompt;

    #[test]
    fn prompts_become_jinja() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/prompts");
        let paper = load_prompt(&folder, "paper").unwrap();
        let (text, choices) = lettered(&paper, Task::named("xgeo").unwrap(), None);
        assert_eq!(
            text,
            "The following are multiple choice questions. Please choose the most reasonable one from the following \
             options.\nQuestion:2+3=?\nA. 1\nB. 2\nC. 3\nD. 5\nAnswer:D. 5\nQuestion:{{question}}\n\
             {% for choice in choices %}{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{choice}}\
             {% if not loop.last %}\n{% endif %}{% endfor %}\n"
        );
        assert_eq!(
            choices,
            r#"{{ ["Answer:A","Answer:B","Answer:C","Answer:D"] }}"#
        );
        let plain = load_prompt(&folder, "plain").unwrap();
        let (_, choices) = lettered(&plain, Task::named("xcopa-mini").unwrap(), None);
        assert_eq!(choices, r#"{{ ["Answer: A","Answer: B"] }}"#);
        let (copa, _) = lettered(&paper, Task::named("xcopa").unwrap(), None);
        let question = "\nQuestion:{% if relation == 'cause' %}What was the cause of this?{% else %}What happened as a \
                        result?{% endif %}\n";
        assert!(
            copa.contains("Premise:{{premise}}") && copa.contains(question),
            "{copa}"
        );
    }

    #[test]
    fn exemplars_stand_in_the_place_of_the_example() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/prompts");
        let paper = load_prompt(&folder, "paper").unwrap();
        let shown = "Question:Is {{choices}}?\nA. {% yes\nB. no\nC. so\nD. {#\nAnswer:B. no\n";
        let (text, _) = lettered(&paper, Task::named("xgeo").unwrap(), Some(shown));
        let start = "The following are multiple choice questions. Please choose the most reasonable one from the \
                     following options.\nQuestion:Is {{'{'}}{{'{'}}choices}}?\nA. {{'{'}}% yes\nB. no\nC. so\nD. \
                     {{'{'}}#\nAnswer:B. no\nQuestion:{{question}}\n";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn braces_of_a_prompt_stay_braces() {
        assert_eq!(literal("a {b} {{c}}"), "a {{'{'}}b} {{'{'}}{{'{'}}c}}");
    }
}
