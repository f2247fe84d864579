//! `clika snapshot` as a user runs it, against endpoints good and bad.

#![allow(clippy::unwrap_used)]

mod program;

use oxigraph::{
    io::{RdfFormat, RdfSerializer},
    sparql::{QueryResults, SparqlEvaluator},
    store::Store,
};
use program::{TestProject, files, text};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};
use stub_server::{StubRequest, StubResponse, StubServer};

/// A store that answers CONSTRUCT queries as a SPARQL endpoint does.
struct Wikidata(Store);

impl Wikidata {
    fn new(turtle: &str) -> Self {
        let store = Store::new().unwrap();
        let mut loader = store.bulk_loader();
        loader
            .load_from_slice(RdfFormat::Turtle, turtle.as_bytes())
            .unwrap();
        loader.commit().unwrap();
        Self(store)
    }

    fn shipped() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self::new(&fs::read_to_string(repository.join("sparql/snapshot/wikidata.ttl")).unwrap())
    }

    fn answer(&self, request: &StubRequest) -> StubResponse {
        StubResponse::new(200, "application/n-triples", self.triples(request))
    }

    fn is_empty(&self, request: &StubRequest) -> bool {
        self.triples(request).is_empty()
    }

    fn triples(&self, request: &StubRequest) -> Vec<u8> {
        let results = SparqlEvaluator::new()
            .parse_query(&request.body)
            .unwrap()
            .on_store(&self.0)
            .execute()
            .unwrap();
        let QueryResults::Graph(triples) = results else {
            panic!("a refresh asks with CONSTRUCT only");
        };
        let mut writer = RdfSerializer::from_format(RdfFormat::NTriples).for_writer(Vec::new());
        for triple in triples {
            writer.serialize_triple(&triple.unwrap()).unwrap();
        }
        writer.finish().unwrap()
    }
}

/// Fewer attempts, so that endpoints that never get better end soon.
fn impatient(project: &TestProject) {
    project.edit("experiments/datasets.toml", "attempts = 6", "attempts = 2");
    project.edit(
        "experiments/datasets.toml",
        "first_wait_seconds = 2",
        "first_wait_seconds = 0",
    );
    project.edit(
        "experiments/datasets.toml",
        "timeout_seconds = 90",
        "timeout_seconds = 2",
    );
}

/// Runs a refresh that has to fail, and checks that it left the snapshot alone.
fn failed_refresh(answer: impl Fn(usize, &StubRequest) -> StubResponse + Send + 'static) -> String {
    let project = TestProject::new();
    impatient(&project);
    let before = fs::read(project.snapshot()).unwrap();
    let server = StubServer::start(answer);
    let error = project.fail(&["snapshot", "--endpoint", &server.url()]);
    assert_eq!(fs::read(project.snapshot()).unwrap(), before);
    error.replace(&server.url(), "URL")
}

#[test]
fn a_refresh_replaces_the_snapshot_and_builds_the_same_datasets() {
    let project = TestProject::new();
    let before = project.parquet();
    let wikidata = Wikidata::shipped();
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    let said = project.run(&["snapshot", "--endpoint", &server.url()]);
    assert!(said.contains("wrote "), "{said}");
    let fresh = fs::read_to_string(project.snapshot()).unwrap();
    assert!(
        fresh.starts_with(&format!(
            "# A slice of Wikidata (CC0), taken from {}",
            server.url()
        )),
        "{}",
        &fresh[..200]
    );
    assert_eq!(project.parquet(), before);
    assert_eq!(
        files(&project.path("sparql/snapshot")).len(),
        3,
        "README, snapshot and its lock, no candidate"
    );
}

