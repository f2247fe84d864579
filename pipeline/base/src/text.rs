//! How texts are compared: one reading for evaluation, free answers, the audit and the checks of translations.
//!
//! The properties of characters are Unicode's, from ICU4X. What differs by language is in [`TextRules`].

use icu_casemap::CaseMapper;
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer,
    DecomposingNormalizerBorrowed,
};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed,
    props::{GeneralCategory, GeneralCategoryGroup, LineBreak, Script},
};

/// What a language's own rules change in a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRules {
    /// Whether the capital of `i` is `İ` and that of `ı` is `I`, as in Turkish and Azerbaijani.
    pub turkic: bool,
    /// Whether accents may be left out, as in Greek capitals.
    pub greek: bool,
    /// Whether marks above and below letters may be left out, such as the points of Hebrew and the vowel signs of
    /// Arabic. Marks that make another letter, such as hamza on alef, are part of it and stay.
    pub optional_marks: bool,
}

impl TextRules {
    /// What the code of a language says about it (`tr`, `az-latn`); its file may say more.
    pub fn of_code(code: &str) -> Self {
        let primary = code.split_once('-').map_or(code, |(primary, _)| primary);
        Self {
            turkic: ["tr", "az"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(primary)),
            optional_marks: false,
            greek: primary.eq_ignore_ascii_case("el"),
        }
    }
}

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();
const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();
const LINE_BREAKS: CodePointMapDataBorrowed<'static, LineBreak> =
    CodePointMapData::<LineBreak>::new();

/// A text in composed form: what one would type, however it was typed.
pub fn composed(text: &str) -> String {
    NFC.normalize(text).into_owned()
}

/// A text in the form for reading: composed, and full-width, circled and other compatibility forms as plain ones.
pub fn plain(text: &str) -> String {
    NFKC.normalize(text).into_owned()
}

/// A text without case, in plain form, with decimal digits of every script as ASCII's.
///
/// Two texts that differ in case alone give the same one: full case folding, so that `ß` is `ss` and both
/// small sigmas are one.
pub fn without_case(text: &str, rules: TextRules) -> String {
    let mapper = CaseMapper::new();
    // Folding can undo composition, so that the form is restored after it.
    let composed = NFKC.normalize(text);
    let folded = if rules.turkic {
        mapper.fold_turkic_string(&composed)
    } else {
        mapper.fold_string(&composed)
    };
    let folded = if rules.greek {
        let plain = NFD.normalize(&folded).replace('\u{301}', "");
        NFKC.normalize(&plain).into_owned()
    } else {
        NFKC.normalize(&folded).into_owned()
    };
    folded
        .chars()
        .map(|c| digit(c).map_or(c, |digit| char::from(b'0' + digit)))
        .collect()
}

/// A text without case and without the accents of Latin letters: `Québec` is `quebec`. Marks of other scripts stay.
pub fn without_accents(text: &str) -> String {
    let mut plain = String::new();
    let mut is_latin = false;
    for c in NFD
        .normalize(&without_case(text, TextRules::default()))
        .chars()
    {
        if CATEGORIES.get(c) != GeneralCategory::NonspacingMark {
            is_latin = SCRIPTS.get(c) == Script::Latin;
        } else if is_latin {
            continue;
        }
        plain.push(c);
    }
    composed(&plain)
}

/// Letters, digits and the marks that spell words, without case: what tells two answers apart.
///
/// Spaces, punctuation and characters without width do not count, nor do marks that the language may leave out.
pub fn folded(text: &str, rules: TextRules) -> String {
    let mut folded = without_case(text, rules);
    folded.retain(|c| {
        // The slash of ½, or it would read as 12.
        c == '\u{2044}'
            || spells(c)
                && !JOINERS.contains(&c)
                && !(rules.optional_marks && CATEGORIES.get(c) == GeneralCategory::NonspacingMark)
    });
    folded
}

/// Letters by category that only fill or join: the lengthening sign of Arabic, and the apostrophes of Ukrainian and Uzbek,
/// for which many type ASCII's.
const JOINERS: [char; 3] = ['\u{640}', '\u{2bb}', '\u{2bc}'];

/// Whether a character is part of a word: a letter, a number, or a mark that spells, such as Thai tone marks and
/// the virama of Devanagari.
pub fn spells(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let category = CATEGORIES.get(c);
    GeneralCategoryGroup::Letter.contains(category)
        || GeneralCategoryGroup::Number.contains(category)
        || GeneralCategoryGroup::Mark.contains(category)
}

/// Whether a character is of a script that parts no words and breaks lines by a dictionary: Thai, Lao, Khmer, Burmese.
pub fn parts_no_words(c: char) -> bool {
    LINE_BREAKS.get(c) == LineBreak::ComplexContext
}

