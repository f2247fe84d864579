//! Reads the chosen option out of what a model wrote. Doubt is `Answer::Invalid`, never a guess.

use crate::thought;
use clika_base::text::{self, TextRules, spells};
use clika_base::types::Language;
use clika_scores::metrics::Answer;
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed,
    props::{GeneralCategory, GeneralCategoryGroup},
};

/// Reads answers to questions in one language.
///
/// Introductions ("Antwort:"), letters of options beside A to E and rules of spelling are the language's, from its
/// file; English introductions are read in every language.
#[derive(Clone, Debug)]
pub struct AnswerReader {
    /// Without case; English ones by English's rules, since capital I is another letter in Turkish.
    introductions: Vec<(TextRules, String)>,
    alphabets: Vec<Vec<char>>,
    rules: TextRules,
}

impl AnswerReader {
    /// The reader of `language`, which may be unknown; `english` has the introductions that models use everywhere.
    pub fn new(language: Option<&Language>, english: Option<&Language>) -> Self {
        let rules = language.map(Language::text_rules).unwrap_or_default();
        let files = [(rules, language), (TextRules::default(), english)];
        Self {
            introductions: files
                .iter()
                .flat_map(|(rules, file)| {
                    let texts = file.iter().flat_map(|it| &it.answers.introductions);
                    texts.map(|text| (*rules, text::without_case(text, *rules)))
                })
                .collect(),
            alphabets: language
                .into_iter()
                .flat_map(|file| &file.answers.letters)
                .map(|alphabet| text::plain(alphabet).chars().collect())
                .collect(),
            rules,
        }
    }

