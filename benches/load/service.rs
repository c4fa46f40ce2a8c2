//! The service under load: a process of its own with the release binary, and what the system says of it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aufsicht::auth::{Scope, Tokens};

use crate::own;

const SECRET: &str = "a secret that only the load command knows, long enough";

/// The database of record keys of this run, if it has one.
static RECORD_KEYS: OnceLock<String> = OnceLock::new();

/// Keeps the keys of records at this URL.
pub fn keep_record_keys(url: String) {
    RECORD_KEYS.set(url).unwrap();
}

/// A running service.
pub struct Service {
    child: Child,
    pub address: String,
    /// From its start until it was ready, in milliseconds.
    pub start_ms: f64,
    pub url: String,
}

/// Where databases and results are kept.
pub fn directory() -> PathBuf {
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let directory = target.join("load");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aufsicht"));
    command.current_dir(directory()).env("DATABASE_URL", url).env("AUFSICHT_JWT_SECRET", SECRET);
    command.env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_WEBHOOK_PRIVATE", "true");
    command.env("AUFSICHT_RATE_LIMIT", "4000000000");
    command.envs(RECORD_KEYS.get().map(|keys| ("AUFSICHT_RECORD_KEYS_URL", keys)));
    if let Some(own) = own::own() {
        command.env("AUFSICHT_PROFILE_DIR", &own.directory);
    }
    command
}

impl Service {
    pub fn start(url: &str) -> Service {
        assert!(command(url).arg("migrate").stdout(Stdio::null()).status().unwrap().success());
        let begun = Instant::now();
        let mut child = command(url).arg("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.map(Result::unwrap).find(|line| line.contains("listens on")).expect("the service starts");
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let ready = format!("http://{address}/health/ready");
        while ureq::get(&ready).call().is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let start_ms = begun.elapsed().as_secs_f64() * 1000.0;
        Service { child, address, start_ms, url: url.to_owned() }
    }

    /// Ends it as its operator would.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success() && self.child.wait().unwrap().success(), "the service ends well");
    }

    /// How long another command takes with the same database, in seconds.
    pub fn time(&self, arguments: &[&str]) -> f64 {
        let begun = Instant::now();
        let status = command(&self.url).args(arguments).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
        begun.elapsed().as_secs_f64()
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }

    /// Memory in MB: now, or the most so far (`VmRSS`, `VmHWM`).
    pub fn memory(&self, what: &str) -> f64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Time of processors that it has taken, in seconds.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Waits until it has nothing left to do: what was just filled is put in order while nobody asks.
    pub fn rest(&self) {
        for _ in 0..60 {
            let before = self.cpu();
            std::thread::sleep(Duration::from_secs(2));
            if self.cpu() - before < 0.05 {
                return;
            }
        }
    }

    /// Open file descriptors.
    pub fn files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// A token with scopes.
    pub fn token(&self, scopes: &str) -> String {
        let mut config = aufsicht::Config::for_database(&self.url).unwrap();
        config.tokens.secret = Some(SECRET.into());
        let scopes: Vec<Scope> = scopes.split(' ').map(|scope| Scope::parse(scope).unwrap()).collect();
        let tokens = Tokens::new(&config).unwrap();
        tokens.issue("load", &scopes, Duration::from_secs(24 * 3600), aufsicht::Clock::system().now()).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
