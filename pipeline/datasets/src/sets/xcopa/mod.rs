//! xCOPA: the more plausible cause or effect of what a premise says (CLiKA §3.1, from COPA).

mod source;

pub(super) use source::read;
pub use source::{COPA, read_copa_xml};

use crate::registry::{
    Dataset, DatasetKind, Knowledge, ReleaseClusters, ReleaseFiles, ReleaseLines,
};
use crate::texts::{TextsDataset, TextsOrigin, TextsSource};
use clika_base::{KeySpec, SectionSpec, ValueSpec};

pub(super) const CONTENT: &str =
    "a premise and two alternatives, one of which is the more plausible cause or effect";

pub(super) const CHOICES: usize = 2;

/// What a language asks about a premise.
pub(super) static QUESTIONS: SectionSpec = SectionSpec {
    name: "xcopa",
    about: "xCOPA and its mini set: what is asked about a sentence",
    needs_labels: false,
    keys: &[
        KeySpec {
            key: "cause",
            about: "",
            value: ValueSpec::Text,
        },
        KeySpec {
            key: "effect",
            about: "",
            value: ValueSpec::Text,
        },
    ],
};

pub(super) static DATASET: Dataset = Dataset {
    name: "xcopa",
    title: "xCOPA",
    content: CONTENT,
    knowledge: Knowledge::Basic,
    kind: DatasetKind::Texts(TextsDataset {
        choices: CHOICES,
        section: Some(&QUESTIONS),
        origin: TextsOrigin::Translated(TextsSource {
            file: COPA,
            option: "copa",
            forms: "COPA: COPA-resources.tgz, copa-test.xml or lines of XCOPA",
            stand_in: "xcopa-mini",
        }),
        read,
        license: "bsd-2-clause",
        licence: "COPA (Roemmele, Bejan and Gordon, 2011, *Choice of Plausible Alternatives*) is under \
                  the BSD 2-Clause licence; its terms hold for translations too. COPA's authors ask \
                  to be cited.",
    }),
    release: Some(ReleaseFiles {
        folder: "x_copa",
        file: "test.jsonl",
        lines: ReleaseLines::Copa,
        clusters: ReleaseClusters::Each,
    }),
};
