//! The frame of a drawing and the elements that all figures use.

use super::Caption;
use super::text::{self, FONT_FAMILY};
use svg::node::element::Element;
use svg::node::{Blob, Node, Text, Value};

/// The width of a drawing in its own units. Text of [`SIZE`] is 16 pixels high on 640 pixels, and 10 on 390.
pub(super) const WIDTH: f64 = 520.0;
/// The height of text.
pub(super) const SIZE: f64 = 13.0;
/// The height of text that is less important.
pub(super) const SMALL: f64 = 12.0;
/// The distance of two lines of text.
pub(super) const LINE: f64 = 15.0;

/// The colour of text.
pub(super) const INK: &str = "#222222";
/// The colour of text that is less important: 5.7 to 1 against white.
pub(super) const GREY: &str = "#666666";
/// The colour of grid lines.
pub(super) const PALE: &str = "#dddddd";

/// What is drawn so far.
pub(super) struct Canvas {
    root: Element,
}

impl Canvas {
    /// An empty drawing.
    pub(super) fn new() -> Self {
        Self {
            root: Element::new("g"),
        }
    }

    /// Draws an element above all earlier ones.
    pub(super) fn add(&mut self, element: Element) {
        self.root.append(element);
    }

    /// The drawing as text, on a white ground of this size.
    pub(super) fn finish(mut self, caption: &Caption, width: f64, height: f64) -> String {
        let prefix = identifier(&caption.prefix);
        let title = format!("{prefix}-title");
        let description = format!("{prefix}-description");
        let mut svg = element(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg".into()),
                (
                    "viewBox",
                    format!("0 0 {} {}", px(width), px(height)).into(),
                ),
                ("role", "img".into()),
                ("aria-labelledby", format!("{title} {description}").into()),
            ],
        );
        svg.append(described("title", &title, &caption.title));
        svg.append(described("desc", &description, &caption.description));
        svg.append(element(
            "rect",
            [
                ("class", "ground".into()),
                ("width", px(width)),
                ("height", px(height)),
                ("fill", "#ffffff".into()),
            ],
        ));
        self.root.assign("font-family", FONT_FAMILY);
        self.root.assign("fill", INK);
        svg.append(self.root);
        svg.to_string()
    }
}

/// Letters, digits, `-` and `_` of a prefix; it begins with a letter.
pub(super) fn identifier(prefix: &str) -> String {
    let mut identifier: String = prefix
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => character,
            _ => '-',
        })
        .collect();
    if !identifier.starts_with(|first: char| first.is_ascii_alphabetic()) {
        identifier.insert_str(0, "figure-");
    }
    identifier
}

fn described(name: &str, id: &str, content: &str) -> Element {
    let mut element = element(name, [("id", id.into())]);
    element.append(Text::new(text::clean(content)));
    element
}

/// An element with attributes.
pub(super) fn element<const N: usize>(name: &str, attributes: [(&str, Value); N]) -> Element {
    let mut element = Element::new(name);
    for (name, value) in attributes {
        element.assign(name, value);
    }
    element
}

/// A group of a class.
pub(super) fn group(class: &str) -> Element {
    element("g", [("class", class.into())])
}

/// A coordinate to a hundredth, never a negative zero: the same text on every machine.
pub(super) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// A coordinate as the value of an attribute.
pub(super) fn px(value: f64) -> Value {
    round(value).into()
}

/// A straight line.
pub(super) fn straight(
    class: &str,
    (x1, y1): (f64, f64),
    (x2, y2): (f64, f64),
    stroke: &str,
    stroke_width: f64,
) -> Element {
    element(
        "line",
        [
            ("class", class.into()),
            ("x1", px(x1)),
            ("y1", px(y1)),
            ("x2", px(x2)),
            ("y2", px(y2)),
            ("stroke", stroke.into()),
            ("stroke-width", px(stroke_width)),
        ],
    )
}

/// Where the point of a text is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is drawn.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) fill: &'static str,
    pub(super) anchor: Anchor,
    pub(super) bold: bool,
    /// With a line through it.
    pub(super) struck: bool,
    /// With a white edge, where it lies on lines.
    pub(super) halo: bool,
}

impl TextStyle {
    /// A label.
    pub(super) const LABEL: Self = Self {
        size: SIZE,
        fill: INK,
        anchor: Anchor::Start,
        bold: false,
        struck: false,
        halo: false,
    };
    /// A number of an axis, or a remark.
    pub(super) const QUIET: Self = Self {
        size: SMALL,
        fill: GREY,
        ..Self::LABEL
    };

    /// The same at another anchor.
    pub(super) const fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

/// A text of one line whose middle height is `y`. The content must be clean.
pub(super) fn text(x: f64, y: f64, content: &str, style: &TextStyle) -> Element {
    let mut element = styled(x, y, style);
    element.append(Text::new(text::line(content)));
    element
}

/// A text of several lines around the middle height `y`. The lines must be clean.
pub(super) fn text_lines(x: f64, y: f64, lines: &[String], style: &TextStyle) -> Element {
    if let [only] = lines {
        return text(x, y, only, style);
    }
    let mut element = styled(x, y, style);
    let first = y - (lines.len() as f64 - 1.0) / 2.0 * LINE;
    let spans: String = lines
        .iter()
        .enumerate()
        .map(|(index, content)| {
            let baseline = first + index as f64 * LINE + 0.35 * style.size;
            let mut span = self::element("tspan", [("x", px(x)), ("y", px(baseline))]);
            span.append(Text::new(text::line(content)));
            span.to_string()
        })
        .collect();
    // White space between the spans would be drawn.
    element.append(Blob::new(spans));
    element
}

fn styled(x: f64, y: f64, style: &TextStyle) -> Element {
    let mut element = element(
        "text",
        [
            ("x", px(x)),
            // Half of the height of a capital letter under the middle.
            ("y", px(y + 0.35 * style.size)),
            ("font-size", px(style.size)),
            ("fill", style.fill.into()),
        ],
    );
    match style.anchor {
        Anchor::Start => {}
        Anchor::Middle => element.assign("text-anchor", "middle"),
        Anchor::End => element.assign("text-anchor", "end"),
    }
    if style.bold {
        element.assign("font-weight", "bold");
    }
    if style.struck {
        element.assign("text-decoration", "line-through");
    }
    if style.halo {
        element.assign("stroke", "#ffffff");
        element.assign("stroke-width", "3");
        element.assign("stroke-linejoin", "round");
        element.assign("paint-order", "stroke");
    }
    element
}

/// Clean remarks under a figure, each in lines of the given width, from the height `top` on; and the height under them.
pub(super) fn remarks(
    canvas: &mut Canvas,
    remarks: &[String],
    x: f64,
    top: f64,
    width: f64,
) -> f64 {
    let mut y = top;
    for remark in remarks {
        let lines = text::broken(remark, SMALL, width);
        let height = lines.len() as f64 * LINE;
        canvas.add(text_lines(x, y + height / 2.0, &lines, &TextStyle::QUIET));
        y += height + 2.0;
    }
    y
}
