//! Requests per second and memory of the service layer, against a loopback server that takes 50 ms for an answer;
//! and how long 100,000 kept answers take to be resumed.
//!
//! `make bench-api` runs it. Every measurement is a process of its own, so that memory is its own too.

use clika_base::types::NoProgress;
use clika_network::http::RetryPolicy;
use clika_network::services::{
    AnswerCache, Budget, ChatRole, GenerationRequest, OpenAi, Prompt, Service, ServiceConfig,
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, json};
use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const LATENCY: Duration = Duration::from_millis(50);
const RUNS: usize = 5;
const KEPT: usize = 100_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match arguments.as_slice() {
        [] => report(),
        ["serve"] => runtime.block_on(serve()),
        ["ask", base, cache, concurrency, count] => {
            runtime.block_on(ask(base, cache, concurrency.parse()?, count.parse()?))
        }
        ["keep", cache] => keep(cache),
        _ => Err("run it without arguments".into()),
    }
}

/// The median of several runs in turn, and the largest peak of memory.
fn report() -> Outcome<()> {
    let mut server = Server::start()?;
    let folder = env::temp_dir().join(format!("clika-bench-api-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    println!(
        "| concurrency | requests | requests/s, median of {RUNS} | ideal | share of it | peak memory |"
    );
    println!("|---|---|---|---|---|---|");
    let rates = [(1_usize, 60_usize), (16, 960), (128, 7_680)];
    let mut found = vec![Vec::new(); rates.len()];
    for run in 0..RUNS {
        for (index, (concurrency, count)) in rates.into_iter().enumerate() {
            let cache = folder.join(format!("{run}-{concurrency}.jsonl"));
            found[index].push(child(&server.base, &cache, concurrency, count)?);
        }
    }
    for ((concurrency, count), runs) in rates.into_iter().zip(found) {
        let (rate, memory) = summary(
            runs.iter()
                .map(|(seconds, peak)| (count as f64 / seconds, *peak)),
        );
        let ideal = concurrency as f64 / LATENCY.as_secs_f64();
        println!(
            "| {concurrency} | {count} | {rate:.0} | {ideal:.0} | {:.0} % | {memory:.0} MiB |",
            100.0 * rate / ideal
        );
    }
    let cache = folder.join("kept.jsonl");
    let status = Command::new(env::current_exe()?)
        .arg("keep")
        .arg(&cache)
        .status()?;
    if !status.success() {
        return Err("the cache was not written".into());
    }
    let size = fs::metadata(&cache)?.len() as f64 / f64::from(1 << 20);
    server.stop();
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        // Nobody listens any more: whatever is not kept fails.
        runs.push(child(&server.base, &cache, 16, KEPT)?);
    }
    let (seconds, memory) = summary(runs.into_iter());
    println!(
        "\n{KEPT} kept answers ({size:.0} MiB) resumed: {seconds:.2} s, peak memory {memory:.0} MiB, median of {RUNS}"
    );
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The median of the first numbers, and the largest of the second.
fn summary(runs: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let (mut values, peaks): (Vec<f64>, Vec<f64>) = runs.unzip();
    values.sort_by(f64::total_cmp);
    (
        values[values.len() / 2],
        peaks.into_iter().fold(0.0, f64::max),
    )
}

/// Asks in a process of its own; seconds, and its peak of memory in MiB.
fn child(base: &str, cache: &Path, concurrency: usize, count: usize) -> Outcome<(f64, f64)> {
    let output = Command::new(env::current_exe()?)
        .args(["ask", base])
        .arg(cache)
        .args([concurrency.to_string(), count.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(seconds), Some(memory)) => Ok((seconds?, memory?)),
        _ => Err("a run failed".into()),
    }
}

fn service(cache: &Path, concurrency: usize) -> Outcome<Service> {
    let rules = ServiceConfig {
        concurrency,
        requests_per_minute: None,
        tokens_per_minute: None,
        timeout: Duration::from_secs(30),
        retry: RetryPolicy {
            attempts: 1,
            first_wait: Duration::ZERO,
        },
        budget: Budget::default(),
        key_in_clear: false,
    };
    Ok(Service::new("bench", rules, AnswerCache::open(cache)?)?)
}

/// A prompt as long as the paper's.
fn generation(number: usize) -> GenerationRequest {
    let text = format!(
        "Question {number}: {}",
        "which of these is right? ".repeat(32)
    );
    GenerationRequest {
        prompt: Prompt::Chat(vec![(ChatRole::User, text)]),
        max_tokens: 16,
        fields: Map::new(),
    }
}

async fn ask(base: &str, cache: &str, concurrency: usize, count: usize) -> Outcome<()> {
    let begin = Instant::now();
    let model = OpenAi::new(
        service(Path::new(cache), concurrency)?,
        base,
        "m",
        None,
        "X",
    )?;
    let mut answers = stream::iter(0..count)
        .map(|number| {
            let model = &model;
            async move { model.generate(&generation(number), &NoProgress).await }
        })
        .buffered(concurrency);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{seconds} {}", peak_memory()?);
    Ok(())
}

/// Writes answers to the questions of [`ask`] as a run would have kept them.
fn keep(cache: &str) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}/v1", listener.local_addr()?);
        let server = tokio::spawn(accept(listener, Duration::ZERO));
        ask(&base, cache, 64, KEPT).await?;
        server.abort();
        Ok(())
    })
}

/// `VmHWM` in MiB.
fn peak_memory() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("no VmHWM")?;
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}

struct Server {
    process: Child,
    base: String,
}

impl Server {
    fn start() -> Outcome<Self> {
        let mut process = Command::new(env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self {
            process,
            base: format!("http://{}/v1", line.trim()),
        })
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve() -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    accept(listener, LATENCY).await;
    Ok(())
}

async fn accept(listener: TcpListener, latency: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // A client that goes away ends its connection.
            let _ = answer(stream, latency).await;
        });
    }
}

/// Answers every request of a connection after `latency`.
async fn answer(mut stream: TcpStream, latency: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let body = json!({
        "id": "chatcmpl-0123456789", "object": "chat.completion", "created": 1_700_000_000, "model": "m",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "B" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 200, "completion_tokens": 1, "total_tokens": 201 },
    })
    .to_string();
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        while let Some(end) = request_end(&received) {
            received.drain(..end);
            tokio::time::sleep(latency).await;
            stream.write_all(reply.as_bytes()).await?;
        }
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        received.extend_from_slice(&buffer[..count]);
    }
}

/// Where the first whole request ends.
fn request_end(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head])
        .ok()?
        .to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    let end = head + length.trim().parse::<usize>().ok()?;
    (received.len() >= end).then_some(end)
}
