//! What is measured, row by row.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::chance::chance;
use super::database::{
    Target, bytes_on_disk, contents, database, far_away, forget_files, program, recall_files, record_keys, sql, target,
};
use super::fill;
use super::http::{CONNECTIONS, Connection, Measured, measure, request};
use super::postgres::Cluster;
use super::service::{Service, directory, keep_record_keys};
use super::table::Table;
use super::{Arguments, Kind, own, webhook};

const READING: &str = "register:read statistics:read";
const SENDING: &str = "register:read register:write";
const ALL: &str = "register:read register:write personal:read statistics:read webhooks:manage";
const JSON: &str = "Content-Type: application/json\r\n";

/// A run: a service, its table, and what requests are made of.
struct Run<'a> {
    arguments: &'a Arguments,
    service: Service,
    table: Table,
    reader: Rc<str>,
    /// Writes, and is shown no personal data.
    sender: Rc<str>,
    /// May do everything: each answer with personal data is recorded before it goes out.
    writer: Rc<str>,
    ids: Rc<[String]>,
}

/// Measures everything; true when something failed.
pub async fn run(arguments: &Arguments) -> bool {
    let settings = ["shared_buffers=512MB", "max_wal_size=4GB", "max_connections=100", "listen_addresses=127.0.0.1"];
    let cluster = (arguments.database == Kind::Postgres).then(|| Cluster::start_with(&settings));
    let (url, filled) = database(arguments, cluster.as_ref());
    let (_link, url) = far_away(url, arguments);
    if arguments.record_keys {
        keep_record_keys(record_keys(&url, cluster.as_ref()));
    }
    let name = format!("{:?}-{}", arguments.database, contents(arguments)).to_lowercase();
    let mut service = Service::start(&url);
    let mut rate = None;
    if !filled {
        rate = Some(fill::fill(&service.address, &service.token(ALL), arguments.records).await);
    }
    service.stop();
    if cluster.is_some() {
        sql(&url, "VACUUM ANALYZE");
    }
    service = Service::start(&url);
    let mut table = Table::new(&name);
    table.figure("start until ready", service.start_ms, "ms");
    service.rest();
    service.stop();
    let files = forget_files(&url, cluster.as_ref());
    service = Service::start(&url);
    table.figure("start until ready, nothing in memory", service.start_ms, "ms");
    recall_files(&files);
    service.rest();
    table.figure("memory, idle", service.memory("VmRSS"), "MB");
    if let Some(rate) = rate {
        table.figure("batch (filling)", rate, "records/s");
    }
    table.figure("database size", bytes_on_disk(&url) / arguments.records as f64, "bytes/record");
    let [reader, sender, writer] = [READING, SENDING, ALL].map(|scopes| service.token(scopes).into());
    let mut run = Run { arguments, service, table, reader, sender, writer, ids: Rc::new([]) };
    run.ids = run.some_ids().await;
    run.reads().await;
    run.statistics().await;
    run.writes().await;
    run.streams().await;
    run.under_writes().await;
    run.finish();
    if cluster.is_some() {
        run.bare_statements(&url);
    }
    run.soak().await;
    let Run { service, table, .. } = run;
    service.stop();
    table.keep()
}

