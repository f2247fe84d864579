use clika_base::files::sha256_hex;

/// SHA-256 of what an item asks, so that answers to two versions of a question can be told apart.
///
/// Hashed is a JSON list without spaces in UTF-8: the premise or null, the question, the relation or null, and the list of
/// the choices in the order shown. The right choice is not part of it: it is compared by itself.
pub fn item_sha256(
    premise: Option<&str>,
    question: &str,
    relation: Option<&str>,
    choices: &[String],
) -> String {
    sha256_hex(serde_json::json!([premise, question, relation, choices]).to_string())
}
