//! The committed formats render what the programs they come from render, and every model of the paper gets its own.
//!
//! formats_reference.py writes the texts in tests/formats, but for the two that are written by hand.

#![allow(clippy::unwrap_used)]

use clika_templates::{
    Format, ModelFormat, Part, TemplateError, default_format, format_names, load_format,
};
use miette::Diagnostic;
use std::{
    fs,
    path::{Path, PathBuf},
};

const CONTENT: &str = "Question:2+3=?\nA. {content} 4\nB. пять «5»\nAnswer:";

const KNOWN: &str = "alpaca, baichuan2, bayling, hessianai, llama2, llama2_zh, none, vicuna";

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/formats")
}

fn load(name: &str) -> Format {
    load_format(&committed(), name).unwrap()
}

fn marked(parts: &[Part]) -> String {
    let mark = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Special(token) => format!("⟦{token}⟧"),
        Part::Bos => "⟦bos⟧".to_owned(),
        Part::Eos => "⟦eos⟧".to_owned(),
    };
    parts.iter().map(mark).collect()
}

#[test]
fn formats_render_as_their_reference() {
    let names = format_names(&committed()).unwrap();
    assert_eq!(names.join(", "), KNOWN);
    for name in names {
        let format = load(&name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/formats/{name}.txt"));
        let golden = fs::read_to_string(path).unwrap();
        let (source, golden) = golden.split_once('\n').unwrap();
        assert!(source.starts_with("source: "), "{name}");
        let prompt = format.render(CONTENT);
        let text = format!(
            "{}⟦answer⟧{}\n",
            marked(&prompt.parts),
            marked(&format.answer_end().parts)
        );
        assert_eq!(text, golden, "{name}");
        let (before_answer, _) = golden.split_once("⟦answer⟧").unwrap();
        let read = before_answer.replace("⟦bos⟧", "").replace(['⟦', '⟧'], "");
        assert_eq!(prompt.text, read, "{name}");
        assert!(!format.description.is_empty(), "{name}");
    }
}

#[test]
fn tokens_are_parts_of_their_own_and_text_comes_in_one_piece() {
    let text = |text: &str| Part::Text(text.to_owned());
    let special = |token: &str| Part::Special(token.to_owned());
    // An item that spells a token, an end and a place stays text.
    let content = "<reserved_107>{eos}{answer}{prefix}";
    assert_eq!(
        load("baichuan2").render(content).parts,
        [
            special("<reserved_106>"),
            text(content),
            special("<reserved_107>")
        ]
    );
    let parts = load("vicuna").render("{system}").parts;
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert_eq!(parts[0], Part::Bos);
    assert_eq!(
        load("hessianai").answer_end().parts,
        [special("<|im_end|>")]
    );
    assert_eq!(load("llama2").answer_end().parts, [Part::Eos]);
    assert_eq!(load("hessianai").stop, ["<|im_start|>"]);
}

#[test]
fn without_a_system_text_its_prefix_is_left_out() {
    let mut format = load("llama2");
    format.system.clear();
    assert_eq!(format.render("Hi.").text, "[INST] Hi. [/INST]");
    let mut format = load("hessianai");
    format.system.clear();
    assert_eq!(
        format.render("Hi.").text,
        "<|im_start|>user\nHi.<|im_end|>\n<|im_start|>assistant\n"
    );
}

/// A model's name, whether it has a template of its own, and the format it gets.
const MODELS: &[(&str, bool, &str)] = &[
    // As the paper writes them: the tables and Appendix E.
    ("LLaMA", false, "alpaca"),
    ("LLaMA-7B", false, "alpaca"),
    ("LLaMA-13B", false, "alpaca"),
    ("LLaMA2", false, "alpaca"),
    ("LLaMA2-13B", false, "alpaca"),
    ("Chinese-LLaMA", false, "alpaca"),
    ("Chinese-LLaMA2", false, "alpaca"),
    ("Baichuan 2-Base", false, "alpaca"),
    ("Baichuan2-base", false, "alpaca"),
    ("LeoLM-base", false, "llama2"),
    ("BLOOM", false, "none"),
    ("Alpaca", false, "alpaca"),
    ("Chinese-Alpaca", false, "alpaca"),
    ("Chinese-Alpaca 2", false, "llama2_zh"),
    ("BayLing", false, "bayling"),
    ("LLaMA2-Chat", false, "llama2"),
    ("LLaMA2 Chat", false, "llama2"),
    ("LLaMA 2-Chat 70B", false, "llama2"),
    ("Vicuna v1.5", false, "vicuna"),
    ("Baichuan 2-Chat", false, "baichuan2"),
    ("BLOOMZ-7B1-MT", false, "none"),
    ("LeoLM-chat", false, "hessianai"),
    // As the release's files are called.
    ("llama_13b", false, "alpaca"),
    ("llama2_13b", false, "alpaca"),
    ("chinese_llama_plus_13b", false, "alpaca"),
    ("chinese_llama2_13b", false, "alpaca"),
    ("bloomz_7b1_mt", false, "none"),
    // As the hub and folders call them; a known tuned model keeps its format whatever template it has.
    ("huggyllama/llama-30b", false, "alpaca"),
    ("meta-llama/Llama-2-70b-hf", false, "alpaca"),
    ("meta-llama/Llama-2-13b-chat-hf", true, "llama2"),
    ("/data/models/Llama-2-13b-chat-hf/", true, "llama2"),
    ("hfl/chinese-llama-2-13b", false, "alpaca"),
    ("hfl/chinese-alpaca-2-13b", false, "llama2_zh"),
    ("hfl/chinese-alpaca-pro-13b", false, "alpaca"),
    ("lmsys/vicuna-13b-v1.5", false, "vicuna"),
    ("ICTNLP/bayling-13b-v1.1", false, "bayling"),
    ("baichuan-inc/Baichuan2-13B-Base", false, "alpaca"),
    ("baichuan-inc/Baichuan2-13B-Chat", true, "baichuan2"),
    ("bigscience/bloom-7b1", false, "none"),
    ("bigscience/bloomz-7b1-mt", false, "none"),
    ("LeoLM/leo-hessianai-13b", false, "llama2"),
    ("LeoLM/leo-hessianai-13b-chat", true, "hessianai"),
    // Others.
    ("ICTNLP/bayling-2-llama-3-8b", true, "own"),
    ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", true, "own"),
    ("NousResearch/Nous-Hermes-Llama2-13b", true, "own"),
    ("codellama/CodeLlama-13b-Instruct-hf", true, "own"),
    ("meta-llama/Llama-3.1-8B-Instruct", true, "own"),
    ("meta-llama/Llama-3.1-8B", false, "none"),
    ("meta-llama/Meta-Llama-3-8B", false, "none"),
    ("Qwen/Qwen2.5-0.5B-Instruct", true, "own"),
    ("openai-community/gpt2", false, "none"),
];

#[test]
fn models_get_the_format_they_were_tuned_with() {
    for &(model, has_template, expected) in MODELS {
        let format = match default_format(&committed(), model, has_template).unwrap() {
            ModelFormat::Own => "own".to_owned(),
            ModelFormat::Named(name) => name,
        };
        assert_eq!(format, expected, "{model}");
    }
}

#[test]
fn every_format_is_some_models_and_exists() {
    let table = fs::read_to_string(committed().join("models.toml")).unwrap();
    let mut named: Vec<_> = table
        .lines()
        .filter_map(|line| Some(line.strip_prefix("format = \"")?.trim_end_matches('"')))
        .filter(|&name| name != "own")
        .collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, format_names(&committed()).unwrap());
}

