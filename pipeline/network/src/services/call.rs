use crate::http::{HttpResponse, excerpt, quote_not_finite, retry_after};
use crate::services::{CallError, refusal};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};

/// No service answers a request of ours with more, in bytes.
pub const LONGEST_ANSWER: usize = 16 << 20;

/// Sends a request and returns the answer if it is JSON and a success. Numbers that are not finite, which Python writes and
/// JSON does not have, are texts in it.
///
/// `special` is asked first what an answer means where the service has statuses of its own;
/// `advice` says where the key comes from.
pub async fn call(
    request: RequestBuilder,
    special: impl Fn(&HttpResponse) -> Option<CallError>,
    advice: &str,
) -> Result<HttpResponse, CallError> {
    let mut answer = crate::http::send(request, LONGEST_ANSWER)
        .await
        .map_err(CallError::Transport)?;
    if let Some(error) = special(&answer).or_else(|| fault(&answer, advice)) {
        return Err(error);
    }
    let is_json = |body: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if !is_json(&answer.body) {
        if let Some(quoted) = quote_not_finite(&answer.body).filter(|body| is_json(body)) {
            answer.body = quoted;
            return Ok(answer);
        }
        let content_type = answer.header(CONTENT_TYPE.as_str());
        return Err(CallError::NotJson {
            content_type: content_type.unwrap_or("an unnamed type").to_owned(),
            excerpt: excerpt(&answer.body),
        });
    }
    Ok(answer)
}

/// What a status means by HTTP and by OpenAI's habit; `None` for a success.
fn fault(answer: &HttpResponse, advice: &str) -> Option<CallError> {
    let status = answer.status;
    let excerpt = excerpt(&answer.body);
    if status.is_success() {
        return None;
    }
    if status.is_redirection() {
        let location = answer.header(LOCATION.as_str());
        return Some(CallError::Moved {
            status,
            location: location
                .unwrap_or("another address, which it does not name")
                .to_owned(),
        });
    }
    if let Some(name) = refusal::field(answer) {
        return Some(CallError::Field {
            name,
            status,
            excerpt,
        });
    }
    Some(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CallError::Key {
            status,
            excerpt,
            advice: advice.to_owned(),
        },
        StatusCode::PAYMENT_REQUIRED => CallError::Quota { status, excerpt },
        // OpenAI answers 429 both to haste and to an empty account; only haste passes.
        StatusCode::TOO_MANY_REQUESTS if excerpt.contains("insufficient_quota") => {
            CallError::Quota { status, excerpt }
        }
        StatusCode::NOT_IMPLEMENTED => CallError::Refused { status, excerpt },
        _ if status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status) =>
        {
            CallError::Busy {
                status,
                retry_after: retry_after(&answer.headers),
                excerpt,
            }
        }
        _ => CallError::Refused { status, excerpt },
    })
}
