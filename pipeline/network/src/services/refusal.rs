//! Which field of a request an answer refuses.

use crate::http::HttpResponse;
use reqwest::StatusCode;
use serde_json::Value;

/// OpenAI's codes for a field that a model does not have, or not with this value.
const CODES: [&str; 3] = [
    "unsupported_parameter",
    "unsupported_value",
    "unknown_parameter",
];

/// Fields that models of OpenAI and some servers refuse; the longer name first.
const FIELDS: [&str; 8] = [
    "max_tokens",
    "temperature",
    "top_logprobs",
    "logprobs",
    "response_format",
    "guided_choice",
    "structured_outputs",
    "logit_bias",
];

/// How a server says that it does not take a field.
const REFUSALS: [&str; 6] = [
    "unsupported",
    "unexpected",
    "not support",
    "not allowed",
    "unrecognized",
    "max_completion_tokens",
];

/// The field that is refused; `None` if the answer is about something else.
///
/// OpenAI answers 400 to most of them, and 403 to log-probabilities, which a wrong key gets as well.
pub(super) fn field(answer: &HttpResponse) -> Option<String> {
    let refuses = [
        StatusCode::BAD_REQUEST,
        StatusCode::FORBIDDEN,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    if !refuses.contains(&answer.status) {
        return None;
    }
    let value: Value = serde_json::from_slice(&answer.body).ok()?;
    let error = &value["error"];
    let code = error["code"].as_str().unwrap_or("");
    if let Some(field) = error["param"].as_str().filter(|_| CODES.contains(&code)) {
        return Some(field.to_owned());
    }
    let texts = [
        &error["message"],
        error,
        &value["message"],
        &value["detail"],
    ];
    let text = texts.into_iter().find_map(Value::as_str)?;
    let said = text.to_lowercase();
    let refused = REFUSALS.iter().any(|refusal| said.contains(refusal));
    let field = FIELDS.into_iter().find(|field| said.contains(field));
    match field {
        Some(field) if refused => Some(field.to_owned()),
        None if said.contains("max_completion_tokens") => Some("max_tokens".to_owned()),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Option<String> {
        field(&HttpResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: reqwest::header::HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn fields_that_models_refuse_are_found() {
        for (status, body, expected) in [
            (
                400,
                r#"{"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter"}}"#,
                Some("max_tokens"),
            ),
            (
                400,
                r#"{"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "type": "invalid_request_error", "param": "temperature", "code": "unsupported_value"}}"#,
                Some("temperature"),
            ),
            (
                403,
                r#"{"error": {"message": "You are not allowed to request logprobs from this model", "type": "invalid_request_error", "param": null, "code": null}}"#,
                Some("logprobs"),
            ),
            // transformers serve 5.23, by completions.
            (
                422,
                r#"{"detail": "Unexpected fields in the request: {'response_format'}"}"#,
                Some("response_format"),
            ),
            // A gateway that keeps only the text.
            (
                400,
                r#"{"error": "'max_tokens' is unsupported, use 'max_completion_tokens'"}"#,
                Some("max_tokens"),
            ),
            // Other refusals, which no field is to blame for.
            (
                400,
                r#"{"error": {"message": "This model's maximum context length is 4097 tokens. Please reduce max_tokens.", "param": "messages", "code": "context_length_exceeded"}}"#,
                None,
            ),
            (
                403,
                r#"{"error": {"message": "Country, region, or territory not supported", "param": null, "code": "unsupported_country_region_territory"}}"#,
                None,
            ),
            (
                401,
                r#"{"error": {"message": "Incorrect API key provided"}}"#,
                None,
            ),
            (
                500,
                r#"{"error": "logprobs is not supported for models created with logits_all=False"}"#,
                None,
            ),
        ] {
            assert_eq!(refused(status, body).as_deref(), expected, "{body}");
        }
    }
}