    /// The option that a response chooses among `choices`.
    ///
    /// Accepted are an option's letter, alone or with its text after it, plain, bracketed, bold, boxed, as JSON or
    /// after an introduction such as "Answer:"; full-width and circled letters; the letters that the language counts
    /// options with; a choice's own text; and its number alone, if every choice has one and it cannot be an option's
    /// position. A few words and a colon introduce a letter in any language. Invalid are letters beyond the choices, two different letters, a letter
    /// whose text is another choice's, words that merely begin with a letter, and everything else.
    pub fn read(&self, response: &str, choices: &[String]) -> Answer {
        // What a cut-off thought considers is not an answer.
        let Some(answer) = thought::after(response) else {
            return Answer::Invalid;
        };
        let mut text = text::plain(answer);
        // Marks of direction and spaces without width; joiners spell.
        text.retain(|c| {
            CATEGORIES.get(c) != GeneralCategory::Format || "\u{200c}\u{200d}".contains(c)
        });
        let text = text.trim();
        let choices = Choices::new(choices, self.rules);
        if let Some(choice) = json(text) {
            return self.claim(&choice, &choices);
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
        // "Answer:" may stand alone, and the answer below it; after words that nobody listed, only the answer: "Options:"
        // begins a list.
        let before_colon = bare_end(line).strip_suffix(COLONS);
        let is_listed = bare(self.without_introduction(line)).is_empty();
        let mut below = text
            .lines()
            .map(str::trim)
            .filter(|line| !bare(line).is_empty())
            .skip(1);
        if let Some(next) = below.next()
            && (is_listed || before_colon.is_some_and(may_introduce) && below.next().is_none())
        {
            line = next;
        }
        self.claim(line, &choices)
    }

    /// What a line claims.
    fn claim(&self, line: &str, choices: &Choices) -> Answer {
        let line = line.trim();
        if let Some(choice) = choices.of_text(line) {
            return choice;
        }
        // "ข้อ" introduces a letter, and begins words: a shorter introduction may lead to a choice where the longest does not.
        let after = self.after_introductions(line);
        let mut texts = after.iter().filter_map(|rest| choices.of_text(rest));
        if let Some(choice) = texts.next() {
            return choice;
        }
        let rest = bare(self.without_introduction(line));
        let Some(letter) = self.letter(rest, choices.count()) else {
            return self.after_colon(line, choices);
        };
        let said = bare(letter.rest);
        match (letter.positions.as_slice(), choices.of_text(said)) {
            // The text decides between two readings of a letter, and contradicts a wrong one.
            (positions, Some(Answer::Choice(choice))) if positions.contains(&choice.into()) => {
                Answer::Choice(choice)
            }
            (&[position], None)
                if !letter.may_be_word && !self.names_another(said, position, choices.count()) =>
            {
                at(position)
            }
            _ => Answer::Invalid,
        }
    }

    /// The letter that follows a few words and a colon, alone or with its text: an introduction in a language that nobody listed.
    fn after_colon(&self, line: &str, choices: &Choices) -> Answer {
        let Some((before, after)) = bare(line).split_once(COLONS) else {
            return Answer::Invalid;
        };
        if !may_introduce(before) {
            return Answer::Invalid;
        }
        let Some(letter) = self.letter(bare(after), choices.count()) else {
            return Answer::Invalid;
        };
        let said = bare(letter.rest);
        match letter.positions.as_slice() {
            &[position]
                if said.is_empty()
                    || choices.of_text(said).is_some_and(|it| it == at(position)) =>
            {
                at(position)
            }
            _ => Answer::Invalid,
        }
    }

    /// The line after its longest introduction; the line itself where it has none.
    fn without_introduction<'a>(&self, line: &'a str) -> &'a str {
        let after = self.after_introductions(line);
        after.first().copied().unwrap_or(bare(line))
    }

    /// What follows each introduction that the line begins with, the longest one first.
    fn after_introductions<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let line = bare(line);
        // The text without case, and where each of its beginnings ends in the line.
        let folded = |rules: TextRules| {
            let (mut folded, mut ends) = (String::new(), Vec::new());
            for (start, c) in line.char_indices().take(LONGEST_INTRODUCTION) {
                folded.push_str(&text::without_case(
                    &line[start..start + c.len_utf8()],
                    rules,
                ));
                ends.push((folded.len(), start + c.len_utf8()));
            }
            (folded, ends)
        };
        let own = folded(self.rules);
        let other = (self.rules != TextRules::default()).then(|| folded(TextRules::default()));
        let mut after = Vec::new();
        for (rules, introduction) in &self.introductions {
            let (folded, ends) = match &other {
                Some(other) if *rules != self.rules => other,
                Some(_) | None => &own,
            };
            let end = ends.iter().find(|(length, _)| {
                *length == introduction.len() && folded.starts_with(introduction)
            });
            let Some(&(_, end)) = end else { continue };
            let next = line[end..].chars().next();
            // "Options" does not introduce an answer; scripts without spaces need none.
            let ends = introduction.chars().next_back().is_some_and(is_unspaced)
                || next.is_none_or(|c| !spells(c));
            if ends {
                after.push(&line[end..]);
            }
        }
        after.sort_by_key(|rest| rest.len());
        after
    }

    fn letter<'a>(&self, text: &'a str, choices: usize) -> Option<LeadingLetter<'a>> {
        let first = text.chars().next()?;
        // The fifth Arabic letter is often written with a lengthening sign.
        let rest = text[first.len_utf8()..].trim_start_matches('ـ');
        // A word that begins with a letter is not a letter: "Because", "I'm". Scripts without spaces write on: "Bです".
        let goes_on = |c: char| spells(c) && !(first.is_ascii() && is_unspaced(c));
        if rest.starts_with(|c: char| goes_on(c) || "'’".contains(c)) {
            return None;
        }
        let mut positions = self.readings(first);
        positions.retain(|&position| position < choices);
        if positions.is_empty() {
            return None;
        }
        let word_follows = rest.starts_with(' ')
            && rest
                .trim_start()
                .starts_with(|c: char| spells(c) && !c.is_numeric());
        let clear = first.is_ascii_uppercase() && first != 'A' && first != 'I';
        Some(LeadingLetter {
            positions,
            rest,
            may_be_word: word_follows && !clear,
        })
    }

    /// The positions that a letter may stand for: two where it has two readings, as В, which looks like B and is the third.
    fn readings(&self, letter: char) -> Vec<usize> {
        let latin = letter.to_ascii_uppercase();
        if latin.is_ascii_uppercase() {
            return vec![usize::from(latin as u8 - b'A')];
        }
        let same = |c: char| c == letter || c.to_lowercase().eq(letter.to_lowercase());
        let alphabets = self.alphabets.iter();
        let mut positions: Vec<_> = alphabets
            .filter_map(|alphabet| alphabet.iter().position(|&c| same(c)))
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Whether a text names another option's letter: "B or C", "Б, В". A letter before a word is one: "В комнате".
    fn names_another(&self, text: &str, position: usize, choices: usize) -> bool {
        let mut before = None;
        for (at, c) in text.char_indices() {
            let starts = before.is_none_or(|before| !spells(before));
            before = Some(c);
            if !starts {
                continue;
            }
            let rest = text[at + c.len_utf8()..].trim_start_matches('ـ');
            if rest.starts_with(spells) {
                continue;
            }
            let is_letter = if c.is_ascii() {
                c.is_ascii_uppercase() && c != 'A' && c != 'I'
            } else {
                !c.is_lowercase() && !rest.trim_start().starts_with(spells)
            };
            let mut readings = self.readings(c).into_iter();
            if is_letter && readings.any(|other| other != position && other < choices) {
                return true;
            }
        }
        false
    }
}