/// Whether a character is a mark that belongs to the letter before it: an accent, a vowel sign, a tone mark.
pub fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CATEGORIES.get(c))
}

/// The value of a decimal digit of any script.
pub fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
    }
    if CATEGORIES.get(c) != GeneralCategory::DecimalNumber {
        return None;
    }
    // Unicode encodes decimal digits in runs of ten, from zero on (Unicode Standard, 4.6).
    let before = (0..u32::from(c))
        .rev()
        .map_while(char::from_u32)
        .take_while(|&c| CATEGORIES.get(c) == GeneralCategory::DecimalNumber)
        .count();
    u8::try_from(before % 10).ok()
}

/// The only number in a text: the run of digits, if there is one such run.
pub fn only_number(folded: &str) -> Option<&str> {
    let mut runs = folded
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty());
    let run = runs.next()?;
    runs.next().is_none().then_some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str, rules: TextRules) -> bool {
        folded(a, rules) == folded(b, rules)
    }

    /// Pairs from Unicode's CaseFolding.txt and from the languages' own spelling.
    #[test]
    fn texts_that_read_the_same() {
        let none = TextRules::default();
        for (a, b) in [
            ("Κόρινθος", "ΚΌΡΙΝΘΟΣ"),
            ("Straße", "STRASSE"),
            ("ﬁn", "FIN"),
            ("Đồi", "Đo\u{302}\u{300}i"),
            ("１９２６", "1926"),
            ("۱۹۲۶", "1926"),
            ("१९२६", "1926"),
            ("١٩٣١", "1931"),
            ("𝟗", "9"),
            ("می\u{200c}رود", "میرود"),
            ("New York!", "new york"),
            ("İstanbul", "i\u{307}stanbul"),
            ("м\u{2bc}ята", "м'ята"),
            ("محـمد", "محمد"),
        ] {
            assert!(same(a, b, none), "{a} {b}: {}", folded(a, none));
        }
    }

    #[test]
    fn texts_that_differ() {
        let none = TextRules::default();
        for (a, b) in [
            ("เสือ", "เสื้อ"),
            ("เสื้อ", "เสื่อ"),
            ("कल", "कल्"),
            ("ज", "ज\u{93c}"),
            ("ISPARTA", "ısparta"),
            ("כהן", "כֹּהֵן"),
            ("co-op 1", "coop 2"),
            ("½", "12"),
            ("Αθήνα", "ΑΘΗΝΑ"),
        ] {
            assert!(!same(a, b, none), "{a} {b}: {}", folded(a, none));
        }
    }

    #[test]
    fn rules_of_a_language() {
        let turkish = TextRules {
            turkic: true,
            ..TextRules::default()
        };
        assert!(same("ISPARTA", "ısparta", turkish));
        assert!(same("İZMİR", "izmir", turkish));
        assert!(!same("ISPARTA", "isparta", turkish));
        let greek = TextRules::of_code("el");
        assert!(same("Αθήνα", "ΑΘΗΝΑ", greek));
        assert!(!same("Αϊ", "Αι", greek));
        let marks = TextRules {
            optional_marks: true,
            ..TextRules::default()
        };
        assert!(same("כהן", "כֹּהֵן", marks));
        // A letter composed with a point, U+FB31.
        assert!(same("בית", "\u{fb31}ית", marks));
        assert!(same("محمد", "مُحَمَّد", marks));
        // Hamza makes another letter, composed or not.
        assert!(!same("اسم", "أسم", marks));
        assert!(same("أسم", "\u{627}\u{654}سم", marks));
    }

    #[test]
    fn accents_are_those_of_latin_letters() {
        for (text, plain) in [
            ("Québec", "quebec"),
            ("Đồng Nai", "đong nai"),
            ("Йошкар-Ола", "йошкар-ола"),
            ("กำแพงเพชร", "กําแพงเพชร"),
            ("ज़िला", "ज\u{93c}िला"),
        ] {
            assert_eq!(without_accents(text), plain);
        }
    }

    #[test]
    fn digits_by_value() {
        for (c, value) in [
            ('0', Some(0)),
            ('9', Some(9)),
            ('٣', Some(3)),
            ('۹', Some(9)),
            ('๐', Some(0)),
            ('९', Some(9)),
            ('𝟗', Some(9)),
            ('𞥙', Some(9)),
            ('a', None),
            ('一', None),
            ('½', None),
            ('²', None),
        ] {
            assert_eq!(digit(c), value, "{c}");
        }
    }

    #[test]
    fn a_number_that_is_the_only_one() {
        assert_eq!(only_number("ค.ศ.1931"), Some("1931"));
        assert_eq!(only_number("44bc"), Some("44"));
        assert_eq!(only_number("from 1 to 2"), None);
        assert_eq!(only_number("none"), None);
    }
}
