//! `clika snapshot` against a real SPARQL server: Oxigraph's, from PyPI.
//!
//! `make test` installs it and names it in CLIKA_TEST_OXIGRAPH.

#![allow(clippy::explicit_write, clippy::unwrap_used)]

mod program;

use program::TestProject;
use std::{
    env,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
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

#[test]
fn a_snapshot_fetched_from_a_real_server_builds_the_same_datasets() {
    let Some(oxigraph) = env::var_os("CLIKA_TEST_OXIGRAPH") else {
        // Written past the test harness, which hides what a passing test prints.
        writeln!(
            std::io::stderr(),
            "SKIPPED: no Oxigraph server; `make test` installs one and sets CLIKA_TEST_OXIGRAPH"
        )
        .unwrap();
        return;
    };
    let project = TestProject::new();
    let embedded = project.parquet();
    let server = Server::start(
        Path::new(&oxigraph),
        &project.snapshot(),
        &project.path("database"),
    );
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