#[test]
fn without_a_project_the_snapshot_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    let clika = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clika"));
        command.current_dir(&folder).env_remove("CLIKA_PROJECT");
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let wikidata = Wikidata::shipped();
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    let said = clika(&["snapshot", "--endpoint", &server.url()]);
    let path = "sparql/snapshot/wikidata.ttl";
    assert!(said.starts_with(&format!("wrote ./{path}, ")), "{said}");
    clika(&["datasets", "xgeo"]);
    let manifest = folder.path().join("artifacts/datasets/xgeo/manifest.json");
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let fresh = fs::read(folder.path().join(path)).unwrap();
    assert_eq!(
        manifest["inputs"]["snapshot"],
        clika_base::files::sha256_hex(fresh)
    );
}

#[test]
fn label_languages_that_yield_nothing_are_named() {
    let project = TestProject::new();
    let wikidata = Wikidata::shipped();
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    let output = project
        .command(&["snapshot", "--endpoint", &server.url()])
        .output()
        .unwrap();
    assert!(output.status.success());
    let said = text(&output.stderr);
    // The shipped snapshot writes simplified Chinese as `zh`.
    assert!(
        said.contains("note: the endpoint has no label at all in `es`, `hi`, `mul`, `sw`, `th`, `zh-hans`, `zh-hans-cn`;"),
        "{said}"
    );
}

#[test]
fn years_of_three_digits_before_our_era_leave_out_one_person_each() {
    let project = TestProject::new();
    let shipped = fs::read_to_string(project.snapshot()).unwrap();
    // As QLever writes them: Virgil, Augustus and Vipsania were born between 71 BC and 15 BC.
    let wikidata = Wikidata::new(&shipped.replace("\"-00", "\"-0"));
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    project.run(&["snapshot", "--endpoint", &server.url()]);
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "xpeo", "--json"])).unwrap();
    let left_out = json["xpeo"]["manifest"]["report"]["left_out"].as_array();
    let unreadable = left_out.unwrap().iter().filter(|it| {
        let reason = it["reason"].as_str().unwrap();
        reason.ends_with("cannot be read as a date")
    });
    let unreadable: Vec<_> = unreadable.map(|it| it["qid"].as_str().unwrap()).collect();
    assert_eq!(unreadable, ["Q1398", "Q1405", "Q191039"]);
}

#[test]
fn two_snapshots_are_not_written_at_once() {
    let project = TestProject::new();
    let server = StubServer::start(|_, _| panic!("nothing is asked"));
    let _lock = clika_base::files::FolderLock::of_file(&project.snapshot()).unwrap();
    let error = project.fail(&["snapshot", "--endpoint", &server.url()]);
    assert!(
        error.starts_with("error: another process is writing PROJECT/sparql/snapshot/wikidata.ttl"),
        "{error}"
    );
}

#[test]
fn people_are_ranked_by_fame_where_the_endpoint_knows_it() {
    let project = TestProject::new();
    // Made-up numbers for nine Poles; the endpoint's other people have none.
    let mut turtle = fs::read_to_string(project.snapshot()).unwrap();
    let famous = [
        "Q53454", "Q57963", "Q1288242", "Q156277", "Q55834", "Q153469", "Q467368", "Q455617",
        "Q261112",
    ];
    for (rank, person) in famous.iter().enumerate() {
        turtle.push_str(&format!(
            "wd:{person} wikibase:sitelinks {} .\n",
            100 - rank
        ));
    }
    let wikidata = Wikidata::new(&turtle);
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    project.run(&["snapshot", "--endpoint", &server.url()]);
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "xpeo", "--json"])).unwrap();
    let report = &json["xpeo"]["manifest"]["report"];
    assert_eq!(
        report["ranking"]["pl"],
        "sitelinks for 9, the rest drawn by the seed"
    );
    assert_eq!(report["ranking"]["de"], "drawn by the seed");
}

