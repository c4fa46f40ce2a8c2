//! The service as a process of its own, with the real binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aufsicht::Config;
use aufsicht::auth::{Scope, Tokens};

use super::{Client, Directory, SEAL_KEY, SECRET, signal};

/// The binary in a directory, with nothing of the caller's settings but the tests' key to personal data.
pub fn aufsicht(directory: &Path) -> Command {
    without_settings(Command::new(env!("CARGO_BIN_EXE_aufsicht")), directory)
}

fn without_settings(mut command: Command, directory: &Path) -> Command {
    command.current_dir(directory).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("AUFSICHT_SEAL_KEY", SEAL_KEY);
    command
}

/// A service that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `serve` and returns what it printed up to the line that contains `until`.
pub fn serve(command: &mut Command, until: &str) -> (Running, String) {
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut printed = String::new();
    for line in BufReader::new(running.0.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        printed += &format!("{line}\n");
        if line.contains(until) {
            return (running, printed);
        }
    }
    panic!("the service ended: {printed}");
}

/// A service in a process of its own.
pub struct Process {
    running: Running,
    /// With all scopes.
    pub client: Client,
    _directory: Directory,
}

impl Process {
    /// A service on a database, with further settings. A file that would become too large fails its writes, as a full
    /// disk does (see [`Process::limit_files`]), in place of ending the process.
    pub fn start(url: &str, settings: &[(&str, &str)]) -> Process {
        let directory = Directory::new();
        if url.strip_prefix("sqlite:").is_some_and(|file| !Path::new(file).exists()) {
            let mut migrate = aufsicht(&directory.0);
            let migrate = migrate.arg("migrate").env("DATABASE_URL", url).envs(settings.iter().copied());
            assert!(migrate.stdout(Stdio::null()).status().unwrap().success());
        }
        let mut command = without_settings(Command::new("sh"), &directory.0);
        command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", env!("CARGO_BIN_EXE_aufsicht")]);
        command.envs([("DATABASE_URL", url), ("AUFSICHT_LISTEN", "127.0.0.1:0"), ("AUFSICHT_JWT_SECRET", SECRET)]);
        command.env("AUFSICHT_DRAIN", "0s");
        let (running, printed) = serve(command.envs(settings.iter().copied()), "listens on ");
        let base = printed.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap().to_owned();
        let mut config = Config::for_database(url).unwrap();
        config.tokens.secret = Some(SECRET.into());
        let tokens = Tokens::new(&config).unwrap();
        let now = aufsicht::Clock::system().now();
        let token = tokens.issue("process", Scope::ALL, Duration::from_secs(3600), now).unwrap();
        Process { running, client: Client::new(&base, Some(token)), _directory: directory }
    }

    /// Its number.
    pub fn id(&self) -> String {
        self.running.0.id().to_string()
    }

    /// The most memory that it has ever had, in KiB.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Lets the peak begin anew with the memory that it has now, in KiB.
    pub fn forget_peak(&self) -> u64 {
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").unwrap();
        self.memory("VmRSS:")
    }

    fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(which)).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ends it without a warning.
    pub fn kill(mut self) {
        self.running.0.kill().unwrap();
        self.running.0.wait().unwrap();
    }

    /// Takes its processor from it until it is resumed.
    pub fn suspend(&self) {
        signal("STOP", &[self.id()]);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        signal("CONT", &[self.id()]);
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        signal("TERM", &[self.id()]);
    }

    /// Tells it that its files have changed.
    pub fn hang_up(&self) {
        signal("HUP", &[self.id()]);
    }

    /// Waits until it has ended; its exit code.
    pub fn wait(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.running.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "the service does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets no file become larger: the soft limit in bytes, and a colon.
    pub fn limit_files(&self, limit: &str) {
        let limit = format!("--fsize={limit}");
        assert!(Command::new("prlimit").args(["--pid", &self.id(), &limit]).status().unwrap().success());
    }
}
