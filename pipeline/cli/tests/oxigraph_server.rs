//! `clika snapshot` against a real SPARQL server: Oxigraph's, from PyPI.
//!
//! `make test` installs it and names it in CLIKA_TEST_OXIGRAPH.

#![allow(clippy::explicit_write, clippy::unwrap_used)]

mod program;

use oxigraph::{
    io::RdfFormat,
    model::{Literal, Term, Triple},
    store::Store,
};
use program::TestProject;
use std::{
    env, fs,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server that ends with the value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(program: &Path, turtle: &Path, database: &Path) -> Self {
        let loaded = Command::new(program)
            .arg("load")
            .arg("--location")
            .arg(database)
            .arg("--file")
            .arg(turtle)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(loaded.success());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(program)
            .args([
                "serve-read-only",
                "--bind",
                &format!("127.0.0.1:{port}"),
                "--location",
            ])
            .arg(database)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port };
        let begin = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "the server does not listen"
            );
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/query", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Oxigraph's server, if it is there.
fn oxigraph() -> Option<PathBuf> {
    let found = env::var_os("CLIKA_TEST_OXIGRAPH");
    if found.is_none() {
        // Written past the test harness, which hides what a passing test prints.
        writeln!(
            std::io::stderr(),
            "SKIPPED: no Oxigraph server; `make test` installs one and sets CLIKA_TEST_OXIGRAPH"
        )
        .unwrap();
    }
    found.map(PathBuf::from)
}

#[test]
fn a_snapshot_fetched_from_a_real_server_builds_the_same_datasets() {
    let Some(oxigraph) = oxigraph() else { return };
    let project = TestProject::new();
    let embedded = project.parquet();
    let server = Server::start(&oxigraph, &project.snapshot(), &project.path("database"));
    for concurrency in ["1", "4"] {
        project.run(&[
            "snapshot",
            "--fresh",
            "--endpoint",
            &server.url(),
            "--concurrency",
            concurrency,
        ]);
        assert_eq!(project.parquet(), embedded);
    }
}

/// Every English label in further languages too, told from it by a word.
fn with_made_labels(turtle: &str, languages: &[&str]) -> String {
    let store = Store::new().unwrap();
    let mut loader = store.bulk_loader();
    loader
        .load_from_slice(RdfFormat::Turtle, turtle.as_bytes())
        .unwrap();
    loader.commit().unwrap();
    let mut lines = String::new();
    for quad in store.iter() {
        let triple = Triple::from(quad.unwrap());
        if let Term::Literal(label) = &triple.object
            && label.language() == Some("en")
        {
            for language in languages {
                let made = format!("{} ({language})", label.value());
                let made = Literal::new_language_tagged_literal(made, *language).unwrap();
                let made = Triple::new(triple.subject.clone(), triple.predicate.clone(), made);
                lines.push_str(&format!("{made} .\n"));
            }
        }
        lines.push_str(&format!("{triple} .\n"));
    }
    lines
}

#[test]
fn languages_are_added_to_a_snapshot() {
    let Some(oxigraph) = oxigraph() else { return };
    let project = TestProject::new();
    let embedded = project.parquet();
    let made = project.path("made.ttl");
    let shipped = fs::read_to_string(project.snapshot()).unwrap();
    let text = with_made_labels(&shipped, &["es", "hi", "sw", "th"]);
    fs::write(&made, text).unwrap();
    let server = Server::start(&oxigraph, &made, &project.path("database"));

    // A snapshot without Poland and Polish, and then both again: the datasets are those of the snapshot that had them.
    let polish = project.path("templates/languages/pl.toml");
    let file = fs::read(&polish).unwrap();
    fs::write(&polish, "").unwrap();
    for code in ["es", "hi", "sw", "th"] {
        let path = project.path(&format!("templates/languages/{code}.toml"));
        fs::rename(&path, project.path(&format!("{code}.toml"))).unwrap();
        // An empty file leaves the language out, which is built in.
        fs::write(&path, "").unwrap();
    }
    project.run(&["snapshot", "--endpoint", &server.url()]);
    let without = fs::read_to_string(project.snapshot()).unwrap();
    assert!(!without.contains("@pl"));
    fs::write(&polish, file).unwrap();
    project.run(&["snapshot", "--languages", "PL", "--endpoint", &server.url()]);
    assert_eq!(project.parquet(), embedded);
    let with = fs::read_to_string(project.snapshot()).unwrap();
    let comments: Vec<_> = with.lines().take_while(|it| it.starts_with('#')).collect();
    assert_eq!(comments.len(), 2, "{comments:?}");
    assert!(comments[0].starts_with("# A slice of Wikidata"));
    assert!(
        comments[1].starts_with("# Labels in pl, and what goes with them"),
        "{comments:?}"
    );

    // The shipped languages without labels join as soon as there are some.
    for code in ["es", "hi", "sw", "th"] {
        fs::rename(
            project.path(&format!("{code}.toml")),
            project.path(&format!("templates/languages/{code}.toml")),
        )
        .unwrap();
    }
    let codes = "es,hi,sw,th";
    project.run(&[
        "snapshot",
        "--languages",
        codes,
        "--endpoint",
        &server.url(),
    ]);
    let said = project.run(&["datasets", "xgeo", "xpeo", "--force"]);
    for code in codes.split(',') {
        assert!(said.contains(&format!("{code} 200")), "{said}");
        assert!(said.contains(&format!("{code} 180")), "{said}");
    }
    assert!(
        said.contains("Thai (th): the snapshot does not have Q869, Q1081620; `clika snapshot --languages th` adds them"),
        "{said}"
    );
    assert!(
        said.contains("Thai (th): has no country: it is asked about the cities of the others"),
        "{said}"
    );
    let said = project.fail(&["snapshot", "--languages", "xx", "--endpoint", &server.url()]);
    assert!(
        said.contains("there is no language `xx`; there are ar, de, en, es,"),
        "{said}"
    );
}
