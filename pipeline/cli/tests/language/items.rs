//! What is wrong in the items of the mini sets.

use crate::{COPA, check, finds, program::TestProject};
use std::fs;

#[test]
fn files_of_items_that_nobody_reads() {
    let project = TestProject::new();
    let folder = project.path(COPA);
    fs::copy(folder.join("de.jsonl"), folder.join("xx.jsonl")).unwrap();
    fs::copy(folder.join("de.jsonl"), folder.join("DE.jsonl")).unwrap();
    fs::copy(folder.join("de.jsonl"), folder.join("german.jsonl")).unwrap();
    fs::write(folder.join("de.json"), "[]").unwrap();
    fs::create_dir(project.path("templates/items/xcopa-minni")).unwrap();
    let (said, code) = check(&project, "de");
    for expected in [
        "error: there are items in `xx`, and templates/languages has no such language\n   templates/items/xcopa-mini/xx.jsonl:1\n",
        "error: there is another file for `de`, in other letters\n   templates/items/xcopa-mini/de.jsonl:1\n",
        "error: `german` is not a language code",
        "warning: de.json is not read\n   templates/items/xcopa-mini/de.json:1\n",
        "warning: xcopa-minni is not read\n   templates/items/xcopa-minni:1\n",
    ] {
        assert!(said.contains(expected), "no {expected}:\n{said}");
    }
    assert_eq!(code, Some(1));
}

#[test]
fn items_that_are_not_those_of_english() {
    let german = "templates/items/xcopa-mini/de.jsonl";
    let finds = |(from, to): (&str, &str), at: &str, expected: &str| {
        finds("de", (german, from, to), at, expected);
    };
    finds(
        (
            "dazwischengeraten.\", \"label\": 0",
            "dazwischengeraten.\", \"label\": 1",
        ),
        "\"id\": 1,",
        "error: item 1 has another right choice than English",
    );
    finds(
        (
            "{\"id\": 2, \"question\": \"effect\"",
            "{\"id\": 2, \"question\": \"cause\"",
        ),
        "\"id\": 2,",
        "error: item 2 asks for something else than English",
    );
    finds(
        ("{\"id\": 2,", "{\"id\": 61,"),
        "\"id\": 61,",
        "error: English has no item 61",
    );
    finds(
        ("{\"id\": 60,", "{\"id\": 61,"),
        "\"id\": 61,",
        "error: 1 items are missing: 60",
    );
    finds(
        ("{\"id\": 3,", "{\"id\": 3"),
        "\"id\": 3",
        "error: expected `,` or `}` at line 1 column 10",
    );
    finds(
        (
            "Die weißen Hemden kamen rosa aus der Wäsche.",
            "The white shirts came out of the wash pink.",
        ),
        "The white shirts",
        "warning: item 1 is English still: The white shirts came out of the wash pink.",
    );
    finds(
        (
            "Ein weißes Handtuch war dazwischengeraten.",
            "Eine rote Socke war dazwischengeraten!",
        ),
        "\"id\": 1,",
        "error: two choices of item 1 read the same: \
         Eine rote Socke war dazwischengeraten. / Eine rote Socke war dazwischengeraten!",
    );
}

/// Italian items in the place of the Spanish ones.
#[test]
fn items_in_a_neighbour_language() {
    let project = TestProject::new();
    let folder = project.path(COPA);
    fs::copy(folder.join("it.jsonl"), folder.join("es.jsonl")).unwrap();
    let (said, code) = check(&project, "es");
    let together = "  warning: the items, taken together, read as Italian\n     \
                    templates/items/xcopa-mini/es.jsonl:1\n";
    assert!(said.contains(together), "{said}");
    assert_eq!(code, Some(1));
    assert_eq!(check(&project, "it").1, Some(0));
}
