//! A radar chart: a model's scores in every language, an axis for each.

use super::canvas::{
    Anchor, Canvas, GREY, LINE, PALE, SMALL, TextStyle, WIDTH, element, group, px, remarks, round,
    straight, text, text_lines,
};
use super::labels::Area;
use super::legend::{Sample, legend};
use super::marks::{Fill, mark};
use super::palette::{colour, dash, shape};
use super::text::{clean, isolated, lines, width};
use super::{Caption, Language, finite};
use std::f64::consts::TAU;
use svg::node::Node;
use svg::node::element::Element;

/// The length of an axis, from 0 in the centre to 1 at the rim.
const RADIUS: f64 = 150.0;
/// The distance of the languages' names from the centre.
const NAMES: f64 = RADIUS + 17.0;
/// The distance of the families' arcs from the centre.
const ARC: f64 = RADIUS + 8.0;
/// The widest line of a name.
const WIDEST: f64 = 150.0;
/// From this number of models on, lines are thin.
const MANY: usize = 9;

/// Scores of models in languages.
#[derive(Clone, Debug, PartialEq)]
pub struct Radar {
    /// The title and the description.
    pub caption: Caption,
    /// The axes, clockwise from the top.
    pub families: Vec<Family>,
    /// One line each.
    pub models: Vec<RadarModel>,
}

/// Related languages, which have neighbouring axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// For example "Semitic".
    pub name: String,
    /// In the order of the axes.
    pub languages: Vec<Language>,
}

/// A model's scores.
#[derive(Clone, Debug, PartialEq)]
pub struct RadarModel {
    /// The name for the legend.
    pub name: String,
    /// One value per language in the order of the axes, 0 to 1; `None` is a gap. Values outside are drawn at the
    /// centre or at the rim, with a ring. What is missing at the end is `None`.
    pub values: Vec<Option<f64>>,
}

/// An axis: its place in the circle.
#[derive(Clone, Copy)]
struct Direction {
    x: f64,
    y: f64,
}

impl Direction {
    /// The direction of a place in the order of `count` axes; places between two axes have fractions.
    fn of(place: f64, count: usize) -> Self {
        let angle = TAU * (place / count as f64 - 0.25);
        Self {
            x: angle.cos(),
            y: angle.sin(),
        }
    }

    fn at(self, (x, y): (f64, f64), distance: f64) -> (f64, f64) {
        (x + distance * self.x, y + distance * self.y)
    }

    /// How a text that begins here is anchored, so that it grows away from the centre.
    fn anchor(self) -> Anchor {
        if self.x > 0.3 {
            Anchor::Start
        } else if self.x < -0.3 {
            Anchor::End
        } else {
            Anchor::Middle
        }
    }
}

/// A name at the rim, in lines.
struct Name {
    lines: Vec<String>,
    x: f64,
    y: f64,
    anchor: Anchor,
    area: Area,
}

impl Name {
    fn new(lines: Vec<String>, size: f64, direction: Direction, point: (f64, f64)) -> Self {
        let width = lines
            .iter()
            .map(|line| width(line, size))
            .fold(0.0, f64::max);
        let height = lines.len() as f64 * LINE;
        let (x, y) = point;
        let anchor = direction.anchor();
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        // Above the point at the top, beside it at the sides, below it at the bottom.
        let y = y + direction.y * height / 2.0;
        Self {
            lines,
            x,
            y,
            anchor,
            area: Area {
                left,
                top: y - height / 2.0,
                width,
                height,
            },
        }
    }
}

/// Draws a radar chart.
pub fn radar(data: &Radar) -> String {
    let languages: Vec<&Language> = data
        .families
        .iter()
        .flat_map(|family| &family.languages)
        .collect();
    let count = languages.len();
    let names = language_names(&languages);
    let families = family_names(&data.families, &names, count);
    // The drawing is as large as its names need, with the centre in the middle of its width.
    let all = || names.iter().chain(&families);
    let side = all()
        .map(|name| (-name.area.left).max(name.area.left + name.area.width))
        .fold(WIDTH / 2.0, |side, reach| side.max(reach + 6.0));
    let top = all().map(|name| -name.area.top).fold(RADIUS, f64::max) + 6.0;
    let bottom = all()
        .map(|name| name.area.top + name.area.height)
        .fold(RADIUS, f64::max);
    let centre = (side, top);
    let mut canvas = Canvas::new();
    frame(&mut canvas, centre, count);
    for (family, name) in arcs(&data.families).zip(&families) {
        canvas.add(arc(centre, family, count));
        canvas.add(placed(name, centre, &TextStyle::QUIET));
    }
    for name in &names {
        canvas.add(placed(name, centre, &TextStyle::LABEL));
    }
    let many = data.models.len() >= MANY;
    let mut clipped = false;
    let mut gaps = false;
    for (index, model) in data.models.iter().enumerate() {
        let values: Vec<Option<f64>> = (0..count)
            .map(|axis| finite(model.values.get(axis).copied().flatten()))
            .collect();
        gaps |= values.contains(&None);
        clipped |= values.iter().flatten().any(|value| outside(*value));
        canvas.add(series(centre, index, &values, many));
    }
    canvas.add(ring_numbers(centre, count));
    let sample = if count == 0 {
        Sample::Mark
    } else {
        Sample::MarkOnLine
    };
    let models: Vec<&str> = data
        .models
        .iter()
        .map(|model| model.name.as_str())
        .collect();
    let y = legend(
        &mut canvas,
        &models,
        sample,
        8.0,
        top + bottom + 14.0,
        2.0 * side - 16.0,
    );
    let mut notes = Vec::new();
    if gaps {
        notes.push("A gap in a line: not run.".to_string());
    }
    if clipped {
        notes.push(
            "Ringed: a value under 0, drawn at the centre, or over 1, drawn at the rim."
                .to_string(),
        );
    }
    let y = remarks(&mut canvas, &notes, 8.0, y + 6.0, 2.0 * side - 16.0);
    canvas.finish(&data.caption, 2.0 * side, y + 4.0)
}

