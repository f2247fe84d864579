//! `clika logits`: what a model gives for a text, to check it against another program.

use super::{Failure, model::ModelArgs, print};
use crate::progress::ProgressOptions;
use clika_checkpoint::tokenizer::Tokenizer;
use clika_lm::{Adapter, Decoder, Dtype, LmError, Sequence};
use serde_json::json;
use std::path::PathBuf;

/// Shows a text's tokens and the log-probabilities of the next token after each of them.
#[derive(clap::Args)]
pub struct Args {
    /// The model: a folder, a GGUF file or a hub id.
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// An adapter to apply to the model, from clika or PEFT.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// The text, or - to read it from standard input.
    #[arg(long, value_name = "TEXT")]
    prompt: String,
    /// Do not put the tokenizer's own tokens, such as BOS, around the text.
    #[arg(long)]
    no_special: bool,
    /// How many of the likeliest tokens are shown.
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
    /// Token ids whose log-probabilities are shown too.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    tokens: Vec<u32>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model_args: ModelArgs,
}

/// Runs the command.
pub fn run(args: &Args, shown: ProgressOptions) -> Result<(), Failure> {
    let progress = shown.progress();
    let device = args.model_args.device()?;
    let located = args.model_args.locate(&args.model, progress.as_ref())?;
    let mut tokenizer = Tokenizer::load(&located.folder)?;
    let mut decoder = Decoder::load(
        &located.folder,
        &device,
        args.model_args.dtype(),
        progress.as_ref(),
    )?;
    if let Some(adapter) = &args.adapter {
        decoder.attach(&Adapter::read(adapter)?)?;
    }
    let text = match args.prompt.as_str() {
        "-" => std::io::read_to_string(std::io::stdin()).map_err(|source| Unreadable { source })?,
        text => text.to_owned(),
    };
    let vocabulary = decoder.architecture().vocabulary;
    tokenizer.limit(vocabulary);
    let ids = tokenizer.encode(&text, !args.no_special)?;
    if let Some(&token) = args
        .tokens
        .iter()
        .find(|&&token| token as usize >= vocabulary)
    {
        return Err(LmError::Token { token, vocabulary }.into());
    }
    let sequence = Sequence {
        tokens: &ids,
        past: None,
    };
    let (states, _) = decoder.forward(&[sequence], false)?;
    let probabilities = decoder
        .log_probabilities(states)
        .map_err(|error| named(error, &located.name))?;
    let name = |id: u32| tokenizer.token(id);
    if args.json {
        let positions: Vec<_> = (0..ids.len())
            .map(|position| {
                let given = args
                    .tokens
                    .iter()
                    .map(|&token| (token, probabilities.of(position, token)));
                json!({
                    "top": probabilities.top(position, args.top),
                    "given": given.collect::<Vec<_>>(),
                })
            })
            .collect();
        let tokens: Vec<_> = ids.iter().map(|&id| name(id)).collect();
        return print(&format!(
            "{}\n",
            json!({ "ids": ids, "tokens": tokens, "positions": positions })
        ));
    }
    let mut table = "| position | id | token | next |\n|---|---|---|---|\n".to_owned();
    for (position, &id) in ids.iter().enumerate() {
        let mut shown = probabilities.top(position, args.top);
        shown.extend(
            args.tokens
                .iter()
                .map(|&token| (token, probabilities.of(position, token))),
        );
        let shown: Vec<_> = shown
            .iter()
            .map(|(token, value)| {
                format!(
                    "{token} {:?} {value:.4}",
                    name(*token).unwrap_or_else(|| "?".to_owned())
                )
            })
            .collect();
        let token = name(id).unwrap_or_else(|| "?".to_owned());
        table += &format!("| {position} | {id} | {token:?} | {} |\n", shown.join(", "));
    }
    print(&table)
}

/// The error with the model's name.
fn named(error: LmError, model: &str) -> Failure {
    match error {
        LmError::NotFinite { number, dtype } => NotFinite {
            model: model.to_owned(),
            position: number,
            dtype,
        }
        .into(),
        other => other.into(),
    }
}

/// The model gives NaN or infinity.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{model} gives NaN or infinity after position {position} of the text, computed in {}", dtype.name())]
#[diagnostic(help("{}", dtype.beyond_range()))]
struct NotFinite {
    model: String,
    position: usize,
    dtype: Dtype,
}

/// Standard input is not text.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot read the text from standard input")]
#[diagnostic(help("it has to be UTF-8"))]
struct Unreadable {
    source: std::io::Error,
}
