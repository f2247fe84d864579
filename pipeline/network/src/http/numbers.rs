//! Numbers that JSON does not have, as Python's json module writes them.

/// What Python writes for numbers that are not finite; the longer name first.
const NOT_FINITE: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// An answer with `NaN`, `Infinity` and `-Infinity` as texts, so that it can be read as JSON and nothing of it is lost; `None`
/// if it has none of them.
pub fn quote_not_finite(body: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = Vec::with_capacity(body.len());
    let (mut rest, mut inside, mut found) = (body, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        if inside && byte == b'\\' {
            let escape = rest.len().min(2);
            quoted.extend_from_slice(&rest[..escape]);
            rest = &rest[escape..];
            continue;
        }
        inside ^= byte == b'"';
        let name = NOT_FINITE.into_iter().find(|name| rest.starts_with(name));
        if let Some(name) = name.filter(|_| !inside) {
            quoted.push(b'"');
            quoted.extend_from_slice(name);
            quoted.push(b'"');
            rest = &rest[name.len()..];
            found = true;
            continue;
        }
        quoted.push(byte);
        rest = after;
    }
    found.then_some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_quoted() {
        // What json.dumps of Python 3.11 writes for {"a": [nan, -inf, inf, -1.5], "NaN \" Infinity": "-Infinity\\"}.
        let body = r#"{"a": [NaN, -Infinity, Infinity, -1.5], "NaN \" Infinity": "-Infinity\\"}"#;
        let quoted = quote_not_finite(body.as_bytes()).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&quoted).unwrap();
        let expected = serde_json::json!({
            "a": ["NaN", "-Infinity", "Infinity", -1.5], "NaN \" Infinity": "-Infinity\\",
        });
        assert_eq!(value, expected);
        assert_eq!(quote_not_finite(br#"{"a": "NaN"}"#), None);
        assert_eq!(quote_not_finite(br#"{"a": "\"#), None);
    }
}
