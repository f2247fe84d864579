//! What models that reason write before their answer.

/// How a thought begins and ends, model family by model family: DeepSeek R1 and Qwen3, and those that follow them;
/// Mistral's Magistral; Kimi; Seed-OSS; gpt-oss.
const MARKS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
];

/// The mark of the thought that a text, or the first token of one, begins with.
pub(crate) fn beginning(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(|space: char| space.is_whitespace() || space == '▁');
    MARKS.into_iter().map(|(begin, _)| begin).find(|begin| {
        // A vocabulary without the mark writes it in pieces.
        text.starts_with(begin) || text.chars().count() > 2 && begin.starts_with(text)
    })
}

/// All marks of thoughts, of beginnings and ends.
pub(crate) fn marks() -> impl Iterator<Item = &'static str> {
    MARKS.into_iter().flat_map(|(begin, end)| [begin, end])
}

/// Whether an answer was cut off before its thought ended.
pub fn is_cut_off(answer: &str) -> bool {
    after(answer).is_none()
}

/// What comes after the thought; `None` where a thought was cut off before it ended.
pub(crate) fn after(text: &str) -> Option<&str> {
    // The template may have begun the thought, so that only its end is here.
    let ends = MARKS.into_iter().filter_map(|(_, end)| {
        let at = text.rfind(end)?;
        Some(at + end.len())
    });
    match ends.max() {
        Some(at) => Some(&text[at..]),
        None if beginning(text).is_some() => None,
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{after, beginning};

    #[test]
    fn thoughts_are_known_by_their_marks() {
        for (text, expected) in [
            ("<think>\nB is far.\n</think>\n\nA", Some("\n\nA")),
            ("B is far.</think>A", Some("A")),
            ("[THINK]B?[/THINK]A", Some("A")),
            (
                "<|channel|>analysis<|message|>B?<|end|><|start|>assistant<|channel|>final<|message|>A",
                Some("A"),
            ),
            ("A", Some("A")),
            ("<think>\nThe answer is A", None),
            ("◁think▷A", None),
        ] {
            assert_eq!(after(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_token_of_a_thought_is_enough() {
        for (token, expected) in [
            ("<think>", Some("<think>")),
            ("<th", Some("<think>")),
            ("▁[THINK]", Some("[THINK]")),
            ("<", None),
            (" A", None),
            ("The", None),
        ] {
            assert_eq!(beginning(token), expected, "{token}");
        }
    }
}