#[test]
fn an_interrupted_refresh_goes_on_where_it_stopped() {
    let project = TestProject::new();
    impatient(&project);
    let wikidata = Wikidata::shipped();
    let all = {
        let wikidata = Wikidata::shipped();
        let server = StubServer::start(move |_, request| wikidata.answer(request));
        TestProject::new().run(&["snapshot", "--endpoint", &server.url()]);
        server.requests().len()
    };
    let broken_after = all / 2;
    // One server, so that the address stays; it breaks down once.
    let server = StubServer::start(move |i, request| {
        if (broken_after..broken_after + 2).contains(&i) {
            StubResponse::new(500, "text/plain", "out of memory")
        } else {
            wikidata.answer(request)
        }
    });
    let error = project.fail(&["snapshot", "--endpoint", &server.url()]);
    assert!(error.contains("500 Internal Server Error"), "{error}");
    project.run(&["snapshot", "--endpoint", &server.url()]);
    // Asked again are only the failures, and what had an empty answer, which is not kept.
    let wikidata = Wikidata::shipped();
    let requests = server.requests();
    let (before, after) = requests.split_at(broken_after);
    let asked_again = after[2..].iter().filter(|again| {
        let first = before.iter().find(|request| request.body == again.body);
        first.is_some_and(|request| !wikidata.is_empty(request))
    });
    assert_eq!(asked_again.count(), 0);
}