impl Run<'_> {
    fn skips(&self, name: &str) -> bool {
        !name.contains(&self.arguments.only) && name != "health/live (reference)"
    }

    async fn row(&mut self, name: &str, make: impl Fn(usize, usize) -> Vec<u8> + Clone + 'static) {
        if self.skips(name) {
            return;
        }
        let address = self.service.address.clone();
        measure(&address, CONNECTIONS, 0.2, None, make.clone()).await;
        let before = self.service.cpu();
        let measured = measure(&address, CONNECTIONS, self.arguments.seconds, None, make).await;
        let cpu = self.service.cpu() - before;
        self.table.requests(name, &measured, cpu);
    }

    /// A row of one and the same request.
    async fn get(&mut self, name: &str, path: &str) {
        let request = request("GET", path, &self.reader, "", "");
        self.row(name, move |_, _| request.clone()).await;
    }

    async fn ask(&self, path: &str) -> Value {
        let mut connection = Connection::open(&self.service.address).await;
        let answer = connection.send(&request("GET", path, &self.reader, "", "")).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The ids of cases from all over the register.
    async fn some_ids(&self) -> Rc<[String]> {
        const MOST: usize = 20_000;
        let cases = self.arguments.records * 85 / 100;
        let mut connection = Connection::open(&self.service.address).await;
        let mut ids = Vec::new();
        for turn in 0..cases.min(MOST) {
            let path = format!("/v1/cases/external/load/{}", chance(turn) % cases);
            let answer = connection.send(&request("GET", &path, &self.reader, "", "")).await;
            assert_eq!(answer.status, 200, "{path}");
            let case: Value = serde_json::from_slice(&answer.body).unwrap();
            ids.push(case["id"].as_str().unwrap().to_owned());
        }
        ids.into()
    }

    /// A request for one of the records.
    fn one(&self, token: &Rc<str>) -> impl Fn(usize, usize) -> Vec<u8> + Clone + 'static + use<> {
        let (ids, token) = (self.ids.clone(), token.clone());
        move |connection, turn| {
            let id = &ids[chance(connection * 1_000_003 + turn) % ids.len()];
            request("GET", &format!("/v1/cases/{id}"), &token, "", "")
        }
    }

    async fn reads(&mut self) {
        let live = request("GET", "/health/live", "", "", "");
        self.row("health/live (reference)", move |_, _| live.clone()).await;
        self.row("read one", self.one(&self.reader)).await;
        let path = format!("/v1/cases/{}", self.ids[0]);
        self.get("read one, always the same", &path).await;
        self.row("read one, with personal data", self.one(&self.writer)).await;
        self.get("list of 50", "/v1/cases").await;
        let list = request("GET", "/v1/cases", &self.writer, "", "");
        self.row("list of 50, with personal data", move |_, _| list.clone()).await;
        self.get("list of 50, area and year", "/v1/cases?area=IT&year=2012").await;
        let mut path = "/v1/cases".to_owned();
        for _ in 0..99 {
            let page = self.ask(&path).await;
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/v1/cases?cursor={next}");
        }
        self.get("list of 50, 100th page", &path).await;
        let token = self.reader.clone();
        let search = move |connection: usize, turn: usize| {
            let title = fill::title(chance(connection * 7919 + turn));
            let mut words = title.split(' ');
            let (first, second) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            let second: String = second.chars().take(4).collect();
            request("GET", &format!("/v1/cases?q={}%20{}", encoded(first), encoded(&second)), &token, "", "")
        };
        self.row("search, two words", search).await;
        self.get("search, a word of each 16th", "/v1/cases?q=akteneinsicht").await;
        self.searches().await;
    }

    /// Words of many titles and of few, alone and with each other.
    async fn searches(&mut self) {
        for (place, (name, word)) in fill::SOUGHT.into_iter().enumerate() {
            self.get(&format!("search, {name}"), &format!("/v1/cases?q={word}")).await;
            for (other, with) in &fill::SOUGHT[..place] {
                let path = format!("/v1/cases?q={word}%20{with}");
                self.get(&format!("search, {name} and {other}"), &path).await;
            }
        }
        self.get("search, every, by title", "/v1/cases?q=anfrage&sort=title").await;
        self.get("search, 10,000th, by title", "/v1/cases?q=volksinitiative&sort=title").await;
    }

    async fn statistics(&mut self) {
        const SERVICES: &str = "/v1/statistics/services?from=2012&to=2017";
        let rows = [
            ("services 2012 to 2017", SERVICES.to_owned()),
            ("services as XLSX", format!("{SERVICES}&format=xlsx")),
            ("counts by year and area", "/v1/statistics/counts?by=year,area&register=cases&from=2012&to=2017".into()),
            ("channels 2012 to 2017", "/v1/statistics/channels?from=2012&to=2017".into()),
            ("backlog 2012 to 2017", "/v1/statistics/backlog?from=2012&to=2017".into()),
            ("durations 2017", "/v1/statistics/durations?year=2017&by=requester".into()),
            ("report 2017 as HTML", "/v1/reports/2017?format=html".into()),
            ("report 2017 as PDF", "/v1/reports/2017?format=pdf".into()),
        ];
        for (name, path) in &rows {
            self.get(name, path).await;
        }
        self.own().await;
        self.get("records behind a cell", "/v1/statistics/services/inquiries.area.it/2017/records").await;
        for (name, path) in &rows {
            self.first(name, path).await;
        }
    }

    /// Figures and lists by what is the authority's own.
    async fn own(&mut self) {
        let Some(own) = own::own() else { return };
        if let Some((path, codes)) = own.dimensions.first() {
            let counts = format!("/v1/statistics/counts?by=year,{path}&register=cases&from=2012&to=2017");
            self.get("counts by year and an own dimension", &counts).await;
            self.get("list of 50, by an own dimension", &format!("/v1/cases?{path}={}", codes[0])).await;
        }
        if let Some(path) = own.numbers.first() {
            self.get("sums of an own number by year", &format!("/v1/statistics/counts?by=year&measure=sum:{path}"))
                .await;
            self.get("list of 50, sorted by an own number", &format!("/v1/cases?sort={path}")).await;
        }
    }

    /// How long a figure takes that cannot be given again, because something was written since it was asked for.
    async fn first(&mut self, name: &str, path: &str) {
        let name = format!("{name}, after a write");
        if self.skips(&name) {
            return;
        }
        let mut connection = Connection::open(&self.service.address).await;
        let write = request("POST", "/v1/cases", &self.writer, JSON, r#"{"title": "Etwas Neues", "area": "IT"}"#);
        let read = request("GET", path, &self.reader, "", "");
        let mut measured = Measured::default();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs_f64(self.arguments.seconds) {
            assert_eq!(connection.send(&write).await.status, 201);
            let asked = Instant::now();
            assert_eq!(connection.send(&read).await.status, 200, "{path}");
            measured.micros.push(asked.elapsed().as_micros() as u32);
        }
        measured.micros.sort_unstable();
        self.table.figure(&name, measured.percentile(0.5), "ms, p50");
    }

    async fn writes(&mut self) {
        let cases = self.arguments.records * 85 / 100;
        let stamp = aufsicht::Clock::system().now().and_utc().timestamp_micros() as usize;
        let creating = |token: &Rc<str>, stamp: usize, late: bool| {
            let token = token.clone();
            move |connection: usize, turn: usize| {
                let body = fill::case(stamp + connection * 1_000_000 + turn, cases, 1);
                let mut body: Value = serde_json::from_str(&body).unwrap();
                let properties = body.as_object_mut().unwrap();
                properties.remove("external");
                if !late {
                    ["received_on", "closed_on"].iter().for_each(|date| _ = properties.remove(*date));
                }
                request("POST", "/v1/cases", &token, JSON, &body.to_string())
            }
        };
        // As a case comes in: received today, and open.
        self.row("create", creating(&self.sender, stamp, false)).await;
        self.row("create, with personal data", creating(&self.writer, stamp + 1, false)).await;
        // As one enters what was done some days ago: each of them on another day, most of them closed.
        self.row("create, entered late", creating(&self.sender, stamp + 2, true)).await;
        let patching = |token: &Rc<str>, ids: &Rc<[String]>| {
            let (token, ids) = (token.clone(), ids.clone());
            move |connection: usize, turn: usize| {
                let id = &ids[chance(connection * 1_000_003 + turn) % ids.len()];
                let area = ["IT", "POLICE", "SOCIAL", "HEALTH"][(turn + connection) % 4];
                let body = format!(r#"{{"area": "{area}", "outcome": "Stand {turn} {connection}"}}"#);
                let headers = format!("{JSON}If-Match: *\r\n");
                request("PATCH", &format!("/v1/cases/{id}"), &token, &headers, &body)
            }
        };
        self.row("patch", patching(&self.sender, &self.ids)).await;
        self.row("patch, with personal data", patching(&self.writer, &self.ids)).await;
        let token = self.writer.clone();
        let put = move |connection: usize, number: usize, version: usize| {
            let number = (number * CONNECTIONS + connection) % cases;
            request(
                "PUT",
                &format!("/v1/cases/external/load/{number}"),
                &token,
                JSON,
                &fill::case(number, cases, version),
            )
        };
        let changing = put.clone();
        // Each delivery is newer than the one before, over all runs.
        self.row("upsert that changes", move |c, turn| changing(c, turn, stamp + turn)).await;
        // The same connection says the same of the same record again: the first time may change something.
        let version = stamp + 10_000_000;
        self.row("upsert, the same again", move |c, turn| put(c, turn % 4, version)).await;
    }

    async fn streams(&mut self) {
        if !self.skips("feed") {
            let (mut after, mut entries, begun) = (String::new(), 0, Instant::now());
            while begun.elapsed() < Duration::from_secs_f64(self.arguments.seconds) {
                let page = self.ask(&format!("/v1/changes?limit=1000{after}")).await;
                let read = page["items"].as_array().unwrap().len();
                entries += read;
                after = format!("&after={}", page["next"].as_str().unwrap());
                if read < 1000 {
                    break;
                }
            }
            self.table.figure("feed", entries as f64 / begun.elapsed().as_secs_f64(), "entries/s");
        }
        if !self.skips("export") {
            let begun = Instant::now();
            let path = "/v1/cases/export?format=ndjson";
            let mut connection = Connection::open(&self.service.address).await;
            let answer = connection.send(&request("GET", path, &self.reader, "", "")).await;
            let lines = answer.body.iter().filter(|byte| **byte == b'\n').count();
            self.table.figure("export as NDJSON", lines as f64 / begun.elapsed().as_secs_f64(), "records/s");
        }
        if !self.skips("webhook") {
            let measured = webhook::latency(&self.service.address, &self.writer).await;
            self.table.figure("change to webhook, p50", measured.percentile(0.5), "ms");
        }
    }

    /// Reads while others write, each at a pace.
    async fn under_writes(&mut self) {
        if self.skips("under writes") {
            return;
        }
        let (address, seconds) = (self.service.address.clone(), self.arguments.seconds);
        let token = self.writer.clone();
        let create = move |connection: usize, turn: usize| {
            let body = format!(r#"{{"title": "Nebenher {connection} {turn}", "area": "IT"}}"#);
            request("POST", "/v1/cases", &token, JSON, &body)
        };
        let writing = measure(&address, CONNECTIONS, seconds, Some(1000.0), create);
        let reading = measure(&address, CONNECTIONS, seconds, Some(1000.0), self.one(&self.reader));
        let before = self.service.cpu();
        let (writes, reads) = tokio::join!(writing, reading);
        let cpu = self.service.cpu() - before;
        self.table.requests("reads under writes (1000/s each)", &reads, cpu);
        self.table.requests("writes beside (1000/s each)", &writes, cpu);
    }

    fn finish(&mut self) {
        self.table.figure("memory, most under load", self.service.memory("VmHWM"), "MB");
        if let Target::File(path) = target(&self.service.url) {
            std::fs::write(std::path::Path::new(&path).with_extension("filled"), "").unwrap();
        }
        if !self.skips("verify") {
            let seconds = self.service.time(&["verify"]);
            self.table.figure("verify (all, with the trail)", seconds, "s");
        }
    }

    /// What PostgreSQL does with the bare statements, over as many connections.
    fn bare_statements(&mut self, url: &str) {
        if self.skips("pgbench") {
            return;
        }
        sql(url, "CREATE TABLE bare (LIKE records INCLUDING ALL)");
        let records = self.arguments.records;
        let select = format!("\\set p random(1, {records})\nSELECT * FROM records WHERE pos = :p;\n");
        let insert = "INSERT INTO bare (id, register, number, title, received_on, status, area, details, created_at, updated_at, revision) \
            VALUES (gen_random_uuid()::text, 'cases', gen_random_uuid()::text, 'Ein Fall', '2017-03-14', 'OPEN', 'IT', '{}', now()::timestamp, now()::timestamp, 1);\n";
        for (name, script) in [("pgbench, select", select.as_str()), ("pgbench, insert", insert)] {
            let file = directory().join("pgbench.sql");
            std::fs::write(&file, script).unwrap();
            let connections = CONNECTIONS.to_string();
            let seconds = self.arguments.seconds.ceil().to_string();
            let arguments = ["-n", "-M", "prepared", "-c", &connections, "-j", "1", "-T", &seconds, "-f"];
            let output = program("pgbench").args(arguments).arg(&file).arg(url).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
            self.table.figure(name, rate.unwrap_or_else(|| panic!("{text}")), "per s");
        }
    }

    /// Memory and file descriptors over a long time of load.
    async fn soak(&mut self) {
        for minute in 1..=self.arguments.soak {
            let token = self.writer.clone();
            let create = move |connection: usize, turn: usize| {
                let body = format!(r#"{{"title": "Dauerlast {connection} {turn}", "area": "IT"}}"#);
                request("POST", "/v1/cases", &token, JSON, &body)
            };
            let address = self.service.address.clone();
            let writing = measure(&address, CONNECTIONS, 60.0, Some(500.0), create);
            let reading = measure(&address, CONNECTIONS, 60.0, None, self.one(&self.reader));
            let (writes, reads): (Measured, Measured) = tokio::join!(writing, reading);
            let failures = writes.failures + reads.failures;
            println!(
                "minute {minute}: {:.0} reads/s, {:.0} writes/s, {failures} failed, {:.1} MB, {} files",
                reads.rate(),
                writes.rate(),
                self.service.memory("VmRSS"),
                self.service.files()
            );
            self.table.failed |= failures > 0;
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
