//! The radar chart.

use crate::drawing::{classed, count, drawn, elements, inside, number, read, texts};
use crate::{HOSTILE, HOSTILE_DRAWN, caption, languages};
use clika_report::figures::{Caption, Family, Radar, RadarModel, radar};

fn family(name: &str, names: &[(&str, &str)]) -> Family {
    Family {
        name: name.into(),
        languages: languages(names),
    }
}

fn ten() -> Vec<Family> {
    vec![
        family("Germanic", &[("en", "English"), ("de", "Deutsch")]),
        family("Romance", &[("fr", "français"), ("it", "italiano")]),
        family("Slavic", &[("pl", "polski"), ("ru", "русский")]),
        family("Semitic", &[("ar", "العربية"), ("he", "עברית")]),
        family("Japonic", &[("ja", "日本語")]),
        family("Sino-Tibetan", &[("zh", "中文")]),
    ]
}

fn four() -> Vec<Family> {
    vec![
        family("Germanic", &[("en", "English"), ("de", "Deutsch")]),
        family("Semitic", &[("he", "עברית")]),
        family("Japonic", &[("ja", "日本語")]),
    ]
}

fn model(name: &str, values: &[Option<f64>]) -> RadarModel {
    RadarModel {
        name: name.into(),
        values: values.to_vec(),
    }
}

fn chart(families: Vec<Family>, models: Vec<RadarModel>) -> String {
    radar(&Radar {
        caption: caption(),
        families,
        models,
    })
}

/// The points of a path of `M` and `L`.
fn points(path: &str) -> Vec<(f64, f64)> {
    path.split(['M', 'L', 'Z'])
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (x, y) = part.split_once(' ').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

#[test]
fn values_lie_on_their_axes() {
    let svg = chart(
        four(),
        vec![model("m", &[Some(0.5), Some(1.0), Some(0.0), Some(0.25)])],
    );
    read(&svg, |document| {
        let rings = classed(document, "ring");
        assert_eq!(rings.len(), 5);
        let rim = rings[4];
        let (x, y, radius) = (number(rim, "cx"), number(rim, "cy"), number(rim, "r"));
        // Four axes: up, right, down, left.
        let expected = [
            (x, y - radius / 2.0),
            (x + radius, y),
            (x, y),
            (x - radius / 4.0, y),
        ];
        let path = classed(document, "line")[0].attribute("d").unwrap();
        assert!(path.ends_with('Z'), "{path}");
        for (point, expected) in points(path).iter().zip(expected) {
            assert!(
                (point.0 - expected.0).abs() < 0.011 && (point.1 - expected.1).abs() < 0.011,
                "{path}"
            );
        }
        for (ring, share) in rings.iter().zip([0.2, 0.4, 0.6, 0.8, 1.0]) {
            assert!((number(*ring, "r") - share * radius).abs() < 0.011);
        }
        for ring in ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"] {
            assert_eq!(count(document, ring), 1);
        }
    });
}

#[test]
fn what_was_not_run_is_a_gap() {
    let values = [Some(0.5), None, Some(0.5), Some(0.5)];
    let svg = chart(
        four(),
        vec![
            model("m", &values),
            model("none", &[None; 4]),
            model("short", &[]),
        ],
    );
    read(&svg, |document| {
        let series = classed(document, "series");
        let path = inside(series[0], "line")[0].attribute("d").unwrap();
        // Down, left, up; open.
        assert_eq!(points(path).len(), 3);
        assert_eq!(path.matches('M').count(), 1);
        assert!(!path.contains('Z'));
        assert_eq!(inside(series[0], "mark").len(), 3);
        for empty in &series[1..] {
            assert!(inside(*empty, "line").is_empty() && inside(*empty, "mark").is_empty());
        }
        assert_eq!(count(document, "A gap in a line: not run."), 1);
    });
    // A value between two gaps has a mark and no line.
    let svg = chart(
        four(),
        vec![model("m", &[Some(0.5), None, Some(f64::NAN), None])],
    );
    read(&svg, |document| {
        assert!(classed(document, "line").is_empty());
        assert_eq!(inside(classed(document, "series")[0], "mark").len(), 1);
    });
}

#[test]
fn values_outside_are_ringed_at_the_edge() {
    let svg = chart(
        four(),
        vec![model("m", &[Some(1.5), Some(-0.2), Some(0.0), Some(1.0)])],
    );
    read(&svg, |document| {
        let rim = classed(document, "ring")[4];
        let (x, y, radius) = (number(rim, "cx"), number(rim, "cy"), number(rim, "r"));
        let ringed: Vec<(f64, f64)> = classed(document, "clipped")
            .iter()
            .map(|ring| (number(*ring, "cx"), number(*ring, "cy")))
            .collect();
        assert_eq!(ringed, [(x, y - radius), (x, y)]);
        assert!(
            texts(document)
                .iter()
                .any(|text| text.starts_with("Ringed:"))
        );
    });
    let svg = chart(four(), vec![model("m", &[Some(0.5); 4])]);
    read(&svg, |document| {
        assert!(
            !texts(document)
                .iter()
                .any(|text| text.starts_with("Ringed") || text.starts_with("A gap"))
        );
    });
}

