//! An HTTP server on loopback for tests, which misbehaves as told. No product code depends on it.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A running HTTP server for tests; it ends when the value is dropped.
pub struct StubServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<StubRequest>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A request as the server got it.
#[derive(Clone, Debug)]
pub struct StubRequest {
    /// Request line and headers, lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

/// What the server does with a request: answer it, break off or stay silent.
#[derive(Clone, Debug)]
pub enum StubResponse {
    /// Answers in full.
    Full {
        /// The status, such as 200.
        status: u16,
        /// Header lines without their ends.
        headers: Vec<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// Promises the whole body, sends half of it and closes the connection.
    CutOff {
        /// The value of Content-Type.
        content_type: String,
        /// The body that is promised.
        body: Vec<u8>,
    },
    /// Promises the whole body, sends the beginning of it and closes the connection.
    Broken {
        /// The status, such as 206.
        status: u16,
        /// Header lines without their ends.
        headers: Vec<String>,
        /// The body that is promised.
        body: Vec<u8>,
        /// How much of it is sent, in bytes.
        sent: usize,
    },
    /// Says nothing and keeps the connection open until the server ends.
    Stall,
}

impl StubResponse {
    /// A full answer with status and content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Full {
            status,
            headers: vec![format!("Content-Type: {content_type}")],
            body: body.into(),
        }
    }

    /// Adds a header line to a full answer.
    #[must_use]
    pub fn with_header(mut self, line: &str) -> Self {
        if let Self::Full { headers, .. } = &mut self {
            headers.push(line.to_owned());
        }
        self
    }
}

/// More requests than any test sends: a client that runs wild is cut off.
const MOST_REQUESTS: usize = 2_000;

impl StubServer {
    /// Serves on a free port; `answer` gets the number of the request, from 0, and the request.
    ///
    /// Requests are served one after the other. `GET /v1/models` is answered with 404 and not counted: use
    /// [`start_with_models`](Self::start_with_models) for a server that has a list.
    ///
    /// # Panics
    /// If no port is free.
    pub fn start(answer: impl Fn(usize, &StubRequest) -> StubResponse + Send + 'static) -> Self {
        let nothing = StubResponse::new(404, "application/json", "{\"detail\": \"Not Found\"}");
        Self::start_with_models(nothing, answer)
    }

    /// As [`start`](Self::start), with what the server answers to `GET /v1/models`.
    ///
    /// # Panics
    /// If no port is free.
    pub fn start_with_models(
        models: StubResponse,
        answer: impl Fn(usize, &StubRequest) -> StubResponse + Send + 'static,
    ) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        listener
            .set_nonblocking(true)
            .expect("sockets can be polled");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (requests, stop) = (Arc::clone(&requests), Arc::clone(&stop));
            move || serve(&listener, &requests, &stop, &models, answer)
        });
        Self {
            address,
            requests,
            stop,
            thread: Some(thread),
        }
    }

    /// The server's address, `http://127.0.0.1:PORT/query`.
    pub fn url(&self) -> String {
        format!("http://{}/query", self.address)
    }

    /// The server's address without a path, `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<StubRequest> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for StubServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in the answering closure has already printed itself.
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    requests: &Mutex<Vec<StubRequest>>,
    stop: &AtomicBool,
    models: &StubResponse,
    answer: impl Fn(usize, &StubRequest) -> StubResponse,
) {
    let mut stalled = Vec::new();
    let mut served = 0;
    while !stop.load(Ordering::Relaxed) && served < MOST_REQUESTS {
        match listener.accept() {
            Ok((mut stream, _)) => {
                // A client that goes away in the middle is part of some tests.
                if let Ok(request) = read(&mut stream) {
                    if request.head.starts_with("get /v1/models ") {
                        drop(write(&mut stream, &request, models));
                        continue;
                    }
                    requests
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(request.clone());
                    match answer(served, &request) {
                        StubResponse::Stall => stalled.push(stream),
                        answer => drop(write(&mut stream, &request, &answer)),
                    }
                    served += 1;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(_) => return,
        }
    }
}

fn read(stream: &mut TcpStream) -> io::Result<StubRequest> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(Ok(0), |length| length.trim().parse())
        .map_err(|_| io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(StubRequest {
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn write(stream: &mut TcpStream, request: &StubRequest, answer: &StubResponse) -> io::Result<()> {
    let (status, headers, body, sent) = match answer {
        StubResponse::Full {
            status,
            headers,
            body,
        } => (*status, headers.clone(), body, body.len()),
        StubResponse::CutOff { content_type, body } => (
            200,
            vec![format!("Content-Type: {content_type}")],
            body,
            body.len() / 2,
        ),
        StubResponse::Broken {
            status,
            headers,
            body,
            sent,
        } => (*status, headers.clone(), body, *sent),
        StubResponse::Stall => return Ok(()),
    };
    // The answer to HEAD has the length of a body, and none.
    let sent = if request.head.starts_with("head ") {
        0
    } else {
        sent
    };
    let mut head = format!("HTTP/1.1 {status} Stub\r\nConnection: close\r\n");
    for line in headers {
        head.push_str(&line);
        head.push_str("\r\n");
    }
    write!(stream, "{head}Content-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(&body[..sent])?;
    stream.flush()
}
