//! The log-probabilities of an answer's first token, in the forms that servers give them.

use crate::{http::excerpt, services::CallError};
use serde_json::Value;

/// One of the tokens that a server lists.
struct Alternative<'a> {
    /// The name of the field that holds its log-probability.
    field: String,
    token: String,
    value: Option<&'a Value>,
}

/// What a server gives for a token.
enum LogProbability {
    Number(f64),
    /// A probability of 0.
    Never,
    /// `null`: a probability of 0 or NaN, as JSON has neither.
    Null,
}

/// The alternatives of the first token: a list in `/chat/completions` (and in llama.cpp's
/// `/completions`), an object in OpenAI's and vLLM's `/completions`.
///
/// A probability of 0 is `-Infinity`, [`NEVER`] or null, and such tokens are left out. But NaN in one logit is NaN in all
/// probabilities, and null in all of them stands for that.
pub(super) fn first_token(logprobs: &Value) -> Result<Vec<(String, f64)>, CallError> {
    let invalid = |problem: String| CallError::Unexpected {
        problem,
        excerpt: excerpt(logprobs.to_string().as_bytes()),
    };
    let mut likely = Vec::new();
    let (mut nulls, mut never) = (0, 0);
    for Alternative {
        field,
        token,
        value,
    } in alternatives(logprobs).map_err(invalid)?
    {
        match read(value, &field) {
            Ok(LogProbability::Number(number)) => likely.push((token, number)),
            Ok(LogProbability::Never) => never += 1,
            Ok(LogProbability::Null) => nulls += 1,
            Err(Fault::Nan) => {
                let problem = format!("`{field}` is NaN");
                return Err(CallError::NotFinite { problem });
            }
            Err(Fault::Invalid(problem)) => return Err(invalid(problem)),
        }
    }
    if likely.is_empty() && nulls + never > 0 {
        let problem = match never {
            0 => "no log-probability from the endpoint is a number",
            _ => "every token that the endpoint lists has a probability of 0",
        };
        let problem = problem.to_owned();
        return Err(CallError::NotFinite { problem });
    }
    // Raw logits, or what sampling left of them: some servers give these in place of log-probabilities.
    let total: f64 = likely.iter().map(|(_, value)| value.exp()).sum();
    if total > MOST_PROBABILITY {
        return Err(invalid(format!(
            "the log-probabilities of the first token add up to a probability of {total:.2}"
        )));
    }
    Ok(likely)
}

fn alternatives(logprobs: &Value) -> Result<Vec<Alternative<'_>>, String> {
    let listed = &logprobs["content"][0]["top_logprobs"];
    let named = &logprobs["top_logprobs"][0];
    let mut all = Vec::new();
    match listed {
        Value::Array(entries) => {
            for (position, entry) in entries.iter().enumerate() {
                let field = format!("logprobs.content[0].top_logprobs[{position}]");
                let Some(token) = entry["token"].as_str() else {
                    return Err(format!("`{field}` has no token"));
                };
                all.push(Alternative {
                    field: format!("{field}.logprob"),
                    token: token.to_owned(),
                    value: entry.get("logprob"),
                });
            }
        }
        Value::Null => {}
        _ => return Err("`logprobs.content[0].top_logprobs` is not a list".to_owned()),
    }
    // One of the two: a server that gives both says the same twice.
    if !all.is_empty() {
        return Ok(all);
    }
    match named {
        Value::Object(tokens) => all.extend(tokens.iter().map(|(token, value)| Alternative {
            field: format!("logprobs.top_logprobs[0].{token:?}"),
            token: token.clone(),
            value: Some(value),
        })),
        Value::Null => {}
        _ => return Err("`logprobs.top_logprobs[0]` is not an object".to_owned()),
    }
    Ok(all)
}

/// Why a value is not a log-probability.
enum Fault {
    Nan,
    Invalid(String),
}

fn read(value: Option<&Value>, field: &str) -> Result<LogProbability, Fault> {
    let invalid = |what: String| Fault::Invalid(format!("`{field}` is {what}"));
    match value {
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) if number > ROUNDING => {
                Err(invalid(format!("{number}, which is not a log-probability")))
            }
            Some(number) if number <= NEVER => Ok(LogProbability::Never),
            Some(number) => Ok(LogProbability::Number(number)),
            None => Err(invalid(format!("{number}, which is not a log-probability"))),
        },
        Some(Value::Null) => Ok(LogProbability::Null),
        // Python's numbers that JSON does not have.
        Some(Value::String(text)) if text == "-Infinity" => Ok(LogProbability::Never),
        Some(Value::String(text)) if text == "NaN" => Err(Fault::Nan),
        Some(other) => Err(invalid(format!("{other}, which is not a number"))),
        None => Err(invalid("missing".to_owned())),
    }
}

/// What OpenAI and vLLM write for a probability of 0; llama.cpp writes the lowest f32.
const NEVER: f64 = -9999.0;

/// What the first tokens add up to at most. Numbers that are rounded, or of a list that holds a token twice, pass 1; twice
/// as much is not a distribution.
const MOST_PROBABILITY: f64 = 2.0;

/// How far above 0 rounding takes a log-probability.
const ROUNDING: f64 = 1e-2;