fn outside(value: f64) -> bool {
    !(0.0..=1.0).contains(&value)
}

/// The languages' names, relative to the centre. Where axes are many, names at the top and the bottom move outwards.
fn language_names(languages: &[&Language]) -> Vec<Name> {
    let count = languages.len();
    let direction = |index: usize| Direction::of(index as f64, count);
    let mut order: Vec<usize> = (0..count).collect();
    // From the sides, where one name is above the next, to the top and the bottom; rounded, so that axes that lie
    // opposite of each other keep their order on every machine.
    let beside = |index: usize| (direction(index).x.abs() * 1e6).round();
    order.sort_by(|&a, &b| beside(b).total_cmp(&beside(a)));
    let mut names: Vec<(usize, Name)> = Vec::new();
    for index in order {
        let text = language_lines(languages[index]);
        let at = |step: u32| {
            let point = direction(index).at((0.0, 0.0), NAMES + 4.0 * f64::from(step));
            Name::new(text.clone(), TextStyle::LABEL.size, direction(index), point)
        };
        let free = |name: &Name| {
            names
                .iter()
                .all(|(_, other)| !other.area.overlaps(&name.area))
        };
        let name = (0..200).map(at).find(free).unwrap_or_else(|| at(0));
        names.push((index, name));
    }
    names.sort_by_key(|(index, _)| *index);
    names.into_iter().map(|(_, name)| name).collect()
}

/// The code and the own name of a language.
fn language_lines(language: &Language) -> Vec<String> {
    let code = clean(&language.code);
    let own = lines(&language.own, TextStyle::LABEL.size, WIDEST);
    match &own[..] {
        [first, rest @ ..] if !language.own.is_empty() => {
            let mut lines = vec![format!("{code} {}", isolated(first))];
            lines.extend(rest.iter().map(|line| isolated(line)));
            lines
        }
        _ => vec![code],
    }
}

/// The first and the last axis of each family.
fn arcs(families: &[Family]) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    families.iter().filter_map(move |family| {
        let first = next;
        next += family.languages.len();
        (next > first).then(|| (first, next - 1))
    })
}

/// The families' names, relative to the centre: as near to the middle of their axes as there is room.
fn family_names(families: &[Family], languages: &[Name], count: usize) -> Vec<Name> {
    let named = families
        .iter()
        .filter(|family| !family.languages.is_empty());
    let mut names: Vec<Name> = Vec::new();
    for (family, (first, last)) in named.zip(arcs(families)) {
        let middle = (first + last) as f64 / 2.0;
        // Beside the middle first, then further out, then towards the ends of the family.
        let tries = [0.0, 0.12, -0.12, 0.25, -0.25, 0.38, -0.38, 0.5, -0.5]
            .into_iter()
            .flat_map(|turn| (0..8).map(move |step| (turn, f64::from(step) * 4.0)));
        let place = |(turn, out): (f64, f64)| {
            let direction = Direction::of(middle + turn, count);
            let text = lines(&family.name, SMALL, WIDEST);
            Name::new(
                text,
                SMALL,
                direction,
                direction.at((0.0, 0.0), NAMES + out),
            )
        };
        let free = |name: &Name| {
            languages
                .iter()
                .chain(&names)
                .all(|other| !other.area.overlaps(&name.area))
        };
        let name = tries
            .map(place)
            .find(free)
            .unwrap_or_else(|| outermost(place((0.0, 0.0)), languages, &names));
        names.push(name);
    }
    names
}

/// A name moved up or down, away from the centre, until it is free.
fn outermost(mut name: Name, languages: &[Name], families: &[Name]) -> Name {
    let step = if name.y < 0.0 { -4.0 } else { 4.0 };
    while languages
        .iter()
        .chain(families)
        .any(|other| other.area.overlaps(&name.area))
    {
        name.y += step;
        name.area.top += step;
    }
    name
}