/// Copies the committed folder with one text of one file replaced; the error of what is asked then.
fn error_after(
    (file, replace, with): (&str, &str, &str),
    ask: fn(&Path) -> Result<(), TemplateError>,
) -> String {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(committed()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(replace), "{file} holds no `{replace}`");
    fs::write(&path, text.replacen(replace, with, 1)).unwrap();
    let error = ask(folder.path()).unwrap_err();
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "formats")
}

fn hessianai(folder: &Path) -> Result<(), TemplateError> {
    load_format(folder, "hessianai").map(|_| ())
}

fn gpt2(folder: &Path) -> Result<(), TemplateError> {
    default_format(folder, "gpt2", false).map(|_| ())
}

#[test]
fn a_wrong_format_is_refused_with_its_line() {
    let file = "hessianai.toml";
    let error = |replace, with| error_after((file, replace, with), hessianai);
    assert_eq!(
        error("{content}", ""),
        "template `user` has no `{content}` placeholder\n   formats/hessianai.toml:8\n\
         hint: add `{content}` exactly once"
    );
    assert_eq!(
        error("{content}", "{content}{content}"),
        "template `user` has `{content}` 2 times\n   formats/hessianai.toml:8\n\
         hint: keep `{content}` exactly once"
    );
    assert_eq!(
        error("{system}<", "{sytem}<"),
        "template `prefix` has no `{system}` placeholder\n   formats/hessianai.toml:7\n\
         hint: add `{system}` exactly once"
    );
    assert_eq!(
        error("{answer}<|im_end|>", "{answer}"),
        "`assistant` has nothing that ends the answer\n   formats/hessianai.toml:10\n\
         hint: write `{eos}`, or the token that ends a turn, after `{answer}`"
    );
    assert_eq!(
        error("\"<|im_start|>\", \"", "\"<|im_start|>\", \"<|end|>\", \""),
        "special token `<|end|>` stands neither in `prefix` nor in `user` nor in `assistant`\n   \
         formats/hessianai.toml:11\nhint: spell it as there, or take it out"
    );
    assert_eq!(
        error("stop = [\"<|im_start|>\"]", "stop = [\"\"]"),
        "`stop` has an empty text\n   formats/hessianai.toml:13\n\
         hint: take it out: it would end every answer before it begins"
    );
    let unknown = error("stop =", "stops =");
    assert!(
        unknown.starts_with("unknown field `stops`, expected one of `description`"),
        "{unknown}"
    );
    assert!(unknown.contains("formats/hessianai.toml:13\n"), "{unknown}");
    let missing = error("bos = true\n", "");
    assert!(missing.starts_with("missing field `bos`\n"), "{missing}");
}

