//! Whether a city's name gives the place that it lies in away: "Oklahoma City" in Oklahoma.

use clika_base::text::{parts_no_words, spells, without_accents};
use std::collections::{BTreeMap, BTreeSet};

/// Names of one language's divisions of one country, so that their common words can be ignored:
/// "voivodeship", "область", "州".
pub(crate) struct PlaceNames {
    common: BTreeSet<String>,
}

/// A word or piece that this many divisions of a country share names none of them.
const COMMON_FROM: usize = 3;

/// Shorter words ("San", "am", "Rio") say nothing.
const SHORTEST_WORD: usize = 4;

impl PlaceNames {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = BTreeMap::<String, usize>::new();
        for name in names {
            for piece in pieces(name) {
                *counts.entry(piece).or_default() += 1;
            }
        }
        Self {
            common: counts
                .into_iter()
                .filter_map(|(piece, count)| (count >= COMMON_FROM).then_some(piece))
                .collect(),
        }
    }

    /// Whether one name lies in the other where words are not parted, as in Thai and Khmer: "เลย" in "จังหวัดเลย".
    fn is_written_into(&self, city: &str, division: &str) -> bool {
        let is_name = |text: &str| {
            text.chars().nth(1).is_some()
                && text.chars().all(parts_no_words)
                && !self.common.contains(text)
        };
        is_name(city) && is_name(division) && (division.contains(city) || city.contains(division))
    }

    /// Whether somebody who reads the city's name can guess the division from the letters alone.
    pub(crate) fn gives_away(&self, city: &str, division: &str) -> bool {
        let (of_city, of_division) = (words(city), words(division));
        if is_within(&of_division, &of_city, &self.common)
            || is_within(&of_city, &of_division, &self.common)
            || self.is_written_into(&fold(city), &fold(division))
        {
            return true;
        }
        let city = pieces(city);
        let division: Vec<_> = pieces(division)
            .into_iter()
            .filter(|piece| !self.common.contains(piece))
            .collect();
        city.iter()
            .any(|a| division.iter().any(|b| same_name(a, b)))
    }
}