fn placed(name: &Name, (x, y): (f64, f64), style: &TextStyle) -> Element {
    text_lines(x + name.x, y + name.y, &name.lines, &style.at(name.anchor))
}

/// Rings and axes.
fn frame(canvas: &mut Canvas, centre: (f64, f64), count: usize) {
    let mut frame = group("frame");
    for ring in 1..=5 {
        frame.append(element(
            "circle",
            [
                ("class", "ring".into()),
                ("cx", px(centre.0)),
                ("cy", px(centre.1)),
                ("r", px(RADIUS * f64::from(ring) / 5.0)),
                ("fill", "none".into()),
                ("stroke", if ring == 5 { "#999999" } else { PALE }.into()),
                ("stroke-width", px(1.0)),
            ],
        ));
    }
    for axis in 0..count {
        let end = Direction::of(axis as f64, count).at(centre, RADIUS);
        frame.append(straight("axis", centre, end, PALE, 1.0));
    }
    canvas.add(frame);
}

/// The numbers of the rings, between the first and the last axis, where no marks are.
fn ring_numbers(centre: (f64, f64), count: usize) -> Element {
    let mut numbers = group("numbers");
    let direction = Direction::of(-0.5, count.max(3));
    let style = TextStyle {
        halo: true,
        ..TextStyle::QUIET.at(Anchor::Middle)
    };
    for ring in 0..=5 {
        let value = f64::from(ring) / 5.0;
        let (x, y) = direction.at(centre, RADIUS * value);
        numbers.append(text(x, y, &format!("{value:.1}"), &style));
    }
    numbers
}

/// The arc beside the axes of a family.
fn arc(centre: (f64, f64), (first, last): (usize, usize), count: usize) -> Element {
    let from = Direction::of(first as f64 - 0.3, count).at(centre, ARC);
    let to = Direction::of(last as f64 + 0.3, count).at(centre, ARC);
    let large = u8::from((last - first) as f64 + 0.6 > count as f64 / 2.0);
    let path = format!(
        "M{} {}A{ARC} {ARC} 0 {large} 1 {} {}",
        round(from.0),
        round(from.1),
        round(to.0),
        round(to.1)
    );
    element(
        "path",
        [
            ("class", "family".into()),
            ("d", path.into()),
            ("fill", "none".into()),
            ("stroke", GREY.into()),
            ("stroke-width", px(2.0)),
        ],
    )
}

/// A model's line, with gaps, and its marks.
fn series(centre: (f64, f64), index: usize, values: &[Option<f64>], many: bool) -> Element {
    let count = values.len();
    let points: Vec<Option<(f64, f64)>> = values
        .iter()
        .enumerate()
        .map(|(axis, value)| {
            let distance = RADIUS * value.as_ref()?.clamp(0.0, 1.0);
            Some(Direction::of(axis as f64, count).at(centre, distance))
        })
        .collect();
    let mut series = group("series");
    let path = path(&points);
    if !path.is_empty() {
        series.append(element(
            "path",
            [
                ("class", "line".into()),
                ("d", path.into()),
                ("fill", "none".into()),
                ("stroke", colour(index).into()),
                ("stroke-width", px(if many { 1.0 } else { 2.0 })),
                ("stroke-opacity", px(if many { 0.8 } else { 1.0 })),
                ("stroke-dasharray", dash(index).into()),
                ("stroke-linejoin", "round".into()),
            ],
        ));
    }
    let radius = if many { 2.6 } else { 4.0 };
    for (point, value) in points.iter().zip(values) {
        if let (Some(point), Some(value)) = (*point, *value) {
            series.append(mark(shape(index), point, radius, colour(index), Fill::Full));
            if outside(value) {
                series.append(element(
                    "circle",
                    [
                        ("class", "clipped".into()),
                        ("cx", px(point.0)),
                        ("cy", px(point.1)),
                        ("r", px(radius + 3.5)),
                        ("fill", "none".into()),
                        ("stroke", colour(index).into()),
                        ("stroke-width", px(1.2)),
                    ],
                ));
            }
        }
    }
    series
}

/// The path through neighbouring points; closed where there is no gap.
fn path(points: &[Option<(f64, f64)>]) -> String {
    let count = points.len();
    let mut path = String::new();
    if count < 2 {
        return path;
    }
    let step = |letter: char, (x, y): (f64, f64)| format!("{letter}{} {}", round(x), round(y));
    // Begins after a gap, so that no run of points is cut in two.
    let gap = points.iter().position(Option::is_none);
    let start = gap.map_or(0, |gap| gap + 1);
    let mut drawing = false;
    for offset in 0..count {
        let at = (start + offset) % count;
        let next = points[(at + 1) % count];
        match (points[at], drawing) {
            (Some(point), true) => path += &step('L', point),
            (Some(point), false) if next.is_some() => path += &step('M', point),
            (Some(_), false) | (None, _) => {}
        }
        drawing = points[at].is_some();
    }
    if gap.is_none() && count > 2 {
        path.push('Z');
    }
    path
}
