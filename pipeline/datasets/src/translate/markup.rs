//! A passage as one text with markup, and back.

use crate::translate::TranslationResult;
use roxmltree::Document;

/// The texts in elements of a name: `<t>one</t><t>two</t>`.
pub(crate) fn write(texts: &[String], element: &str) -> String {
    texts
        .iter()
        .map(|text| format!("<{element}>{}</{element}>", escape(text)))
        .collect()
}

/// The same as one XML document, for a service that parses strictly.
pub(crate) fn write_document(texts: &[String], element: &str) -> String {
    format!("<{ROOT}>{}</{ROOT}>", write(texts, element))
}

const ROOT: &str = "item";

/// The texts of `count` elements; anything else is a lost text.
pub(crate) fn read(marked: &str, element: &str, count: usize) -> TranslationResult {
    // HTML's named entities are no XML; services write the first three, and their numbers for the rest.
    let marked = escape_bare_ampersands(&marked.replace("&nbsp;", "\u{a0}"));
    let wrapped = format!("<all>{marked}</all>");
    let document = Document::parse(&wrapped)
        .map_err(|error| format!("the markup did not come back whole: {error}"))?;
    let all = document.root_element();
    let item = all
        .first_element_child()
        .filter(|child| child.has_tag_name(ROOT))
        .unwrap_or(all);
    let mut texts = Vec::new();
    for node in item.children() {
        let text: String = node
            .descendants()
            .filter_map(|inner| inner.is_text().then(|| inner.text()).flatten())
            .collect();
        if node.has_tag_name(element) {
            texts.push(text.trim().to_owned());
        } else if text.contains(char::is_alphanumeric) {
            // It belongs to one of the texts, but it is unknown to which.
            return Err(format!("`{}` came back outside the markup", text.trim()));
        }
    }
    if texts.len() == count {
        Ok(texts)
    } else {
        Err(format!("{} of {count} texts came back", texts.len()))
    }
}

/// LibreTranslate decodes the entities of what it answers, also between tags.
fn escape_bare_ampersands(marked: &str) -> String {
    let (before, rest) = marked.split_at(marked.find('&').unwrap_or(marked.len()));
    let mut escaped = before.to_owned();
    for part in rest.split('&').skip(1) {
        let is_entity = part.split_once(';').is_some_and(|(name, _)| {
            let name = name.strip_prefix('#').unwrap_or(name);
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
        });
        escaped += if is_entity { "&" } else { "&amp;" };
        escaped += part;
    }
    escaped
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_the_way_there_and_back() {
        let texts = ["a < b & c".to_owned(), "\"d\" 'e'".to_owned()];
        assert_eq!(read(&write(&texts, "t"), "t", 2), Ok(texts.to_vec()));
        // What services do to markup.
        let loose = "<t> a &lt; b &amp; c</t>\n <t>&quot;d&quot; &#39;e&#39;</t> ";
        assert_eq!(read(loose, "t", 2), Ok(texts.to_vec()));
    }

    #[test]
    fn a_document_and_decoded_entities_are_read() {
        let texts = ["AT&T & more; fine".to_owned(), "b".to_owned()];
        let document = write_document(&texts, "t");
        assert_eq!(
            document,
            "<item><t>AT&amp;T &amp; more; fine</t><t>b</t></item>"
        );
        assert_eq!(read(&document, "t", 2), Ok(texts.to_vec()));
        assert_eq!(
            read("<p>AT&T & more; fine</p>\n<p>b</p>", "p", 2),
            Ok(texts.to_vec())
        );
    }

    #[test]
    fn a_text_that_left_its_element_is_noticed() {
        assert_eq!(
            read("<t>a</t> und <t>b</t>.", "t", 2),
            Err("`und` came back outside the markup".to_owned())
        );
        assert_eq!(
            read("<item><t>a</t><u>und</u><t>b</t></item>", "t", 2),
            Err("`und` came back outside the markup".to_owned())
        );
        let punctuation = read("<t>a</t>. <t>b</t>", "t", 2);
        assert_eq!(punctuation, Ok(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_lost_text_is_noticed() {
        assert_eq!(
            read("<t>a</t>", "t", 2),
            Err("1 of 2 texts came back".to_owned())
        );
        assert!(read("<t>a</t><t>b", "t", 2).is_err());
    }
}
