//! A passage as one text with markup, and back.

use crate::Texts;
use roxmltree::Document;

/// The texts in elements of a name: `<t>one</t><t>two</t>`.
pub(crate) fn write(texts: &[String], element: &str) -> String {
    texts
        .iter()
        .map(|text| format!("<{element}>{}</{element}>", escape(text)))
        .collect()
}

/// The texts of `count` elements; anything else is a lost text.
pub(crate) fn read(marked: &str, element: &str, count: usize) -> Texts {
    // HTML's named entities are no XML; services write the first three, and their numbers for the rest.
    let marked = marked.replace("&nbsp;", "\u{a0}");
    let wrapped = format!("<all>{marked}</all>");
    let document = Document::parse(&wrapped)
        .map_err(|error| format!("the markup did not come back whole: {error}"))?;
    let texts: Vec<String> = document
        .root_element()
        .children()
        .filter(|node| node.has_tag_name(element))
        .map(|node| {
            let inner = node.descendants().filter_map(|inner| {
                let own = inner.is_text();
                own.then(|| inner.text()).flatten()
            });
            inner.collect::<String>().trim().to_owned()
        })
        .collect();
    if texts.len() == count {
        Ok(texts)
    } else {
        Err(format!("{} of {count} texts came back", texts.len()))
    }
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
    fn a_lost_text_is_noticed() {
        assert_eq!(
            read("<t>a</t>", "t", 2),
            Err("1 of 2 texts came back".to_owned())
        );
        assert!(read("<t>a</t><t>b", "t", 2).is_err());
    }
}
