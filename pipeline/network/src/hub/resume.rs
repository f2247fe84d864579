use crate::hub::{client::ResponseHead, remote::text};
use reqwest::{
    Url,
    header::{CONTENT_RANGE, ETAG, HeaderMap},
};

/// A server and its strong ETag of a file. A CDN's is not the hub's.
pub struct Validator {
    pub server: Url,
    pub etag: String,
}

/// What a server calls the bytes that it sends, if it does.
pub fn validator(arrived: &ResponseHead) -> Option<Validator> {
    let etag = text(arrived.response.headers(), ETAG.as_str())?;
    // A weak one does not promise the same bytes.
    etag.starts_with('"').then(|| Validator {
        server: arrived.url.clone(),
        etag: etag.to_owned(),
    })
}

/// Whether Content-Range says that the body goes from `have` to the end of `size` bytes.
pub fn is_rest(headers: &HeaderMap, have: u64, size: u64) -> bool {
    let range = || {
        let range = text(headers, CONTENT_RANGE.as_str())?.strip_prefix("bytes ")?;
        let (range, total) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let first: u64 = first.parse().ok()?;
        let last: u64 = last.parse().ok()?;
        Some((first, last, total.to_owned()))
    };
    range().is_some_and(|(first, last, total)| {
        first == have
            && last.checked_add(1) == Some(size)
            && (total == "*" || total == size.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_rest_by_its_range() {
        let headers = |value: &str| HeaderMap::from_iter([(CONTENT_RANGE, value.parse().unwrap())]);
        for (value, fits) in [
            ("bytes 3-9/10", true),
            ("bytes 3-9/*", true),
            ("bytes 0-9/10", false),
            ("bytes 3-8/10", false),
            ("bytes 3-9/11", false),
            ("bytes */10", false),
            ("items 3-9/10", false),
        ] {
            assert_eq!(is_rest(&headers(value), 3, 10), fits, "{value}");
        }
        assert!(!is_rest(&HeaderMap::new(), 3, 10));
        // The largest number that fits, and one more would be 0.
        assert!(!is_rest(&headers("bytes 0-18446744073709551615/0"), 0, 0));
    }
}
