//! Scores against numbers worked by hand.

use crate::answers::judged;
use clika_scores::metrics::*;

fn answers(letters: &str) -> Vec<Answer> {
    let judged = judged(letters, &"A".repeat(letters.len()));
    judged.iter().map(|item| item.answer).collect()
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("the score is defined");
    assert!(
        (found - expected).abs() < 1e-9,
        "{found} instead of {expected}"
    );
}

/// Seven items in English and in X:
///
/// | item    | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
/// |---------|---|---|---|---|---|---|---|
/// | right   | A | B | A | C | D | B | A |
/// | English | A | B | C | D | - | B | D |
/// | X       | A | B | A | D | D | - | C |
///
/// English is right in 1, 2, 6; X in 1, 2, 3, 5; both in 1, 2; one of them in 1, 2, 3, 5, 6.
fn two_languages() -> (Vec<JudgedAnswer>, Vec<JudgedAnswer>) {
    (judged("ABCD-BD", "ABACDBA"), judged("ABADD-C", "ABACDBA"))
}

#[test]
fn an_invalid_answer_is_wrong_and_counted() {
    // Right: A, B and the last D, 3 of 5; unreadable: 1 of 5.
    let judged = judged("ABC-D", "ABDAD");
    close(accuracy_share(&judged).value(), 0.6);
    close(invalid_share(&judged).value(), 0.2);
    assert_eq!(accuracy_share(&[]).value(), None);
    assert_eq!(invalid_share(&[]).value(), None);
}

#[test]
fn what_letters_alone_give_is_no_consistency() {
    let places = |english: &[JudgedAnswer], here: &[JudgedAnswer]| {
        let value = |share: Share| share.value();
        let places = (0..4).filter_map(|place| {
            Some(PlaceAccuracy {
                items: value(place_share(here, place))?,
                here: value(accuracy_at_share(here, place))?,
                english: value(accuracy_at_share(english, place))?,
            })
        });
        let en_co = en_co_share(PairedItems::new(english, here).unwrap()).value();
        en_co.and_then(|en_co| beyond_letters(en_co, places))
    };
    let (english, x) = two_languages();
    // Right in X of A 2 of 3, of B 1 of 2, of D 1 of 1; in English of A 1 of 3, of B 2 of 2, of D none: letters alone give
    // (2 · 1/3 + 1 · 1 + 1 · 0) / 4 = 5/12, and en-CO is 2/4: (1/2 − 5/12) / (1 − 5/12).
    close(places(&english, &x), 1.0 / 7.0);
    // All is A: en-CO is 1, and corrected for accuracy it is 1, too.
    let constant = judged("AAAAAAAA", "ABCDABCD");
    assert_eq!(places(&constant, &constant), None);
    let pair = PairedItems::new(&constant, &constant).unwrap();
    close(beyond_independence(pair), 1.0);
    // Without a preference it is the score that is corrected for accuracy alone. One letter: (1/2 − 3/4) / (1 − 3/4).
    let (english, x) = (judged("AAAB", "AAAA"), judged("BBAA", "AAAA"));
    close(places(&english, &x), -1.0);
    // Nothing is right in X.
    assert_eq!(places(&english, &judged("BBBB", "AAAA")), None);
}

#[test]
fn the_letter_that_is_answered_most_often() {
    assert_eq!(top_letter(answers("ABBC-")), Some((1, 2)));
    // Of equals the first, and an invalid answer is no letter.
    assert_eq!(top_letter(answers("CA---")), Some((0, 1)));
    assert_eq!(top_letter(answers("--")), None);
    assert_eq!(top_letter([]), None);
}

#[test]
fn two_invalid_answers_do_not_agree() {
    let (a, b) = (Answer::Choice(0), Answer::Choice(1));
    assert!(a.agrees_with(a) && !a.agrees_with(b));
    assert!(!Answer::Invalid.agrees_with(Answer::Invalid) && !a.agrees_with(Answer::Invalid));
}

#[test]
fn answers_are_written_as_words() {
    let json = serde_json::to_string(&judged("B-", "AA")).unwrap();
    assert_eq!(
        json,
        r#"[{"answer":{"choice":1},"right":0},{"answer":"invalid","right":0}]"#
    );
}

#[test]
fn rescaled_accuracy_is_floored_and_may_exceed_one() {
    // (.55 − .25) / (.97 − .25) = .30 / .72 = 5/12.
    close(rescaled_accuracy(0.55, 0.25, 0.97), 5.0 / 12.0);
    close(rescaled_accuracy(0.20, 0.25, 0.97), 0.0);
    // .73 / .72 = 73/72.
    close(rescaled_accuracy(0.98, 0.25, 0.97), 73.0 / 72.0);
    assert_eq!(rescaled_accuracy(0.55, 0.25, 0.25), None);
    assert_eq!(rescaled_accuracy(0.55, 0.25, 0.10), None);
}