/// The words of a name, of any length.
fn words(name: &str) -> Vec<String> {
    let folded = fold(name);
    let words = folded.split(|c: char| !spells(c));
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether all words of one name, and not only those that many names have, are words of another.
fn is_within(name: &[String], other: &[String], common: &BTreeSet<String>) -> bool {
    name.iter().any(|word| !common.contains(word)) && name.iter().all(|word| other.contains(word))
}

/// What a name is compared by: words of four letters and more, without case and accents; for text
/// without spaces every run of two Han characters or Korean syllables, or of four
/// other characters.
fn pieces(name: &str) -> BTreeSet<String> {
    let mut pieces = BTreeSet::new();
    let folded = fold(name);
    for word in folded.split(|c: char| !spells(c)) {
        let letters: Vec<char> = word.chars().collect();
        for run in letters.chunk_by(|&a, &b| WordBoundaries::of(a) == WordBoundaries::of(b)) {
            let piece = match WordBoundaries::of(run[0]) {
                WordBoundaries::Pairs => 2,
                WordBoundaries::Fours => 4,
                WordBoundaries::Spaced => run.len().max(SHORTEST_WORD),
            };
            pieces.extend(
                run.windows(piece)
                    .map(|piece| piece.iter().collect::<String>()),
            );
        }
    }
    pieces
}

/// How a script parts its words.
#[derive(PartialEq)]
enum WordBoundaries {
    /// Two characters are a name: Han, and the syllables of Hangul.
    Pairs,
    /// Four characters are: kana, and scripts that part no words, such as Thai and Khmer.
    Fours,
    Spaced,
}

impl WordBoundaries {
    fn of(c: char) -> Self {
        match c {
            '\u{4E00}'..='\u{9FFF}' | '々' | '\u{AC00}'..='\u{D7A3}' => Self::Pairs,
            '\u{3040}'..='\u{30FF}' => Self::Fours,
            c if parts_no_words(c) => Self::Fours,
            _ => Self::Spaced,
        }
    }
}

/// Whether two words are forms of one name: one inside the other ("Kitaakita", "Akita"), or a
/// common beginning of four letters and three quarters of the shorter one ("Гродно",
/// "Гродненская").
fn same_name(a: &str, b: &str) -> bool {
    if a.contains(b) || b.contains(a) {
        return true;
    }
    let common = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let shorter = a.chars().count().min(b.chars().count());
    common >= SHORTEST_WORD && 4 * common >= 3 * shorter
}

/// Without case, and without the accents of Latin letters, so that "Québec" and "Quebec" are one.
fn fold(name: &str) -> String {
    // Russian writes ё and е for each other.
    without_accents(name).replace('ё', "е")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gives_away(others: &[&str], city: &str, division: &str) -> bool {
        let names = others.iter().copied().chain([division]);
        PlaceNames::new(names).gives_away(city, division)
    }

    #[test]
    fn finds_the_division_in_the_city() {
        let voivodeships = [
            "Greater Poland Voivodeship",
            "Łódź Voivodeship",
            "Silesian Voivodeship",
        ];
        let oblasts = ["Брестская область", "Минская область", "Витебская область"];
        let prefectures = ["青森県", "愛知県", "福井県"];
        for (others, city, division) in [
            (&[][..], "Oklahoma City", "Oklahoma"),
            (&[], "New York City", "New York"),
            (&voivodeships, "Lublin", "Lublin Voivodeship"),
            (&oblasts, "Гродно", "Гродненская область"),
            (&oblasts, "Брест", "Брестская область"),
            (&[], "Kitaakita", "Akita Prefecture"),
            (&prefectures, "北秋田市", "秋田県"),
            (&prefectures, "福島市", "福島県"),
            (&[], "Québec", "Quebec"),
            (&[], "Bremerhaven", "Bremen"),
            (&[], "เลย", "จังหวัดเลย"),
            (&[], "ตาก", "จังหวัดตาก"),
            (&[], "เทศบาลนครขอนแก่น", "จังหวัดขอนแก่น"),
            (&[], "ក្រុងកំពត", "ខេត្តកំពត"),
            (&[], "Van", "Van ili"),
            (&[], "قم", "استان قم"),
            (&[], "전주시", "전주도"),
            (&[], "Łódź", "Łódz"),
        ] {
            assert!(gives_away(others, city, division), "{city} / {division}");
        }
    }

    #[test]
    fn a_whole_name_gives_itself_away_at_any_length() {
        let generic = ["कखग प्रदेश", "चछज प्रदेश", "टठड प्रदेश"];
        for (others, city, division) in [
            (&[][..], "दिल्ली नगर", "दिल्ली"),
            (&[], "Bourg-en-Ain", "Ain"),
            (&[], "Nord", "Nord"),
        ] {
            assert!(gives_away(others, city, division), "{city} / {division}");
        }
        for (others, city, division) in [
            (&[][..], "Rio Verde", "Rio Claro"),
            (&generic, "प्रदेश नगर", "बिहार प्रदेश"),
        ] {
            assert!(!gives_away(others, city, division), "{city} / {division}");
        }
    }

    #[test]
    fn sees_no_relation_where_there_is_none() {
        let voivodeships = [
            "Greater Poland Voivodeship",
            "Łódź Voivodeship",
            "Silesian Voivodeship",
        ];
        let states = ["ニューヨーク州", "ニュージャージー州", "ニューメキシコ州"];
        let provinces = ["江西省", "广西壮族自治区", "内蒙古自治区", "宁夏回族自治区"];
        for (others, city, division) in [
            (&[][..], "San Jose", "California"),
            (&voivodeships, "Poznań", "Greater Poland Voivodeship"),
            (&states, "ニューオーリンズ", "ルイジアナ州"),
            (&provinces, "南昌市", "江西省"),
            (&[], "广州市", "广东省"),
            (
                &["New Jersey", "New Mexico", "New York"],
                "New Orleans",
                "New Hampshire",
            ),
            (&[], "ロンドン", "北アイルランド"),
            (&[], "ปาย", "จังหวัดแม่ฮ่องสอน"),
            (&[], "수원시", "경기도"),
            (&[], "Saint-Étienne", "Auvergne-Rhône-Alpes"),
        ] {
            assert!(!gives_away(others, city, division), "{city} / {division}");
        }
    }
}
