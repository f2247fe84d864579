use crate::http::{HttpResponse, excerpt, public, retry_after};
use crate::hub::{
    HubError,
    client::{HubClient, RequestContext},
};
use reqwest::Url;

/// The header in which the hub says what is wrong; a status alone has several meanings.
const ERROR_CODE: &str = "x-error-code";

/// The hub's own sentence.
const ERROR_MESSAGE: &str = "x-error-message";

/// What an answer other than success means.
pub fn refusal(
    client: &HubClient,
    url: &Url,
    answer: &HttpResponse,
    about: &RequestContext<'_>,
) -> HubError {
    let status = answer.status;
    let wanted = about.wanted;
    let model = wanted.id.clone();
    let endpoint = client.endpoint();
    let (no_repository, no_revision) = (
        || HubError::NoRepository {
            model: model.clone(),
            endpoint: endpoint.clone(),
        },
        || HubError::NoRevision {
            model: model.clone(),
            revision: wanted.revision.clone(),
            endpoint: endpoint.clone(),
        },
    );
    let no_file = |(commit, file): (&str, &str)| HubError::NoFile {
        model: model.clone(),
        revision: commit.to_owned(),
        file: file.to_owned(),
    };
    let gated = || HubError::Gated {
        model: model.clone(),
        status,
        page: format!("{}/{model}", endpoint.trim_end_matches('/')),
        excerpt: answer
            .header(ERROR_MESSAGE)
            .map_or_else(|| excerpt(&answer.body), str::to_owned),
    };
    let unauthorized = || HubError::Unauthorized {
        model: model.clone(),
        token: client.has_token(),
    };
    match (answer.header(ERROR_CODE), status.as_u16(), about.file) {
        (Some("GatedRepo"), ..) => gated(),
        // Without a token, a private repository looks like one that does not exist.
        (Some("RepoNotFound"), 401, _) => unauthorized(),
        (Some("RepoNotFound"), ..) => no_repository(),
        (Some("RevisionNotFound"), ..) => no_revision(),
        (Some("EntryNotFound"), _, Some(file)) => no_file(file),
        (_, 408 | 429 | 500.., _) => HubError::Busy {
            url: public(url),
            status,
            retry_after: retry_after(&answer.headers),
        },
        (_, 401, _) if client.is_hub(url) => unauthorized(),
        (_, 403, _) if client.is_hub(url) => gated(),
        (_, 404, None) if wanted.is_main() => no_repository(),
        (_, 404, None) => no_revision(),
        (_, 404, Some(file)) if client.is_hub(url) => no_file(file),
        _ => HubError::Refused {
            url: public(url),
            status,
            excerpt: excerpt(&answer.body),
        },
    }
}