#[test]
fn accuracy_above_chance_is_not_floored() {
    // (.55 − .25) / .75 = .4; (.10 − .25) / .75 = −.2.
    let rescaled = |accuracy, choices| chance_corrected(accuracy, chance(choices)?);
    close(rescaled(0.55, 4), 0.4);
    close(rescaled(0.10, 4), -0.2);
    assert_eq!(rescaled(1.0, 1), None);
    assert_eq!(rescaled(1.0, 0), None);
    assert_eq!(chance_corrected(0.5, 1.0), None);
}

/// en-CO on the scale from independent answers to perfect.
fn beyond_independence(languages: PairedItems<'_, JudgedAnswer>) -> Option<f64> {
    chance_corrected(
        en_co_share(languages).value()?,
        accuracy_share(languages.first()).value()?,
    )
}

#[test]
fn en_co_compares_letters_where_x_is_right() {
    let (english, x) = two_languages();
    let languages = PairedItems::new(&english, &x).unwrap();
    // n_X = 4 (items 1, 2, 3, 5); English says the same in 1 and 2. Item 4, equal and wrong, does not count.
    close(en_co_share(languages).value(), 0.5);
    // A_en = 3/7: (1/2 − 3/7) / (4/7) = (1/14) / (8/14) = 1/8.
    close(beyond_independence(languages), 0.125);
    // The other way round: of English's 3, X says the same in 2.
    close(en_co_share(languages.swapped()).value(), 2.0 / 3.0);
}

#[test]
fn en_co_is_undefined_without_right_answers_in_x() {
    let (english, x) = (judged("AB", "AB"), judged("B-", "AB"));
    let languages = PairedItems::new(&english, &x).unwrap();
    assert_eq!(en_co_share(languages).value(), None);
    assert_eq!(beyond_independence(languages), None);
    // Defined, 1/1, but with a perfect English nothing lies above independence.
    let languages = languages.swapped();
    assert_eq!(en_co_share(languages).value(), Some(0.0));
    let perfect = PairedItems::new(&english, &english).unwrap();
    assert_eq!(en_co_share(perfect).value(), Some(1.0));
    assert_eq!(beyond_independence(perfect), None);
}

#[test]
fn the_overlap_is_that_of_the_right_answers() {
    let (english, x) = two_languages();
    // 2 in both, 5 in one of them.
    close(
        correct_overlap_share(PairedItems::new(&english, &x).unwrap()).value(),
        0.4,
    );
    let wrong = judged("B-", "AA");
    assert_eq!(
        correct_overlap_share(PairedItems::new(&wrong, &wrong).unwrap()).value(),
        None
    );
}

#[test]
fn xrr_follows_the_source_language() {
    let (english, x) = two_languages();
    let languages = PairedItems::new(&english, &x).unwrap();
    // From English: 2 of 3. 2/3 − 1/4 = 5/12; (2/3 − 1/4) / (3/4) = 5/9.
    let ratio = retrieval_share(languages).value().unwrap();
    close(Some(xrr(ratio, 0.25)), 5.0 / 12.0);
    close(Some(xrr_unfloored(ratio, 0.25)), 5.0 / 12.0);
    close(chance_corrected(ratio, 0.25), 5.0 / 9.0);
    // From X: 2 of 4. 1/2 − 1/4 = 1/4; (1/2 − 1/4) / (3/4) = 1/3.
    let ratio = retrieval_share(languages.swapped()).value().unwrap();
    close(Some(xrr(ratio, 0.25)), 0.25);
    close(chance_corrected(ratio, 0.25), 1.0 / 3.0);
}

#[test]
fn only_the_papers_xrr_is_floored() {
    // 0 of 2: 0 − .05; −.05 / .95 = −1/19.
    let (english, x) = (judged("AB", "AB"), judged("BA", "AB"));
    let languages = PairedItems::new(&english, &x).unwrap();
    let ratio = retrieval_share(languages).value().unwrap();
    close(Some(xrr(ratio, 0.05)), 0.0);
    close(Some(xrr_unfloored(ratio, 0.05)), -0.05);
    close(chance_corrected(ratio, 0.05), -1.0 / 19.0);
    // Nothing right in the source language.
    assert_eq!(retrieval_share(languages.swapped()).value(), None);
}

