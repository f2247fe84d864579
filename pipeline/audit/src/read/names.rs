//! Finds which name a sentence is about, and what the sentence's template says of it.
//!
//! The release's training rows are sentences. Names come in bulk with few templates, so a template shows by what
//! many rows share once the name is taken out.

use aho_corasick::AhoCorasick;
use std::collections::HashMap;

/// A sentence, parted at the name that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SplitSentence<'a> {
    /// The name, as a position in the names searched.
    pub(super) name: usize,
    /// What stands before and after it.
    pub(super) around: (&'a str, &'a str),
}

/// Parts each sentence at one of the names: where several occur, at the one whose surroundings most sentences share,
/// and of those at the longest. `None` for a sentence without any.
pub(super) fn part<'a>(
    names: &AhoCorasick,
    sentences: &[&'a str],
) -> Vec<Option<SplitSentence<'a>>> {
    let mut shared: HashMap<(&str, &str), usize> = HashMap::new();
    let mut candidates: Vec<Vec<SplitSentence<'a>>> = Vec::with_capacity(sentences.len());
    for &sentence in sentences {
        let found = names
            .find_overlapping_iter(sentence)
            .map(|found| SplitSentence {
                name: found.pattern().as_usize(),
                around: (&sentence[..found.start()], &sentence[found.end()..]),
            });
        let found: Vec<_> = found.collect();
        for candidate in &found {
            *shared.entry(candidate.around).or_insert(0) += 1;
        }
        candidates.push(found);
    }
    candidates
        .into_iter()
        .map(|found| {
            found.into_iter().max_by_key(|candidate| {
                let (before, after) = candidate.around;
                (
                    shared[&candidate.around],
                    usize::MAX - before.len() - after.len(),
                )
            })
        })
        .collect()
}

/// What each answer says beyond what all of them share, once its own name is taken out.
///
/// "Blue Bay is in Mythosia." and "Red Rock is in Lorehaven." say "Mythosia" and "Lorehaven". `None` for an answer
/// that does not hold its name. Letters that all of them begin or end with count as the template's, which takes
/// answers as different as the names of twenty continents.
pub(super) fn beyond_template(answers: &[(&str, &str)]) -> Vec<Option<String>> {
    let without: Vec<Option<String>> = answers
        .iter()
        .map(|(answer, name)| {
            answer
                .contains(name)
                .then(|| answer.replacen(name, "\0", 1))
        })
        .collect();
    let known: Vec<&str> = without.iter().flatten().map(String::as_str).collect();
    let (before, after) = (shared_start(&known), shared_end(&known));
    without
        .iter()
        .map(|answer| {
            let answer = answer.as_deref()?;
            // Where all answers are equal, start and end overlap, and nothing is left.
            let end = answer.len() - after.min(answer.len() - before);
            Some(answer[before..end].to_owned())
        })
        .collect()
}

/// The bytes that all texts begin with, to the last whole character.
fn shared_start(texts: &[&str]) -> usize {
    let Some((first, rest)) = texts.split_first() else {
        return 0;
    };
    let mut length = first.len();
    for text in rest {
        let same = first[..length].char_indices().zip(text.chars());
        let mut differs = same.skip_while(|((_, a), b)| a == b);
        length = match differs.next() {
            Some(((position, _), _)) => position,
            None => length.min(text.len()),
        };
    }
    length
}

/// The bytes that all texts end with, to the first whole character.
fn shared_end(texts: &[&str]) -> usize {
    let Some((first, rest)) = texts.split_first() else {
        return 0;
    };
    let mut length = first.len();
    for text in rest {
        let same = first.chars().rev().zip(text.chars().rev());
        let bytes = same.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8());
        length = length.min(bytes.sum());
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_at_the_name_that_fits_the_template() {
        // "Bay" is a name too, and so is "Where": neither is what the sentence is about.
        let names = AhoCorasick::new(["Blue Bay", "Red Rock", "Bay", "Where"]).unwrap();
        let sentences = [
            "Where is Blue Bay?",
            "Where is Red Rock?",
            "Where is Bay?",
            "No.",
        ];
        let parted = part(&names, &sentences);
        let found: Vec<_> = parted.iter().flatten().map(|it| it.name).collect();
        assert_eq!(found, [0, 1, 2]);
        assert_eq!(parted[0].as_ref().unwrap().around, ("Where is ", "?"));
        assert_eq!(parted[3], None);
    }

    #[test]
    fn what_answers_do_not_share_is_what_they_say() {
        let said = beyond_template(&[
            ("Blue Bay is in Mythosia.", "Blue Bay"),
            ("Red Rock is in Lorehaven.", "Red Rock"),
            ("Nothing.", "Old Oak"),
        ]);
        assert_eq!(
            said,
            [
                Some("Mythosia".to_owned()),
                Some("Lorehaven".to_owned()),
                None
            ]
        );
        let said = beyond_template(&[("星光属于岛洲。", "星光"), ("海湾属于星洲。", "海湾")]);
        assert_eq!(said, [Some("岛".to_owned()), Some("星".to_owned())]);
    }
}
