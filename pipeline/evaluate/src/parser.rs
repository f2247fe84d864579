//! Reads the chosen option out of what a model wrote. Doubt is `Answer::Invalid`, never a guess.

use crate::thought;
use clika_scores::metrics::Answer;
use unicode_normalization::UnicodeNormalization;

/// The option that a response chooses among `choices`.
///
/// Accepted are an option's letter, alone or with its text after it, plain, bracketed, bold, boxed, as JSON or
/// after an introduction such as "Answer:" in ten languages; full-width and circled letters; the letters that
/// Arabic, Hebrew, Russian, Japanese and Chinese count options with; and a choice's own text. Invalid are
/// letters beyond the choices, two different letters, a letter whose text is another choice's, words that
/// merely begin with a letter, and everything else.
pub fn parse(response: &str, choices: &[String]) -> Answer {
    // What a cut-off thought considers is not an answer.
    let Some(answer) = thought::after(response) else {
        return Answer::Invalid;
    };
    let text: String = answer.nfkc().collect();
    let text = text.trim();
    if let Some(choice) = json(text) {
        return claim(&choice, choices);
    }
    // Only the first line that says something: base models go on with more questions.
    let Some(line) = text
        .lines()
        .map(str::trim)
        .find(|line| !bare(line).is_empty())
    else {
        return Answer::Invalid;
    };
    let mut line = boxed(line).unwrap_or(line);
    // "Answer:" may stand alone, and the answer below it.
    if bare(without_introduction(line)).is_empty()
        && let Some(next) = text
            .lines()
            .map(str::trim)
            .filter(|line| !bare(line).is_empty())
            .nth(1)
    {
        line = next;
    }
    claim(line, choices)
}

/// What a line claims.
fn claim(line: &str, choices: &[String]) -> Answer {
    let line = line.trim();
    if let Some(choice) = choice_of_text(line, choices) {
        return choice;
    }
    let rest = bare(without_introduction(line));
    if let Some(choice) = choice_of_text(rest, choices) {
        return choice;
    }
    let Some(letter) = letter(rest, choices.len()) else {
        return Answer::Invalid;
    };
    let said = bare(letter.rest);
    match (letter.positions.as_slice(), choice_of_text(said, choices)) {
        // The text decides between two readings of a letter, and contradicts a wrong one.
        (positions, Some(Answer::Choice(choice))) if positions.contains(&choice.into()) => {
            Answer::Choice(choice)
        }
        (&[position], None)
            if !letter.may_be_word && !names_another(said, position, choices.len()) =>
        {
            u8::try_from(position).map_or(Answer::Invalid, Answer::Choice)
        }
        _ => Answer::Invalid,
    }
}

/// The value of `{"answer": "B"}`, in code fences or not.
fn json(text: &str) -> Option<String> {
    let start = text.find('{')?;
    let end = text.rfind('}')?;
    let before = text[..start].trim();
    if !(before.is_empty() || before.starts_with("```")) {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(text.get(start..=end)?).ok()?;
    Some(value["answer"].as_str()?.to_owned())
}

/// The content of LaTeX's `\boxed{B}`.
fn boxed(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("\\boxed{")?;
    let (inner, _) = rest.split_once('}')?;
    Some(inner.trim_start_matches("\\text{"))
}

/// Signs around an answer.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || (c.is_ascii_punctuation() && c != '{')
            || "。、،؛：「」『』“”«»„·*`״׳".contains(c)
    })
}

/// What stands before an answer, in the ten languages; compared without case.
const INTRODUCTIONS: &[&str] = &[
    // English
    "the correct answer is option",
    "the correct answer is",
    "the correct option is",
    "the correct choice is",
    "the right answer is",
    "the best answer is",
    "the answer is option",
    "the answer is",
    "correct answer",
    "final answer",
    "my answer is",
    "answer is",
    "answer",
    "option",
    "choice",
    "i choose",
    "i would choose",
    // German
    "die richtige antwort ist",
    "die richtige antwort lautet",
    "die antwort ist",
    "die antwort lautet",
    "richtige antwort",
    "antwort",
    // French
    "la bonne réponse est la",
    "la bonne réponse est",
    "la réponse correcte est",
    "la réponse est la",
    "la réponse est",
    "réponse",
    // Italian
    "la risposta corretta è la",
    "la risposta corretta è",
    "la risposta giusta è",
    "la risposta è la",
    "la risposta è",
    "risposta",
    "opzione",
    // Polish
    "prawidłowa odpowiedź to",
    "poprawna odpowiedź to",
    "odpowiedź to",
    "odpowiedź",
    // Russian
    "правильный ответ",
    "верный ответ",
    "ответ",
    "вариант",
    // Arabic
    "الإجابة الصحيحة هي",
    "الجواب الصحيح هو",
    "الإجابة هي",
    "الإجابة",
    "الجواب هو",
    "الجواب",
    "الخيار",
    // Hebrew
    "התשובה הנכונה היא",
    "התשובה היא",
    "התשובה",
    "תשובה",
    "אפשרות",
    // Japanese
    "正しい答えは",
    "正解は",
    "答えは",
    "回答は",
    "正解",
    "答え",
    "回答",
    "選択肢",
    // Chinese
    "正确答案是选项",
    "正确答案是",
    "正确答案为",
    "正确答案",
    "答案是",
    "答案为",
    "答案",
    "选项",
    "选",
];