#[test]
fn a_fresh_snapshot_that_cannot_be_built_from_is_refused() {
    let project = TestProject::new();
    let before = fs::read(project.snapshot()).unwrap();
    let shipped = fs::read_to_string(project.snapshot()).unwrap();
    // An endpoint that has lost the Polish labels of the countries.
    let wikidata = Wikidata::new(&shipped.replace("\"Polska\"@pl,", "\"Poland\"@sco,"));
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    insta::assert_snapshot!(project.fail(&["snapshot", "--endpoint", &server.url()]), @r#"
    note: the endpoint has no label at all in `es`, `hi`, `mul`, `sw`, `th`, `zh-hans`, `zh-hans-cn`; wikidata_codes in the languages' files are label languages of Wikidata, such as `sr-latn`
    error: the fresh snapshot did not pass its checks; PROJECT/sparql/snapshot/wikidata.ttl is unchanged
      cause: xgeo: no label in `pl` for 1 of 15 countries (Q36)
    hint: the rejected one is in PROJECT/sparql/snapshot/wikidata.candidate.ttl, where you can see what it lacks; if the endpoint was at fault, run again with --fresh
    hint: `clika snapshot --languages pl` adds them; or add rdfs:label in one of the language's wikidata_codes to the snapshot, or build without the language while it has no label: `optional_labels = true` in its file
    "#);
    assert_eq!(fs::read(project.snapshot()).unwrap(), before);
}

#[test]
fn an_endpoint_that_is_down() {
    let project = TestProject::new();
    impatient(&project);
    let url = StubServer::start(|_, _| StubResponse::Stall).url();
    let error = project.fail(&["snapshot", "--endpoint", &url]);
    assert!(
        error.contains("countries.rq failed") && error.contains("refused"),
        "{error}"
    );
}

#[test]
fn an_endpoint_that_forbids() {
    insta::assert_snapshot!(
        failed_refresh(|_, _| StubResponse::new(403, "text/plain", "Your IP address is blocked")),
        @r#"
    error: query PROJECT/sparql/refresh/countries.rq failed
      cause: the endpoint refused with 403 Forbidden: Your IP address is blocked
    hint: 403 means that this client is blocked (does the contact say who you are?), 400 that the endpoint does not understand the query, 404 that the address is wrong
    "#
    );
}

#[test]
fn an_endpoint_that_is_a_web_page() {
    insta::assert_snapshot!(
        failed_refresh(|_, _| StubResponse::new(200, "text/html", "<!DOCTYPE html>\n<title>Query</title>")),
        @r#"
    note: the endpoint answered `text/html` instead of RDF: <!DOCTYPE html> <title>Query</title>; trying again in 0 s
    error: query PROJECT/sparql/refresh/countries.rq failed
      cause: the endpoint answered `text/html` instead of RDF: <!DOCTYPE html> <title>Query</title>
    hint: check that this is the address of the query service, not of its web page
    "#
    );
}

#[test]
fn an_endpoint_that_has_enough() {
    insta::assert_snapshot!(
        failed_refresh(|_, _| StubResponse::new(429, "text/plain", "").with_header("Retry-After: 7200")),
        @r#"
    error: query PROJECT/sparql/refresh/countries.rq failed
      cause: the endpoint answered 429 Too Many Requests and asks to wait 7200 s
    hint: the endpoint is overloaded or wants fewer queries; run `clika snapshot` again later, what was answered so far is kept
    "#
    );
}

#[test]
fn an_endpoint_whose_answers_break_off() {
    let error = failed_refresh(|_, _| StubResponse::CutOff {
        content_type: "application/n-triples".to_owned(),
        body: vec![b' '; 1000],
    });
    assert!(error.contains("did not answer in full"), "{error}");
}

#[test]
fn an_endpoint_that_stalls() {
    let error = failed_refresh(|_, _| StubResponse::Stall);
    assert!(
        error.contains("did not answer in full") && error.contains("hint: "),
        "{error}"
    );
}

#[test]
fn a_public_endpoint_without_a_contact_is_not_asked() {
    let project = TestProject::new();
    insta::assert_snapshot!(project.fail(&["snapshot"]), @r#"
    error: no contact for the public endpoint https://query.wikidata.org/sparql
    hint: Wikimedia blocks programs that do not say who runs them: set `contact` in the experiment's [endpoint] table, CLIKA_CONTACT or --contact to a mail address or a page
    "#);
}

#[test]
fn ctrl_c_ends_at_once_and_loses_nothing() {
    let project = TestProject::new();
    let before = fs::read(project.snapshot()).unwrap();
    let wikidata = Wikidata::shipped();
    let server = StubServer::start(move |i, request| {
        if i < 5 {
            wikidata.answer(request)
        } else {
            StubResponse::Stall
        }
    });
    let child = project
        .command(&["snapshot", "--endpoint", &server.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.requests().len() < 6 {
        thread::sleep(Duration::from_millis(10));
    }
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = text(&output.stderr);
    assert!(
        said.contains("interrupted; ") && said.contains("run the command again to continue"),
        "{said}"
    );
    assert_eq!(fs::read(project.snapshot()).unwrap(), before);
    assert_eq!(
        files(&project.path("artifacts/cache/sparql")).len(),
        5,
        "the answers are kept"
    );
}

#[test]
fn an_address_with_a_password_does_not_get_into_the_snapshot() {
    let project = TestProject::new();
    let wikidata = Wikidata::shipped();
    let server = StubServer::start(move |_, request| wikidata.answer(request));
    let url = server.url().replace("http://", "http://user:secret@");
    project.run(&["snapshot", "--endpoint", &url]);
    let fresh = fs::read_to_string(project.snapshot()).unwrap();
    assert!(!fresh.contains("secret"), "{}", &fresh[..120]);
}

#[test]
fn an_endpoint_that_has_moved() {
    let error = failed_refresh(|_, _| {
        StubResponse::new(301, "text/html", "")
            .with_header("Location: https://elsewhere.org/sparql")
    });
    assert!(
        error.contains("redirects to https://elsewhere.org/sparql"),
        "{error}"
    );
}

#[test]
fn an_experiment_with_an_endpoint_number_out_of_range() {
    let project = TestProject::new();
    project.edit(
        "experiments/datasets.toml",
        "budget_seconds_per_minute = 50",
        "budget_seconds_per_minute = 0",
    );
    insta::assert_snapshot!(project.fail(&["snapshot"]), @"
    error: `budget_seconds_per_minute` is 0; it must be between 1 and 60
       PROJECT/experiments/datasets.toml:60
    hint: compare with experiments/datasets.toml, which explains every key
    ");
}
