//! A PostgreSQL server for the tests: started when first asked for, gone with the test process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A server with a directory of its own.
pub struct Cluster {
    port: u16,
    directory: PathBuf,
    /// What starts the server.
    line: Vec<String>,
    /// Ends the server when its standard input is closed, which happens even when the tests are killed.
    keeper: Child,
}

/// A server that was stopped in the middle of its work, until this is dropped.
pub struct Frozen<'a>(&'a Cluster);

/// Waits for the end of its input, then stops the server and removes its directory.
const KEEPER: &str = r#"
trap : INT TERM HUP
"$@" > "$DIRECTORY/log" 2>&1 < /dev/null &
cat > /dev/null
SERVER="$(head -n 1 "$DIRECTORY/data/postmaster.pid")"
kill -INT "$SERVER"
while kill -0 "$SERVER" 2> /dev/null; do sleep 0.1; done
rm -rf "$DIRECTORY"
"#;

impl Cluster {
    /// Makes and starts a server for tests, which need not survive a power cut.
    pub fn start() -> Cluster {
        Cluster::start_with(&["fsync=off", "max_connections=400", "shared_buffers=64MB", "listen_addresses=127.0.0.1"])
    }

    /// Makes and starts a server with settings.
    pub fn start_with(settings: &[&str]) -> Cluster {
        let (port, directory) = place();
        let data = directory.join("data").display().to_string();
        run("initdb", &["-D", &data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
        Cluster::launch(port, directory, settings)
    }

    /// Makes and starts a server that follows this one.
    pub fn standby(&self) -> Cluster {
        let (port, directory) = place();
        let data = directory.join("data").display().to_string();
        let primary = self.port.to_string();
        let from = ["-h", "127.0.0.1", "-p", &primary, "-U", "postgres", "-D", &data, "-R", "-X", "stream"];
        run("pg_basebackup", &[&from[..], &["--checkpoint=fast", "--no-sync"]].concat());
        let settings =
            ["fsync=off", "max_connections=400", "listen_addresses=127.0.0.1", "wal_retrieve_retry_interval=100ms"];
        Cluster::launch(port, directory, &settings)
    }

    /// Makes a server that follows another one the primary.
    pub fn promote(&self) {
        let mut connection = PgConnection::establish(&self.url("postgres")).unwrap();
        connection.batch_execute("SELECT pg_promote()").unwrap();
    }

    /// Waits until this standby has all that its primary has.
    pub fn catch_up_with(&self, primary: &Cluster) {
        let lsn = |cluster: &Cluster, sql: &str| {
            let mut connection = PgConnection::establish(&cluster.url("postgres")).unwrap();
            let sql = format!("SELECT CAST({sql} - '0/0' AS BIGINT) AS number");
            diesel::sql_query(sql).get_result::<Found>(&mut connection).unwrap().number
        };
        let (written, begun) = (lsn(primary, "pg_current_wal_lsn()"), Instant::now());
        while lsn(self, "pg_last_wal_replay_lsn()") < written {
            assert!(begun.elapsed() < Duration::from_secs(30), "the standby does not follow");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Changes a setting while it runs.
    pub fn set(&self, setting: &str) {
        let mut connection = PgConnection::establish(&self.url("postgres")).unwrap();
        connection.batch_execute(&format!("ALTER SYSTEM SET {setting}")).unwrap();
        connection.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    /// Acknowledges nothing from now on that its standby has not.
    pub fn let_standby_acknowledge(&self) {
        self.set("synchronous_standby_names = '*'");
        self.wait_for_standbys(1, "WHERE sync_state = 'sync'");
    }

    /// Waits until so many standbys follow it.
    pub fn wait_for_standbys(&self, number: i64, chosen: &str) {
        let mut connection = PgConnection::establish(&self.url("postgres")).unwrap();
        let begun = Instant::now();
        let followers = format!("SELECT count(*) AS number FROM pg_stat_replication {chosen}");
        while diesel::sql_query(&followers).get_result::<Found>(&mut connection).unwrap().number != number {
            assert!(begun.elapsed() < Duration::from_secs(30), "{followers}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The URL of a database at whichever of two servers takes writes.
    pub fn url_with(&self, other: &Cluster, database: &str) -> String {
        let hosts = format!("127.0.0.1:{},127.0.0.1:{}", self.port, other.port);
        format!("postgres://postgres@{hosts}/{database}?target_session_attrs=read-write")
    }

    fn launch(port: u16, directory: PathBuf, settings: &[&str]) -> Cluster {
        let data = directory.join("data").display().to_string();
        let (port_text, sockets) = (port.to_string(), directory.display().to_string());
        let mut arguments = vec!["-D", &data, "-p", &port_text, "-k", &sockets];
        settings.iter().for_each(|setting| arguments.extend(["-c", setting]));
        let line = as_server("postgres", &arguments);
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .args(&line)
            .env("DIRECTORY", &directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Cluster { port, directory, line, keeper };
        cluster.wait_until_it_answers();
        cluster
    }

    fn wait_until_it_answers(&self) {
        let begun = Instant::now();
        while let Err(error) = PgConnection::establish(&self.url("postgres")) {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not start: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn server(&self) -> String {
        let file = std::fs::read_to_string(self.directory.join("data/postmaster.pid")).unwrap();
        file.lines().next().unwrap().to_owned()
    }

    /// Stops the server as its operator would, without waiting for its clients.
    pub fn stop(&self) {
        signal("INT", &[self.server()]);
        let begun = Instant::now();
        while self.directory.join("data/postmaster.pid").exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not stop");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts it again.
    pub fn start_again(&self) {
        let quiet = || Stdio::null();
        let mut command = Command::new("sh");
        command.args(["-c", "\"$@\" &", "sh"]).args(&self.line).current_dir("/");
        assert!(command.stdin(quiet()).stdout(quiet()).stderr(quiet()).status().unwrap().success());
        self.wait_until_it_answers();
    }

    /// Sends a signal to the server first, so that it makes no more processes, and then to those that there are; some
    /// may just have ended.
    fn signal_all(&self, name: &str) {
        let server = self.server();
        signal(name, std::slice::from_ref(&server));
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        for child in children.split_whitespace() {
            let _ = Command::new("kill").args([&format!("-{name}"), child]).stderr(Stdio::null()).status();
        }
    }

    /// Ends all its processes where they are.
    pub fn kill(&self) {
        // Those that have stopped make no more.
        self.signal_all("STOP");
        let server = self.server();
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        let all: Vec<String> =
            std::iter::once(server.as_str()).chain(children.split_whitespace()).map(str::to_owned).collect();
        let parent = parent_of(&server);
        signal("KILL", &all);
        signal("CONT", &[parent]);
    }

    /// Stops all its processes where they are: it is there, and says nothing.
    pub fn freeze(&self) -> Frozen<'_> {
        self.signal_all("STOP");
        Frozen(self)
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database whose files lie in a directory, which becomes the server's, and returns its URL.
    pub fn create_database_in(&self, directory: &Path) -> String {
        assert!(Command::new("chown").arg("postgres").arg(directory).status().unwrap().success());
        let mut connection = PgConnection::establish(&self.url("postgres")).unwrap();
        connection.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{}'", directory.display())).unwrap();
        connection.batch_execute("CREATE DATABASE small TABLESPACE small TEMPLATE template0").unwrap();
        self.url("small")
    }

    /// Makes a database that is empty, or like another one, and returns its URL.
    pub fn create_database(&self, like: Option<&str>) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let mut connection = PgConnection::establish(&self.url("postgres")).unwrap();
        let template = like.and_then(|url| url.rsplit('/').next()).unwrap_or("template0");
        connection.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
        self.url(&name)
    }
}

impl Cluster {
    /// The files of a database, by its number.
    pub fn files(&self, database: &str) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.directory.join("data/base").join(database)).unwrap().flatten();
        files.map(|file| file.path()).collect()
    }

    /// Whether a text stands in one of the files of a database, by its number.
    pub fn holds(&self, database: &str, text: &str) -> bool {
        // A file may go while this looks at it.
        let files = self.files(database).into_iter().filter_map(|file| std::fs::read(file).ok());
        files.into_iter().any(|bytes| String::from_utf8_lossy(&bytes).contains(text))
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.signal_all("CONT");
        signal("CONT", &[parent_of(&self.0.server())]);
    }
}

/// The process that has started one, which may have stopped with it.
fn parent_of(process: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// A port that nobody listens at, of those that the system gives to no connection by itself: it is still free when the server has
/// been made.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(97);
    let next = || 10_000 + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let mut ports = std::iter::repeat_with(|| u16::try_from(next()).unwrap());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// A free port, and a directory of the server's own.
fn place() -> (u16, PathBuf) {
    let port = free_port();
    let directory = std::env::temp_dir().join(format!("aufsicht-postgres-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    if is_root() {
        assert!(Command::new("chown").arg("postgres").arg(&directory).status().unwrap().success());
    }
    (port, directory)
}

/// The command line of a program of the server's, which does not run as root.
fn as_server(program: &str, arguments: &[&str]) -> Vec<String> {
    let mut line: Vec<String> = Vec::new();
    if is_root() {
        line.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
    }
    line.push(binaries().join(program).display().to_string());
    line.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    line
}

/// Runs a program of the server's.
fn run(program: &str, arguments: &[&str]) {
    let line = as_server(program, arguments);
    let done = Command::new(&line[0]).args(&line[1..]).current_dir("/").stdout(Stdio::null()).status();
    assert!(done.unwrap().success(), "{program} failed");
}

/// Sends a signal to processes.
pub fn signal(name: &str, processes: &[String]) {
    assert!(Command::new("kill").arg(format!("-{name}")).args(processes).status().unwrap().success());
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The server that all tests share.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

/// A program that comes with the server, such as `pg_dump`.
pub fn program(name: &str) -> Command {
    Command::new(binaries().join(name))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}

/// Where the server's programs are: named by POSTGRES_BIN, Debian's newest, or anywhere on the path.
pub fn binaries() -> PathBuf {
    let mut places: Vec<PathBuf> = std::env::var_os("POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    debian.sort();
    places.extend(debian.into_iter().rev());
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let has_server = |place: &PathBuf| place.join("initdb").exists() && place.join("postgres").exists();
    places.into_iter().find(has_server).map(|place| Path::new(&place).to_path_buf()).expect(
        "these tests need a PostgreSQL server, which is not installed: apt-get install postgresql (or set POSTGRES_BIN)",
    )
}

/// A pooler (PgBouncer) before a server; gone when it is dropped.
pub struct Pooler {
    process: Child,
    directory: PathBuf,
    port: u16,
}

impl Pooler {
    /// Starts a pooler in a mode: `session` or `transaction`. `None`, said loudly, where there is no PgBouncer; in CI there
    /// must be one.
    pub fn start(cluster: &Cluster, mode: &str) -> Option<Pooler> {
        let program = Path::new("/usr/sbin/pgbouncer");
        if !program.exists() {
            assert!(std::env::var_os("CI").is_none(), "PgBouncer is missing");
            eprintln!("NOT TESTED: PgBouncer is missing (apt-get install pgbouncer)");
            return None;
        }
        let (port, directory) = place();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\npool_mode = {mode}\nunix_socket_dir =\n",
            cluster.port
        );
        let file = directory.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut line: Vec<String> = Vec::new();
        if is_root() {
            line.extend(["runuser", "-u", "postgres", "--"].map(str::to_owned));
        }
        line.extend([program.display().to_string(), file.display().to_string()]);
        let quiet = || Stdio::null();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).current_dir("/").stdin(quiet()).stdout(quiet()).stderr(quiet());
        let pooler = Pooler { process: command.spawn().unwrap(), directory, port };
        let begun = Instant::now();
        while let Err(error) = PgConnection::establish(&pooler.url("postgres")) {
            assert!(begun.elapsed() < Duration::from_secs(30), "PgBouncer does not start: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(pooler)
    }

    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may run under another account's name, and then is a child of what was started.
        let children = format!("/proc/{0}/task/{0}/children", self.process.id());
        for child in std::fs::read_to_string(children).unwrap_or_default().split_whitespace() {
            let _ = Command::new("kill").arg(child).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