#[test]
fn an_unknown_format_is_named_with_the_known_ones() {
    for name in ["lama2", "models", "../formats/alpaca"] {
        let error = load_format(&committed(), name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("there is no format `{name}`; there are {KNOWN}")
        );
    }
}

#[test]
fn a_wrong_table_of_models_is_refused_with_its_line() {
    let error = |replace, with| error_after(("models.toml", replace, with), gpt2);
    assert_eq!(
        error("format = \"bayling\"", "format = \"baling\""),
        "there is no format `baling`\n   formats/models.toml:23\nhint: write `own` or one of alpaca, baichuan2, bayling, \
         hessianai, llama2, llama2_zh, none, vicuna"
    );
    assert_eq!(
        error("all = [\"vicuna\"]", "all = [\"Vicuna\"]"),
        "no name is told by `Vicuna`\n   formats/models.toml:26\nhint: write lower-case letters, with hyphens for `_` \
         and spaces, and no `/`"
    );
    assert_eq!(
        error("chat_template = true\nformat", "format"),
        "`own` for models that may have no template\n   formats/models.toml:70\nhint: add `chat_template = true`"
    );
    assert_eq!(
        error("\n[[rules]]\nformat = \"none\"\n", ""),
        "no rule holds for the model `gpt2`\n   formats/models.toml:15\n\
         hint: end the table with a rule that has no condition"
    );
    let unknown = error("all = [\"vicuna\"]", "every = [\"vicuna\"]");
    assert!(
        unknown.starts_with("unknown field `every`, expected one of `all`"),
        "{unknown}"
    );
    assert!(unknown.contains("formats/models.toml:26\n"), "{unknown}");
}
