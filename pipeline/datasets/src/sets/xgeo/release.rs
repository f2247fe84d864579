//! What the English questions of the authors' x_geo ask.

use crate::registry::AskedFact;

/// "What administrative division of US is San Diego in?"
pub(super) fn asked(question: &str) -> Option<AskedFact> {
    let rest = question.strip_prefix("What administrative division of ");
    let named = rest.and_then(|rest| rest.strip_suffix(" in?")?.split_once(" is "));
    Some(AskedFact {
        relation: super::DIVISION,
        entity: named.map(|(_, city)| city.to_owned()),
        country: named.map(|(country, _)| country.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_questions_say_what_they_ask() {
        let asked = asked("What administrative division of US is San Diego in?").unwrap();
        assert_eq!(asked.country.as_deref(), Some("US"));
        assert_eq!(asked.entity.as_deref(), Some("San Diego"));
    }
}
