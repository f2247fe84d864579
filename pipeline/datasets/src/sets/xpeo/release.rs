//! What the English questions of the authors' x_name ask.

use super::{BIRTH, DEATH};
use crate::registry::AskedFact;

/// "In what year was Mao Zedong born?", "In what year did Mao Zedong die?"
pub(super) fn asked(question: &str) -> Option<AskedFact> {
    let between = |before: &str, after: &str| {
        let name = question.strip_prefix(before)?.strip_suffix(after)?;
        Some(name.to_owned())
    };
    let (relation, entity) = if let Some(born) = between("In what year was ", " born?") {
        (BIRTH, born)
    } else {
        (DEATH, between("In what year did ", " die?")?)
    };
    Some(AskedFact {
        relation,
        entity: Some(entity),
        country: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_questions_say_what_they_ask() {
        let asked_of = |question| asked(question).map(|it| (it.relation, it.entity));
        assert_eq!(
            asked_of("In what year did Mao Zedong die?"),
            Some((DEATH, Some("Mao Zedong".to_owned())))
        );
        assert_eq!(asked_of("When was he born?"), None);
    }
}
