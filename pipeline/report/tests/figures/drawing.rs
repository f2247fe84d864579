//! Reads a drawing and checks what holds for every figure.

use roxmltree::{Document, Node};

/// A text of a drawing with the box that it fills, estimated.
#[derive(Debug)]
pub struct Label {
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// Checks a drawing, and gives it to `look`.
///
/// Checked: well-formed; role, title and description; ids unique and with the prefix; no script, style sheet, style
/// attribute, event or reference to outside; no text outside of the drawing or on another text.
pub fn read<T>(svg: &str, look: impl FnOnce(&Document) -> T) -> T {
    let document = Document::parse(svg).expect("the drawing is well-formed");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("role"), Some("img"));
    assert!(root.attribute("width").is_none() && root.attribute("height").is_none());
    let named: Vec<&str> = root
        .attribute("aria-labelledby")
        .unwrap()
        .split(' ')
        .collect();
    let mut ids: Vec<&str> = root
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    assert!(named.iter().all(|id| ids.contains(id)));
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with("test-")), "{ids:?}");
    for node in root.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        assert!(
            !["script", "style", "foreignObject", "image", "use", "a"].contains(&name),
            "{name}"
        );
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(
                name != "style" && name != "href" && !name.starts_with("on"),
                "{name}"
            );
            assert!(
                !value.contains("NaN") && !value.contains("inf"),
                "{name}={value}"
            );
            assert!(
                !value.contains("url(") || value.starts_with("url(#test-"),
                "{value}"
            );
        }
    }
    let labels = labels(&document);
    let (width, height) = size(&document);
    for label in &labels {
        assert!(
            label.left >= -0.5
                && label.right <= width + 0.5
                && label.top >= -0.5
                && label.bottom <= height + 0.5,
            "outside of {width} × {height}: {label:?}"
        );
    }
    for (index, one) in labels.iter().enumerate() {
        for other in &labels[index + 1..] {
            let apart = one.right <= other.left + 0.5
                || other.right <= one.left + 0.5
                || one.bottom <= other.top + 0.5
                || other.bottom <= one.top + 0.5;
            assert!(
                apart,
                "{} overlaps {}: {one:?}, {other:?}",
                one.text, other.text
            );
        }
    }
    look(&document)
}

/// The width and the height of a drawing.
pub fn size(document: &Document) -> (f64, f64) {
    let view: Vec<f64> = document
        .root_element()
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(view[..2], [0.0, 0.0]);
    (view[2], view[3])
}

/// What is drawn as text, without isolates and white space between lines.
pub fn texts(document: &Document) -> Vec<String> {
    elements(document, "text").map(content).collect()
}

/// All text of an element, without isolates.
fn content(node: Node) -> String {
    node.descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .map(|text| {
            text.trim_matches('\n')
                .replace(['\u{2068}', '\u{2069}'], "")
        })
        .collect()
}

/// How often a text is drawn: as a whole, not as a part of another.
pub fn count(document: &Document, text: &str) -> usize {
    texts(document)
        .iter()
        .filter(|drawn| *drawn == text)
        .count()
}

/// All elements of a name.
pub fn elements<'a>(document: &'a Document, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document
        .root_element()
        .descendants()
        .filter(move |node| node.has_tag_name(("http://www.w3.org/2000/svg", name)))
}

/// All elements with a class.
pub fn classed<'a>(document: &'a Document, class: &'a str) -> Vec<Node<'a, 'a>> {
    document
        .root_element()
        .descendants()
        .filter(|node| has_class(node, class))
        .collect()
}

/// The elements with a class inside of another.
pub fn inside<'a>(node: Node<'a, 'a>, class: &str) -> Vec<Node<'a, 'a>> {
    node.descendants()
        .filter(|node| has_class(node, class))
        .collect()
}

fn has_class(node: &Node, class: &str) -> bool {
    node.attribute("class")
        .is_some_and(|classes| classes.split(' ').any(|name| name == class))
}

/// An attribute as a number.
pub fn number(node: Node, name: &str) -> f64 {
    node.attribute(name)
        .unwrap_or_else(|| panic!("{node:?} has no {name}"))
        .parse()
        .unwrap()
}

/// The element that draws a text.
pub fn drawn<'a>(document: &'a Document, text: &str) -> Node<'a, 'a> {
    elements(document, "text")
        .find(|node| content(*node) == text)
        .unwrap_or_else(|| panic!("{text} is not drawn: {:?}", texts(document)))
}

fn labels(document: &Document) -> Vec<Label> {
    let mut labels = Vec::new();
    for node in elements(document, "text").filter(|node| node.attribute("transform").is_none()) {
        let size = number(node, "font-size");
        let mut add = |line: Node| {
            let text = content(line);
            let width: f64 = text.chars().map(|character| em(character) * size).sum();
            let (x, baseline) = (number(line, "x"), number(line, "y"));
            let left = match node.attribute("text-anchor") {
                None => x,
                Some("middle") => x - width / 2.0,
                Some("end") => x - width,
                Some(other) => panic!("{other}"),
            };
            labels.push(Label {
                text,
                left,
                right: left + width,
                top: baseline - 0.75 * size,
                bottom: baseline + 0.2 * size,
            });
        };
        let spans: Vec<Node> = node
            .children()
            .filter(|child| child.has_tag_name("tspan"))
            .collect();
        if spans.is_empty() {
            add(node);
        }
        for span in spans {
            add(span);
        }
    }
    labels
}

/// Widths of Arial, rounded, on its own: not those that the figures are laid out with.
fn em(character: char) -> f64 {
    match character {
        'i' | 'l' | 'j' | '\'' | '|' => 0.22,
        ' ' | '.' | ',' | ':' | ';' | 'I' | 't' | 'f' | '/' | '!' => 0.28,
        'm' | 'w' | 'M' | 'W' | '@' => 0.85,
        'A'..='Z' => 0.68,
        ' '..='~' => 0.56,
        '\u{2E80}'..='\u{FF60}' => 1.0,
        '\u{0300}'..='\u{036F}' | '\u{200B}'..='\u{200F}' | '\u{0E34}'..='\u{0E3A}' => 0.0,
        _ => 0.55,
    }
}