/// Colons of several scripts; that of full width is plain by then.
const COLONS: [char; 5] = [':', '՝', '፦', '፡', '៖'];

/// Whether words before a colon may introduce an answer: three at most, none of them a letter.
fn may_introduce(before: &str) -> bool {
    let words: Vec<_> = before.split_whitespace().collect();
    let is_word = |word: &&str| {
        word.chars().all(spells) && (word.chars().nth(1).is_some() || word.chars().all(is_unspaced))
    };
    !words.is_empty() && words.len() <= 3 && words.iter().all(is_word)
}

/// Characters of a line in which an introduction is looked for.
const LONGEST_INTRODUCTION: usize = 64;

fn at(position: usize) -> Answer {
    u8::try_from(position).map_or(Answer::Invalid, Answer::Choice)
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

/// A line without the signs of emphasis around it.
fn bare_end(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "*_`#".contains(c))
}

/// Whether a text begins with a number that a sign changes: "-44", "~1926".
fn is_signed(text: &str) -> bool {
    let Some(start) = text.find(spells) else {
        return false;
    };
    text[start..].starts_with(char::is_numeric)
        && text[..start].ends_with(['-', '−', '–', '~', '≈', '<', '>', '+', '±'])
}

/// Signs around an answer.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || (c.is_ascii_punctuation() && c != '{')
            || (!c.is_ascii() && GeneralCategoryGroup::Punctuation.contains(CATEGORIES.get(c)))
    })
}

const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();

/// Whether a character's script writes on without a space: Chinese, Japanese, Korean particles, and those whose lines
/// are broken by dictionary, such as Thai and Khmer.
fn is_unspaced(c: char) -> bool {
    c > '\u{2e7f}' || text::parts_no_words(c)
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

/// The choices of a question, without case, spaces and signs.
struct Choices {
    folded: Vec<String>,
    /// The number in each choice, if every choice has exactly one.
    numbers: Option<Vec<String>>,
    rules: TextRules,
}

impl Choices {
    fn new(choices: &[String], rules: TextRules) -> Self {
        let folded: Vec<_> = choices
            .iter()
            .map(|choice| text::folded(choice, rules))
            .collect();
        let number = |choice: &String| {
            // Before spaces are gone: "1 2" are two.
            let plain = text::without_case(choice, rules);
            text::only_number(&plain).map(str::to_owned)
        };
        Self {
            folded,
            numbers: choices.iter().map(number).collect(),
            rules,
        }
    }

    fn count(&self) -> usize {
        self.folded.len()
    }

    /// The choice whose text or number this is; `Invalid` where two have it.
    fn of_text(&self, text: &str) -> Option<Answer> {
        let said = text::folded(text, self.rules);
        if said.is_empty() {
            return None;
        }
        let of = |texts: &[String]| {
            let mut found = texts.iter().enumerate().filter(|(_, it)| **it == said);
            let (position, _) = found.next()?;
            Some(match found.next() {
                Some(_) => Answer::Invalid,
                None => at(position),
            })
        };
        of(&self.folded).or_else(|| {
            // The word for an era stands in the choices, and a model may leave it out.
            let numbers = self.numbers.as_deref()?;
            if bare(text).contains(char::is_whitespace) {
                return None;
            }
            // A sign makes another number: "-44", "~1926".
            if is_signed(text) {
                return None;
            }
            // "2" may be the second option.
            let positions = 1..=self.count();
            if said.parse().is_ok_and(|number| positions.contains(&number)) {
                return None;
            }
            of(numbers)
        })
    }
}
