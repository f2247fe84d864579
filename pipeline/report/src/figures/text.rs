//! Text in a drawing: which characters may stand in it, how wide it is, and how it is broken into lines.

/// The font families, with ones for scripts that the first ones lack.
pub(super) const FONT_FAMILY: &str = "system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, Noto Sans, Liberation Sans, \
     Noto Sans CJK SC, Noto Sans CJK JP, PingFang SC, Hiragino Sans, Microsoft YaHei, Yu Gothic, \
     Noto Sans Arabic, Noto Naskh Arabic, Noto Sans Hebrew, Noto Sans Thai, Noto Sans Devanagari, sans-serif";

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// The text without what XML 1.0 forbids or what would reorder its surroundings.
///
/// Line ends and tabs become spaces. Control characters, noncharacters and the nine characters that embed, override or
/// isolate a direction are dropped; marks of direction and joiners stay.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
            '\u{FDD0}'..='\u{FDEF}' => None,
            character if character.is_control() => None,
            character if u32::from(character) & 0xFFFE == 0xFFFE => None,
            character => Some(character),
        })
        .collect()
}

/// The cleaned text between isolates: what stands beside it keeps its place, whatever the direction of the text is.
pub(super) fn isolated(text: &str) -> String {
    format!(
        "{FIRST_STRONG_ISOLATE}{}{POP_DIRECTIONAL_ISOLATE}",
        clean(text)
    )
}

/// Whether a character is written from right to left.
fn right_to_left(character: char) -> bool {
    matches!(character,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// A line as it is drawn: between isolates where a part of it is written from right to left, unless the line has
/// isolates already.
pub(super) fn line(text: &str) -> String {
    if text.chars().any(right_to_left) && !text.contains(FIRST_STRONG_ISOLATE) {
        format!("{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}")
    } else {
        text.to_string()
    }
}

/// How wide a text is, estimated with the widths of DejaVu Sans, which is wider than most fonts of screens.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

/// The width of a character in em.
fn em(character: char) -> f64 {
    match character {
        // Marks on the letter before, joiners, directions, variation selectors.
        '\u{0300}'..='\u{036F}'
        | '\u{0591}'..='\u{05BD}'
        | '\u{064B}'..='\u{065F}'
        | '\u{093C}'
        | '\u{0941}'..='\u{0948}'
        | '\u{094D}'
        | '\u{0E31}'
        | '\u{0E34}'..='\u{0E3A}'
        | '\u{0E47}'..='\u{0E4E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' => 0.0,
        'i' | 'l' | 'j' | 'I' | '\'' | '|' | '.' | ',' | ':' | ';' | ' ' | '!' => 0.34,
        't' | 'f' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' | '"' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        '&' => 0.78,
        '+' | '<' | '>' | '=' | '~' | '−' => 0.84,
        'A'..='Z' => 0.72,
        ' '..='~' => 0.62,
        // Chinese, Japanese, Korean, full-width forms, pictures.
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{1F000}'..='\u{3FFFF}' => 1.0,
        // One character of Arabic may be long.
        '\u{0600}'..='\u{06FF}' => 0.66,
        _ => 0.66,
    }
}

/// The cleaned text in lines no wider than `widest` where it can be broken, and broken inside of words where not.
///
/// The lines together are the text. An empty text is one empty line.
pub(super) fn lines(text: &str, size: f64, widest: f64) -> Vec<String> {
    broken(&clean(text), size, widest)
}

/// The same of a text that is clean and may have isolates.
pub(super) fn broken(text: &str, size: f64, widest: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let last = lines.last_mut().expect("there is always a line");
        if width(last, size) + width(word.trim_end(), size) <= widest {
            last.push_str(word);
        } else if width(word.trim_end(), size) <= widest {
            lines.push(word.to_string());
        } else {
            for character in word.chars() {
                let last = lines.last_mut().expect("there is always a line");
                if em(character) > 0.0
                    && !last.is_empty()
                    && width(last, size) + em(character) * size > widest
                {
                    lines.push(character.to_string());
                } else {
                    last.push(character);
                }
            }
        }
    }
    if lines.len() > 1 && lines[0].is_empty() {
        lines.remove(0);
    }
    lines
}

/// The parts of a text after which a line may end: after spaces, and after the marks that names of models are made of.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '/', '-', '_', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_dropped() {
        assert_eq!(
            clean("a\u{0}b\u{8}c\u{1B}d\u{85}e\u{FFFE}f\u{1FFFF}g"),
            "abcdefg"
        );
        assert_eq!(clean("a\tb\nc\u{2028}d"), "a b c d");
    }

    #[test]
    fn directions_that_reach_outside_are_dropped_and_marks_stay() {
        assert_eq!(
            clean("a\u{202E}b\u{2069}c\u{2066}d\u{200F}e\u{200D}f"),
            "abcd\u{200F}e\u{200D}f"
        );
        assert_eq!(isolated("עב\u{2069}"), "\u{2068}עב\u{2069}");
    }

    /// Advance widths of DejaVu Sans 2.37 in 1/2048 em, read from the font's tables `cmap` and `hmtx`.
    #[test]
    fn widths_are_about_those_of_the_font() {
        for (text, advance) in DEJAVU {
            let font = f64::from(advance) / 2048.0 * 13.0;
            let ours = width(text, 13.0);
            assert!(
                ours >= 0.97 * font && ours <= 1.25 * font,
                "{text}: estimated {ours:.1}, in the font {font:.1}"
            );
        }
    }

    const DEJAVU: [(&str, u32); 12] = [
        ("bloom_7b", 9997),
        ("demo (letters)", 14661),
        ("Kiswahili", 8914),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", 35486),
        ("Deutsch", 8429),
        ("русский", 8663),
        ("עברית", 5426),
        ("gate failed", 10943),
        ("0.25", 4560),
        ("WWWWMMMM", 15168),
        ("illicit", 4774),
        ("GPT-4 (2023-03-14), 5-shot", 28031),
    ];

    #[test]
    fn lines_together_are_the_text() {
        let name = "organization/a-very-long-name-of-a-model-with-a-suffix-Q4_K_M.gguf";
        let broken = lines(name, 13.0, 150.0);
        assert!(broken.len() > 2);
        assert_eq!(broken.concat(), name);
        for line in &broken {
            assert!(width(line.trim_end(), 13.0) <= 150.0, "{line}");
        }
        assert_eq!(lines("", 13.0, 150.0), [""]);
        assert_eq!(lines("日本語日本語", 10.0, 30.0), ["日本語", "日本語"]);
    }
}
