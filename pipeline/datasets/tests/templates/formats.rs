//! The committed formats render what the programs they come from render, and every model of the paper gets its own.
//!
//! formats_reference.py writes the texts in tests/formats, but for the two that are written by hand.

#![allow(clippy::unwrap_used)]

use crate::changed;
use clika_base::templates::{
    DefaultFormat, Format, ModelFormat, PromptPart, TemplateError, TemplateTraits, default_format,
    format_names, load_format,
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

fn marked(parts: &[PromptPart]) -> String {
    let mark = |part: &PromptPart| match part {
        PromptPart::Text(text) => text.clone(),
        PromptPart::Special(token) => format!("⟦{token}⟧"),
        PromptPart::Bos => "⟦bos⟧".to_owned(),
        PromptPart::Eos => "⟦eos⟧".to_owned(),
    };
    parts.iter().map(mark).collect()
}

#[test]
fn formats_render_as_their_reference() {
    let names = format_names(&committed()).unwrap();
    assert_eq!(names.join(", "), KNOWN);
    for name in names {
        let format = load(&name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/templates/formats/{name}.txt"));
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
    let text = |text: &str| PromptPart::Text(text.to_owned());
    let special = |token: &str| PromptPart::Special(token.to_owned());
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
    assert_eq!(parts[0], PromptPart::Bos);
    assert_eq!(
        load("hessianai").answer_end().parts,
        [special("<|im_end|>")]
    );
    assert_eq!(load("llama2").answer_end().parts, [PromptPart::Eos]);
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

/// Published foundation models; a chat template lies next to many of them.
const FOUNDATIONS: &[&str] = &[
    "Qwen/Qwen1.5-0.5B",
    "Qwen/Qwen2-0.5B",
    "Qwen/Qwen2-1.5B",
    "Qwen/Qwen2-57B-A14B",
    "Qwen/Qwen2.5-0.5B",
    "Qwen/Qwen2.5-72B",
    "Qwen/Qwen2.5-Coder-7B",
    "Qwen/Qwen2.5-Math-1.5B",
    "Qwen/CodeQwen1.5-7B",
    "Qwen/Qwen3-0.6B-Base",
    "Qwen/Qwen3-30B-A3B-Base",
    "unsloth/Qwen2.5-0.5B-unsloth-bnb-4bit",
    "mlx-community/Qwen2.5-0.5B-4bit",
    "/data/models/Qwen2.5-0.5B/",
    "meta-llama/Meta-Llama-3-8B",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.2-1B",
    "meta-llama/Llama-4-Scout-17B-16E",
    "codellama/CodeLlama-7b-hf",
    "mistralai/Mistral-7B-v0.1",
    "mistralai/Mistral-7B-v0.3",
    "mistralai/Mixtral-8x7B-v0.1",
    "mistralai/Mistral-Nemo-Base-2407",
    "mistralai/Mistral-Small-24B-Base-2501",
    "google/gemma-2b",
    "google/gemma-2-9b",
    "google/gemma-3-270m",
    "google/gemma-3-1b-pt",
    "HuggingFaceTB/SmolLM-135M",
    "HuggingFaceTB/SmolLM2-135M",
    "HuggingFaceTB/SmolLM3-3B-Base",
    "allenai/OLMo-7B-hf",
    "allenai/OLMo-2-1124-7B",
    "allenai/OLMoE-1B-7B-0924",
    "tiiuae/falcon-7b",
    "tiiuae/Falcon3-7B-Base",
    "01-ai/Yi-6B",
    "01-ai/Yi-6B-200K",
    "01-ai/Yi-1.5-34B",
    "deepseek-ai/deepseek-llm-7b-base",
    "deepseek-ai/deepseek-coder-6.7b-base",
    "deepseek-ai/DeepSeek-V3-Base",
    "utter-project/EuroLLM-1.7B",
    "BSC-LT/salamandra-2b",
    "swiss-ai/Apertus-8B-2509",
    "internlm/internlm2-7b",
    "internlm/internlm2_5-7b",
    "THUDM/glm-4-9b",
    "zai-org/GLM-4.5-Air-Base",
    "ibm-granite/granite-3.1-2b-base",
    "stabilityai/stablelm-2-1_6b",
    "tencent/Hunyuan-0.5B-Pretrain",
    "baidu/ERNIE-4.5-0.3B-Base-PT",
];

/// Published tuned models that are near to them by name.
const TUNED: &[&str] = &[
    "Qwen/Qwen1.5-0.5B-Chat",
    "Qwen/Qwen2-7B-Instruct",
    "Qwen/Qwen2.5-0.5B-Instruct",
    "Qwen/Qwen2.5-7B-Instruct-1M",
    "Qwen/Qwen2.5-Coder-7B-Instruct",
    "Qwen/Qwen3-0.6B",
    "Qwen/Qwen3-30B-A3B",
    "Qwen/Qwen3-4B-Instruct-2507",
    "Qwen/Qwen3-4B-Thinking-2507",
    "Qwen/QwQ-32B",
    "unsloth/Qwen2.5-0.5B-Instruct-bnb-4bit",
    "dphn/dolphin-2.9.2-qwen2-7b",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
    "meta-llama/Meta-Llama-3-8B-Instruct",
    "meta-llama/Llama-3.2-1B-Instruct",
    "princeton-nlp/Llama-3-Base-8B-SFT",
    "allenai/Llama-3.1-Tulu-3-8B",
    "akjindal53244/Llama-3.1-Storm-8B",
    "mistralai/Mistral-7B-Instruct-v0.3",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "mistralai/Mistral-Nemo-Instruct-2407",
    "google/gemma-2-9b-it",
    "google/gemma-3-1b-it",
    "HuggingFaceTB/SmolLM2-135M-Instruct",
    "HuggingFaceTB/SmolLM3-3B",
    "allenai/OLMo-2-1124-7B-Instruct",
    "allenai/OLMo-2-1124-7B-SFT",
    "tiiuae/falcon-7b-instruct",
    "tiiuae/Falcon3-7B-Instruct",
    "01-ai/Yi-6B-Chat",
    "01-ai/Yi-1.5-34B-Chat",
    "deepseek-ai/deepseek-llm-7b-chat",
    "deepseek-ai/DeepSeek-V3",
    "utter-project/EuroLLM-1.7B-Instruct",
    "swiss-ai/Apertus-8B-Instruct-2509",
    "internlm/internlm2-chat-7b",
    "THUDM/glm-4-9b-chat",
    "zai-org/GLM-4.5-Air",
    "ibm-granite/granite-3.1-2b-instruct",
    "stabilityai/stablelm-2-zephyr-1_6b",
    "microsoft/phi-4",
    "microsoft/Phi-3-mini-4k-instruct",
    "openai/gpt-oss-20b",
    "baidu/ERNIE-4.5-0.3B-PT",
    "CohereLabs/aya-expanse-8b",
    "LiquidAI/LFM2-350M",
    "HuggingFaceH4/zephyr-7b-beta",
];

fn format_of(model: &str, traits: TemplateTraits) -> (String, Option<String>) {
    let DefaultFormat { format, comment } = default_format(&committed(), model, traits).unwrap();
    let format = match format {
        ModelFormat::Own => "own".to_owned(),
        ModelFormat::Named(name) => name,
    };
    (format, comment)
}

/// A model whose template ends a turn with one of its own ends.
fn with_template(chat_template: bool) -> TemplateTraits {
    TemplateTraits {
        chat_template,
        template_ends: chat_template.then_some(true),
    }
}

#[test]
fn models_get_the_format_they_were_tuned_with() {
    for &(model, has_template, expected) in MODELS {
        let (format, comment) = format_of(model, with_template(has_template));
        assert_eq!((format.as_str(), comment), (expected, None), "{model}");
    }
}

#[test]
fn a_template_beside_a_foundation_model_makes_it_no_chat_model() {
    for model in FOUNDATIONS {
        let (format, comment) = format_of(model, with_template(true));
        assert_eq!(format, "none", "{model}");
        assert!(
            comment
                .unwrap()
                .starts_with("a foundation model by its name"),
            "{model}"
        );
    }
    for model in TUNED {
        assert_eq!(
            format_of(model, with_template(true)),
            ("own".to_owned(), None),
            "{model}"
        );
    }
    let (format, comment) = format_of("meta-llama/Llama-2-7b-hf", with_template(true));
    assert_eq!(format, "alpaca");
    assert!(comment.unwrap().contains("the paper's format"));
}

#[test]
fn where_the_name_says_nothing_the_ends_do() {
    let of = |name, template_ends| {
        let traits = TemplateTraits {
            chat_template: true,
            template_ends,
        };
        format_of(name, traits)
    };
    let (format, comment) = of("my-model", Some(false));
    assert_eq!(format, "none");
    assert!(comment.unwrap().contains("generation_config.json"));
    assert_eq!(of("my-model", Some(true)), ("own".to_owned(), None));
    assert_eq!(of("my-model", None), ("own".to_owned(), None));
    // A name that says that the model was tuned is believed, and ERNIE's that are no Base are.
    assert_eq!(
        of("baidu/ERNIE-4.5-0.3B-PT", Some(false)),
        ("own".to_owned(), None)
    );
    assert_eq!(
        of("my-model-instruct", Some(false)),
        ("own".to_owned(), None)
    );
    let none = TemplateTraits::default();
    assert_eq!(format_of("my-model", none), ("none".to_owned(), None));
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
    let folder = changed(&committed(), (file, replace, with));
    let error = ask(folder.path()).unwrap_err();
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "formats")
}

fn hessianai(folder: &Path) -> Result<(), TemplateError> {
    load_format(folder, "hessianai").map(|_| ())
}

fn gpt2(folder: &Path) -> Result<(), TemplateError> {
    default_format(folder, "gpt2", TemplateTraits::default()).map(|_| ())
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
        "special token `<|end|>` is in none of `prefix`, `user` and `assistant`\n   \
         formats/hessianai.toml:12\nhint: spell it as it is written there, or remove it"
    );
    assert_eq!(
        error("stop = [\"<|im_start|>\"]", "stop = [\"\"]"),
        "`stop` has an empty text\n   formats/hessianai.toml:14\n\
         hint: remove it: it would end every answer before it begins"
    );
    let unknown = error("stop =", "stops =");
    assert!(
        unknown.starts_with("unknown key `stops`; did you mean `stop`?\n"),
        "{unknown}"
    );
    assert!(unknown.contains("formats/hessianai.toml:14\n"), "{unknown}");
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
        "there is no format `baling`\n   formats/models.toml:29\nhint: write `own` or one of alpaca, baichuan2, bayling, \
         hessianai, llama2, llama2_zh, none, vicuna"
    );
    assert_eq!(
        error("all = [\"vicuna\"]", "all = [\"Vicuna\"]"),
        "no name can match `Vicuna`\n   formats/models.toml:32\nhint: write lower-case letters, with hyphens for `_` \
         and spaces, and no `/`"
    );
    assert_eq!(
        error("chat_template = true\nformat = \"own\"", "format = \"own\""),
        "`own` is chosen for models that may have no chat template\n   formats/models.toml:86\nhint: add `chat_template = true`"
    );
    assert_eq!(
        error("\n[[rules]]\nformat = \"none\"\n", ""),
        "no rule matches the model `gpt2`\n   formats/models.toml:21\n\
         hint: end the table with a rule that has no condition"
    );
    assert_eq!(
        error("all = [\"vicuna\"]", "plain = true"),
        "`plain` is about what follows a beginning, but `begins` is missing\n   formats/models.toml:32\nhint: add `begins`"
    );
    let unknown = error("all = [\"vicuna\"]", "every = [\"vicuna\"]");
    assert!(
        unknown.starts_with("unknown key `rules.3.every`; known here: `all`, "),
        "{unknown}"
    );
    assert!(unknown.contains("formats/models.toml:32\n"), "{unknown}");
}
