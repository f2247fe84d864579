//! Texts in another variant of their script: traditional characters for simplified ones and the reverse, and letters
//! of Arabic script that the language does not have, such as Arabic ي for Persian ی.

use crate::{
    BackgroundFacts, ChoiceItem, ChoiceSet, Finding, Severity,
    knowledge::likely_script,
    tally::{Counted, Defect, Tallies, findings},
    text::shortened,
};
use clika_base::types::LanguageCode;
use encoding_rs::{BIG5, GBK};
use icu_locale::{
    LanguageIdentifier,
    exemplar_chars::{ExemplarCharacters, ExemplarCharactersBorrowed},
};
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// The share of texts from which on they are more than slips.
const MANY: f64 = 0.05;

/// Foreign letters that a text may have: in a name that is spelled as its own language does.
const FEW: usize = 1;

/// One of so many letters may be foreign.
const ONE_OF: usize = 30;

pub(super) fn check(set: &ChoiceSet, knowledge: &BackgroundFacts) -> Vec<Finding> {
    let (mut chinese, mut arabic) = (Tallies::default(), Tallies::default());
    let mut unknown = Tallies::default();
    for (code, items) in &set.languages {
        let script = knowledge.script(code);
        let script = script.or_else(|| likely_script(code.as_str()));
        match script.as_deref() {
            Some("Hans") => count(&mut chinese, code, items, |text| {
                let (simplified, traditional) = han_variants(text);
                traditional > simplified
            }),
            Some("Hant") => count(&mut chinese, code, items, |text| {
                let (simplified, traditional) = han_variants(text);
                simplified > traditional
            }),
            Some("Arab") => {
                let alphabet = Alphabet::of(code);
                let why = alphabet.is_none().then_some("CLDR does not know it");
                unknown.see(code, "language", why);
                if let Some(alphabet) = alphabet {
                    count(&mut arabic, code, items, |text| alphabet.is_foreign(text));
                }
            }
            Some(_) | None => {}
        }
    }
    findings(&set.name, table(chinese, arabic, unknown), |total, what| {
        format!("{} of {} {what}.", total.count, total.of)
    })
}

/// Counts questions and lists of choices.
fn count(
    tallies: &mut Tallies,
    language: &LanguageCode,
    items: &[ChoiceItem],
    is_wrong: impl Fn(&str) -> bool,
) {
    for item in items {
        for text in [&item.text, &item.choices.join(" / ")] {
            let shown = is_wrong(text).then(|| shortened(text));
            tallies.see(language, &item.id, shown);
        }
    }
}

fn table(chinese: Tallies, arabic: Tallies, unknown: Tallies) -> [Counted; 3] {
    let severity = match chinese.worst_share() {
        Some(share) if share > MANY => Severity::Error,
        Some(_) | None => Severity::Warning,
    };
    let chinese_defect = Defect {
        check: "text-in-other-variant",
        severity,
        effect: "the item asks in another script: accuracy and en-CO of the language",
    };
    let arabic_defect = Defect {
        check: "letters-of-another-language",
        severity: Severity::Warning,
        effect: "words are spelled as nobody writes them: accuracy of the language",
    };
    [
        (
            chinese,
            chinese_defect,
            "questions and lists of choices are in traditional characters for simplified ones, or the reverse",
        ),
        (
            arabic,
            arabic_defect,
            "questions and lists of choices have letters of Arabic script that the language does not have",
        ),
        (
            unknown,
            Defect {
                check: "letters-not-checked",
                severity: Severity::Note,
                effect: "letters of another language stay unseen",
            },
            "languages in Arabic script have no known alphabet, so that their letters are not checked",
        ),
    ]
}

/// Characters of a text that are simplified only, and characters that are traditional only: those of one of China's
/// and Taiwan's national sets that the other lacks.
fn han_variants(text: &str) -> (usize, usize) {
    let (mut simplified, mut traditional) = (0, 0);
    for c in text.chars().filter(|c| c.script() == Script::Han) {
        match (is_in_gb2312(c), is_in_big5(c)) {
            (true, false) => simplified += 1,
            (false, true) => traditional += 1,
            (true, true) | (false, false) => {}
        }
    }
    (simplified, traditional)
}

/// GB 2312 is the part of GBK whose two bytes are both at least A1.
fn is_in_gb2312(c: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, has_unknown) = GBK.encode(c.encode_utf8(&mut buffer));
    !has_unknown && bytes.len() == 2 && bytes.iter().all(|&byte| byte >= 0xA1)
}

fn is_in_big5(c: char) -> bool {
    let mut buffer = [0; 4];
    let (_, _, has_unknown) = BIG5.encode(c.encode_utf8(&mut buffer));
    !has_unknown
}

type Letters = ExemplarCharactersBorrowed<'static>;

/// The letters of a language, by Unicode's CLDR.
struct Alphabet(Letters);

impl Alphabet {
    /// `None` where CLDR does not know the language, or not in this script.
    fn of(code: &LanguageCode) -> Option<Self> {
        let code: LanguageIdentifier = code.as_str().parse().ok()?;
        let base = LanguageIdentifier::from((code.language, None, None));
        let of = |code: &LanguageIdentifier| ExemplarCharacters::try_new_main(&code.into()).ok();
        let is_arabic = |letters: &Letters| letters.contains('ا');
        of(&code)
            .filter(is_arabic)
            .or_else(|| of(&base).filter(is_arabic))
            .map(Self)
    }

    /// Whether a letter is Arabic's or Persian's and not the language's. A letter that another one is composed of, such as ئ, may
    /// be any language's.
    fn is_foreign_letter(&self, c: char) -> bool {
        let is_composed = std::iter::once(c).nfd().nth(1).is_some();
        let of = |code: &str| ExemplarCharacters::try_new_main(&code.parse().ok()?).ok();
        let is_known = |code| of(code).is_some_and(|letters| letters.contains(c));
        !is_composed && !self.0.contains(c) && (is_known("ar") || is_known("fa"))
    }

    /// Whether a text has more foreign letters than a foreign name would.
    fn is_foreign(&self, text: &str) -> bool {
        let is_letter = |c: &char| c.is_alphabetic() && c.script() == Script::Arabic;
        let (mut all, mut foreign) = (0, 0);
        for c in text.chars().filter(is_letter) {
            all += 1;
            foreign += usize::from(self.is_foreign_letter(c));
        }
        foreign > FEW && foreign * ONE_OF > all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_one_variant_only() {
        // 里 is 裡 and 里, 后 is 後 and 后: they tell nothing.
        assert_eq!(han_variants("国书们"), (3, 0));
        assert_eq!(han_variants("國書們"), (0, 3));
        assert_eq!(han_variants("人山水里后"), (0, 0));
        assert_eq!(han_variants("DVD 3"), (0, 0));
    }
}
