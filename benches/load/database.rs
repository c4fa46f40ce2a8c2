//! The database of a run: where it is, what it takes, and what is asked of it beside the service.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Arguments;
use super::postgres::{Cluster, binaries};
use super::proxy::{Link, Proxy};
use super::service::directory;

/// The place of a database.
pub enum Target {
    File(String),
    Server,
}

/// The place that a URL names.
pub fn target(url: &str) -> Target {
    url.strip_prefix("sqlite:").map_or(Target::Server, |path| Target::File(path.to_owned()))
}

/// The contents of a run's database: so many records, of a profile.
pub fn contents(arguments: &Arguments) -> String {
    let profile = arguments.profile.as_ref().and_then(|profile| profile.file_name()?.to_str());
    let keys = if arguments.record_keys { "-record-keys" } else { "" };
    let delay = if arguments.delay > 0.0 { format!("-{}ms", arguments.delay) } else { String::new() };
    arguments.records.to_string() + &profile.map_or_else(String::new, |profile| format!("-{profile}")) + keys + &delay
}

/// The URL of the database of keys beside that of a run.
pub fn record_keys(url: &str, cluster: Option<&Cluster>) -> String {
    match (target(url), cluster) {
        (Target::Server, Some(cluster)) => cluster.create_database(None),
        _ => url.replace(".sqlite3", ".record-keys.sqlite3"),
    }
}

/// The database's URL, and whether an earlier run has filled it.
pub fn database(arguments: &Arguments, cluster: Option<&Cluster>) -> (String, bool) {
    if let Some(cluster) = cluster {
        return (cluster.create_database(None), false);
    }
    let path = directory().join(format!("{}.sqlite3", contents(arguments)));
    let mark = path.with_extension("filled");
    if arguments.fresh || !mark.exists() {
        for ending in ["sqlite3", "sqlite3-wal", "sqlite3-shm", "access-log.sqlite3", "record-keys.sqlite3", "filled"] {
            let _ = std::fs::remove_file(path.with_extension(ending));
        }
    }
    let filled = mark.exists();
    // Only a run that comes to its end leaves the mark; see `Run::finish`.
    (format!("sqlite:{}", path.display()), filled)
}

/// A link to a server of a URL that takes as long as the run wants, and the URL that leads over it.
pub fn far_away(url: String, arguments: &Arguments) -> (Option<Proxy>, String) {
    if arguments.delay == 0.0 || matches!(target(&url), Target::File(_)) {
        return (None, url);
    }
    let (link, over) = Proxy::before(&url);
    link.set(Link::Slow(Duration::from_secs_f64(arguments.delay / 2000.0)));
    (Some(link), over)
}

/// The bytes that the database takes on disk, with its log, the access log and the keys of records beside it.
pub fn bytes_on_disk(url: &str) -> f64 {
    match target(url) {
        Target::File(path) => {
            let endings = ["sqlite3", "sqlite3-wal", "access-log.sqlite3", "record-keys.sqlite3"];
            let size = |ending| std::fs::metadata(Path::new(&path).with_extension(ending)).map_or(0, |file| file.len());
            endings.into_iter().map(size).sum::<u64>() as f64
        }
        Target::Server => told(url, "SELECT pg_database_size(current_database())").parse().unwrap(),
    }
}

/// Takes the files of the database out of the memory of the system, and of the server; returns them.
pub fn forget_files(url: &str, cluster: Option<&Cluster>) -> Vec<PathBuf> {
    let files: Vec<PathBuf> = match (target(url), cluster) {
        (Target::File(path), _) => vec![path.into()],
        (Target::Server, Some(cluster)) => {
            let number = told(url, "SELECT oid FROM pg_database WHERE datname = current_database()");
            cluster.stop();
            cluster.files(&number)
        }
        (Target::Server, None) => Vec::new(),
    };
    for file in &files {
        let mut command = Command::new("dd");
        command.arg(format!("if={}", file.display())).args(["iflag=nocache", "count=0", "status=none"]);
        assert!(command.status().unwrap().success(), "{}", file.display());
    }
    if let Some(cluster) = cluster {
        cluster.start_again();
    }
    files
}

/// Brings files into the memory of the system again, so that what is measured next does not wait for the disk.
pub fn recall_files(files: &[PathBuf]) {
    for file in files {
        let read = File::open(file).and_then(|mut file| std::io::copy(&mut file, &mut std::io::sink()));
        // A server may have done away with a file meanwhile.
        assert!(read.is_ok() || !file.exists(), "{}: {read:?}", file.display());
    }
}

/// A program that belongs to the server.
pub fn program(name: &str) -> Command {
    Command::new(binaries().join(name))
}

/// The one value that a query of PostgreSQL gives.
fn told(url: &str, query: &str) -> String {
    let output = program("psql").args([url, "-A", "-t", "-c", query]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs a statement on PostgreSQL.
pub fn sql(url: &str, statement: &str) {
    let done = program("psql").args([url, "-q", "-c", statement]).status().unwrap();
    assert!(done.success(), "{statement}");
}
