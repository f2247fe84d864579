//! Renders chat templates for `tests/published_templates.py`: a line of JSON in, a line of JSON out.
//!
//! In: `{"template", "tokens": {name: token}, "messages": [{"role", "content"}], "add_generation_prompt", "variables"}`.
//! Out: `{"text"}`, or `{"error", "kind"}` with the kind of [`JinjaErrorKind`].

use clika_checkpoint::tokenizer::{
    ChatTemplate, JinjaErrorKind, Message, TemplateVariables, TokenizerError,
};
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeMap, error::Error, io::BufRead};

#[derive(Deserialize)]
struct Case {
    template: String,
    tokens: BTreeMap<String, String>,
    messages: Vec<Turn>,
    add_generation_prompt: bool,
    #[serde(default)]
    variables: TemplateVariables,
}

#[derive(Deserialize)]
struct Turn {
    role: String,
    content: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let messages: Vec<Message> = case
            .messages
            .into_iter()
            .map(|Turn { role, content }| Message { role, content })
            .collect();
        let template = ChatTemplate::new("stdin".into(), &case.template, case.tokens);
        let answer = match template.render(&messages, case.add_generation_prompt, &case.variables) {
            Ok(text) => json!({ "text": text }),
            Err(TokenizerError::Template { source, .. }) => {
                let kind = match source.kind {
                    JinjaErrorKind::Syntax => "syntax",
                    JinjaErrorKind::Unsupported => "unsupported",
                    JinjaErrorKind::Raised => "raised",
                    JinjaErrorKind::Failed => "failed",
                };
                json!({ "error": source.to_string(), "kind": kind })
            }
            Err(error) => return Err(error.into()),
        };
        println!("{answer}");
    }
    Ok(())
}
