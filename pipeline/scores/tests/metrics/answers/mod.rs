//! Answers written as letters: `A` is the first option, `-` no readable answer.

use clika_scores::metrics::{Answer, JudgedAnswer};

/// Answers next to the right ones, one letter each.
pub fn judged(answers: &str, right: &str) -> Vec<JudgedAnswer> {
    assert_eq!(answers.len(), right.len());
    answers
        .bytes()
        .zip(right.bytes())
        .map(|(given, right)| JudgedAnswer {
            answer: answer(given),
            right: right - b'A',
        })
        .collect()
}

fn answer(letter: u8) -> Answer {
    match letter {
        b'-' => Answer::Invalid,
        letter => Answer::Choice(letter - b'A'),
    }
}