/// The line after its introduction; the line itself where it has none.
fn without_introduction(line: &str) -> &str {
    let line = bare(line);
    let mut longest = 0;
    for introduction in INTRODUCTIONS {
        let mut end = 0;
        let mut expected = introduction.chars();
        let mut left = expected.next();
        for (at, c) in line.char_indices() {
            match left {
                Some(wanted) if c.to_lowercase().eq(wanted.to_lowercase()) => {
                    left = expected.next();
                    end = at + c.len_utf8();
                }
                Some(_) | None => break,
            }
        }
        // "Options" does not introduce an answer; scripts without spaces need none.
        let next = line[end..].chars().next();
        let ends = !introduction.is_ascii()
            && introduction
                .chars()
                .all(|c| !c.is_alphabetic() || c > '\u{2e7f}')
            || next.is_none_or(|c| !c.is_alphanumeric());
        if left.is_none() && ends {
            longest = longest.max(end);
        }
    }
    &line[longest..]
}

/// A letter at the beginning of a text.
struct LeadingLetter<'a> {
    /// The positions that it may mean.
    positions: Vec<usize>,
    /// What follows it.
    rest: &'a str,
    /// Whether it may be a word: "A cat", "e poi", "В комнате". Then only a choice's text after it counts.
    may_be_word: bool,
}

fn letter(text: &str, choices: usize) -> Option<LeadingLetter<'_>> {
    let first = text.chars().next()?;
    // The fifth Arabic letter is often written with a lengthening sign.
    let rest = text[first.len_utf8()..].trim_start_matches('ـ');
    // A word that begins with a letter is not a letter: "Because", "I'm".
    // Japanese and Chinese write on without a space: "Bです".
    let goes_on = |c: char| c.is_alphanumeric() && !(first.is_ascii() && c > '\u{2e7f}');
    if rest.starts_with(|c: char| goes_on(c) || "'’".contains(c)) {
        return None;
    }
    let mut positions = readings(first);
    positions.retain(|&position| position < choices);
    if positions.is_empty() {
        return None;
    }
    let word_follows = rest.starts_with(' ') && rest.trim_start().starts_with(char::is_alphabetic);
    let clear = first.is_ascii_uppercase() && first != 'A' && first != 'I';
    Some(LeadingLetter {
        positions,
        rest,
        may_be_word: word_follows && !clear,
    })
}

/// The positions that a letter may stand for.
fn readings(letter: char) -> Vec<usize> {
    let position = |alphabet: &str| alphabet.chars().position(|c| c == letter);
    let latin = letter.to_ascii_uppercase();
    if latin.is_ascii_uppercase() {
        return vec![usize::from(latin as u8 - b'A')];
    }
    let found = [
        // Cyrillic letters that look like Latin ones: the options are shown as A to E.
        ("А", 0),
        ("а", 0),
        ("С", 2),
        ("с", 2),
        ("Е", 4),
        ("е", 4),
        // Others of the Cyrillic alphabet.
        ("Б", 1),
        ("б", 1),
        ("Г", 3),
        ("г", 3),
        ("Д", 4),
        ("д", 4),
    ]
    .into_iter()
    .find(|(text, _)| text.starts_with(letter));
    if let Some((_, position)) = found {
        return vec![position];
    }
    // В looks like B and is the third letter.
    if letter == 'В' || letter == 'в' {
        return vec![1, 2];
    }
    ["أبجده", "ابجده", "אבגדה", "アイウエオ", "甲乙丙丁戊"]
        .into_iter()
        .filter_map(position)
        .take(1)
        .collect()
}

/// Whether a text names another option's letter: "B or C".
fn names_another(text: &str, position: usize, choices: usize) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() == 1 && *word != "a" && *word != "I" && *word != "A")
        .filter(|word| word.chars().all(char::is_uppercase))
        .flat_map(str::chars)
        .flat_map(readings)
        .any(|other| other != position && other < choices)
}

/// The choice whose text this is, without case, spaces and signs; `Invalid` where two have it.
fn choice_of_text(text: &str, choices: &[String]) -> Option<Answer> {
    let said = folded(text);
    if said.is_empty() {
        return None;
    }
    let mut found = choices
        .iter()
        .enumerate()
        .filter(|(_, choice)| folded(choice) == said);
    let (position, _) = found.next()?;
    Some(match found.next() {
        Some(_) => Answer::Invalid,
        None => u8::try_from(position).map_or(Answer::Invalid, Answer::Choice),
    })
}

fn folded(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}