#[test]
fn answers_of_unequal_number_are_no_pair() {
    let error = PairedItems::new(&[1, 2], &[1]).unwrap_err();
    assert_eq!(
        error,
        UnequalLength {
            first: 2,
            second: 1
        }
    );
    assert_eq!(
        error.to_string(),
        "parallel answers differ in number: 2 and 1"
    );
}

#[test]
fn rank_c_weighs_the_top() {
    // Ranked 0 1 2 and 1 0 2. P@1 = 0, P@2 = 2/2, P@3 = 3/3, with weights e², e, 1 over their sum:
    // (e + 1) / (e² + e + 1) = 3.718281828 / 11.107337927 = 0.334759…
    let swapped_top = PairedItems::new(&[3.0, 2.0, 1.0], &[2.0, 3.0, 1.0]).unwrap();
    let e = std::f64::consts::E;
    let expected = (e + 1.0) / (e * e + e + 1.0);
    assert!((expected - 0.334_759).abs() < 1e-6);
    close(rank_c(&[swapped_top]), expected);
    // Ranked 0 1 2 and 0 2 1: P@1 = 1, P@2 = 1/2, P@3 = 1: 1 − (e/2) / (e² + e + 1).
    let swapped_end = PairedItems::new(&[3.0, 2.0, 1.0], &[3.0, 1.0, 2.0]).unwrap();
    let expected_end = 1.0 - e / 2.0 / (e * e + e + 1.0);
    close(rank_c(&[swapped_end]), expected_end);
    close(
        rank_c(&[swapped_top, swapped_end]),
        (expected + expected_end) / 2.0,
    );
}

#[test]
fn rank_c_breaks_ties_by_candidate() {
    // Both are ranked 0 1, whatever the sign of zero.
    close(
        rank_c(&[PairedItems::new(&[1.0, 1.0], &[-0.0, 0.0]).unwrap()]),
        1.0,
    );
    // 0 1 and 1 0: P@1 = 0, P@2 = 1 with weight 1 / (e + 1) = 0.268941….
    let tied = rank_c(&[PairedItems::new(&[1.0, 1.0], &[0.0, 1.0]).unwrap()]);
    close(tied, 1.0 / (std::f64::consts::E + 1.0));
}

#[test]
fn rank_c_is_undefined_without_ranks() {
    let fine = PairedItems::new(&[1.0], &[f64::NEG_INFINITY]).unwrap();
    assert_eq!(rank_c(&[fine]), Some(1.0));
    assert_eq!(rank_c(&[]), None);
    assert_eq!(rank_c(&[fine, PairedItems::new(&[], &[]).unwrap()]), None);
    assert_eq!(
        rank_c(&[fine, PairedItems::new(&[1.0], &[f64::NAN]).unwrap()]),
        None
    );
}

#[test]
fn rank_c_survives_a_thousand_candidates() {
    // e^1000 has no f64.
    let scores: Vec<f64> = (0..1000).map(f64::from).collect();
    close(rank_c(&[PairedItems::new(&scores, &scores).unwrap()]), 1.0);
}

#[test]
fn ac3_is_the_harmonic_mean() {
    // 2 · .6 · .3 / .9 = .4.
    close(ac3(0.6, 0.3), 0.4);
    assert_eq!(ac3(0.6, 0.0), Some(0.0));
    assert_eq!(ac3(0.0, 0.0), None);
}

#[test]
fn consistency_averages_over_sets_of_languages() {
    // Items: A A A, A A B, A B C, - - A. Languages 1 and 2 agree in items 1, 2; 1 and 3 in 1; 2 and 3 in 1:
    // (2/4 + 1/4 + 1/4) / 3 = 1/3. All three agree in item 1: 1/4.
    let languages = [answers("AAA-"), answers("AAB-"), answers("ABCA")];
    close(consistency(&languages, 2).unwrap(), 1.0 / 3.0);
    close(consistency(&languages, 3).unwrap(), 0.25);
    assert_eq!(consistency(&languages, 1).unwrap(), None);
    assert_eq!(consistency(&languages, 4).unwrap(), None);
    assert_eq!(consistency(&[answers(""), answers("")], 2).unwrap(), None);
    assert_eq!(
        consistency(&[answers("AB"), answers("A")], 2),
        Err(UnequalLength {
            first: 2,
            second: 1
        })
    );
}

#[test]
fn the_gap_is_between_best_and_worst() {
    close(worst_language_gap(&[0.7, 0.9, 0.4]), 0.5);
    assert_eq!(worst_language_gap(&[0.7]), Some(0.0));
    assert_eq!(worst_language_gap(&[]), None);
}