#[test]
fn every_name_is_there_once_and_none_on_another() {
    for models in [0, 1, 6, 8, 9, 40] {
        let models: Vec<RadarModel> = (0..models)
            .map(|index| {
                model(
                    &format!("model {index} of a maker"),
                    &[Some(0.1 + f64::from(index) / 50.0); 10],
                )
            })
            .collect();
        read(&chart(ten(), models.clone()), |document| {
            for family in ten() {
                assert_eq!(count(document, &family.name), 1, "{}", family.name);
                for language in family.languages {
                    let name = format!("{} {}", language.code, language.own);
                    assert_eq!(count(document, &name), 1, "{name}");
                }
            }
            for model in &models {
                assert_eq!(count(document, &model.name), 1, "{}", model.name);
            }
            assert_eq!(classed(document, "family").len(), 6);
            let width = classed(document, "line")
                .first()
                .map(|line| number(*line, "stroke-width"));
            assert_eq!(
                width,
                (!models.is_empty()).then_some(if models.len() < 9 { 2.0 } else { 1.0 })
            );
        });
    }
}

#[test]
fn a_family_is_at_its_axes() {
    read(&chart(ten(), vec![]), |document| {
        let rim = classed(document, "ring")[4];
        let (x, y) = (number(rim, "cx"), number(rim, "cy"));
        // en is at the top and de 36 degrees on; ja is at 288 degrees: left and above.
        let germanic = drawn(document, "Germanic");
        assert!(number(germanic, "x") >= x && number(germanic, "y") < y);
        let japonic = drawn(document, "Japonic");
        assert!(number(japonic, "x") < x && number(japonic, "y") < y);
    });
}

#[test]
fn names_of_other_directions_are_isolated() {
    let svg = chart(four(), vec![model("עברית (7b)", &[Some(0.5); 4])]);
    assert!(svg.contains(">he \u{2068}עברית\u{2069}<"));
    assert!(svg.contains(">\u{2068}עברית (7b)\u{2069}<"));
}

#[test]
fn hostile_text_stays_text() {
    let families = vec![family(
        HOSTILE,
        &[(HOSTILE, ""), ("x", HOSTILE), ("y", "y")],
    )];
    let svg = chart(families, vec![model(HOSTILE, &[Some(0.5); 3])]);
    read(&svg, |document| {
        // The family, a code and the model.
        assert_eq!(count(document, HOSTILE_DRAWN), 3);
        assert_eq!(count(document, &format!("x {HOSTILE_DRAWN}")), 1);
        assert_eq!(elements(document, "b").count(), 0);
    });
}

#[test]
fn a_hostile_caption_stays_text() {
    let svg = radar(&Radar {
        caption: Caption {
            prefix: "test-\"><é".into(),
            title: HOSTILE.into(),
            description: HOSTILE.into(),
        },
        families: four(),
        models: vec![],
    });
    read(&svg, |document| {
        for name in ["title", "desc"] {
            let element = elements(document, name).next().unwrap();
            assert_eq!(element.text(), Some(HOSTILE_DRAWN));
            assert!(element.attribute("id").unwrap().starts_with("test------"));
        }
    });
}

#[test]
fn few_languages() {
    for languages in [0, 1, 2] {
        let names = [("en", "English"), ("de", "Deutsch")];
        let svg = chart(
            vec![family("Germanic", &names[..languages])],
            vec![model("m", &[Some(0.5); 2])],
        );
        read(&svg, |document| {
            assert_eq!(
                inside(classed(document, "series")[0], "mark").len(),
                languages
            );
        });
    }
}

#[test]
fn names_of_many_languages_are_apart() {
    for axes in [14, 20, 30, 60] {
        let languages: Vec<(String, String)> = (0..axes)
            .map(|index| (format!("l{index}"), "a language".to_string()))
            .collect();
        let families = languages
            .chunks(3)
            .map(|chunk| {
                let names: Vec<(&str, &str)> = chunk
                    .iter()
                    .map(|(code, own)| (&code[..], &own[..]))
                    .collect();
                family(&format!("family of {}", chunk[0].0), &names)
            })
            .collect();
        read(&chart(families, vec![]), |document| {
            for (code, own) in &languages {
                assert_eq!(count(document, &format!("{code} {own}")), 1);
            }
        });
    }
}

#[test]
fn long_names_are_broken_and_whole() {
    let name = "organization/a-very-long-name-of-a-model-with-a-long-suffix-and-another-suffix-Q4_K_M.gguf";
    let mut families = four();
    families[0].languages[1].own = "a language with a very long name of its own".into();
    read(
        &chart(families, vec![model(name, &[Some(0.5); 4])]),
        |document| {
            assert_eq!(count(document, name), 1);
            assert_eq!(
                count(document, "de a language with a very long name of its own"),
                1
            );
        },
    );
}
