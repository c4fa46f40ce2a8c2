//! The service against a model of it: random work through HTTP, restarts, kills, backups and what was restored from them; after
//! each step what the model predicts is compared. The shortest sequence that fails is printed.

mod failover;
mod register;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config as Runner, TestRunner};
use serde_json::{Value, json};

use crate::support::{Backend, Directory, Process, aufsicht, database, differences, record_keys};
use failover::{Failure, Pair, failures};
use register::{AREAS, Case, Content, REQUESTERS, Register, WORDS, YEARS, day, later};

/// The number of steps of both databases together, unless `AUFSICHT_MODEL_STEPS` says another.
const STEPS: u32 = 10_000;

/// The steps of a sequence, at the most.
const LENGTH: usize = 200;

/// After how many steps everything is compared, and not only what a step touched.
const WHOLE: usize = 40;

/// The contents of a case, by their places in the lists.
#[derive(Clone, Copy, Debug)]
struct Said {
    word: usize,
    year: i32,
    month: u32,
    closed_after: Option<u64>,
    area: Option<usize>,
    requester: Option<usize>,
}

impl Said {
    fn content(self, name: &str) -> Content {
        let received = day(self.year, self.month);
        Content {
            title: format!("{} {name}", WORDS[self.word]),
            received,
            closed: self.closed_after.map(|days| later(received, days)),
            area: self.area.map(|area| AREAS[area]),
            requester: self.requester.map(|requester| REQUESTERS[requester]),
            notes: None,
        }
    }
}

/// A change of a case.
#[derive(Clone, Copy, Debug)]
enum Change {
    Area(Option<usize>),
    Requester(Option<usize>),
    Title(usize),
    Notes(Option<u8>),
    Close(u64),
    Reopen,
    Move(i32, u32),
}

/// The revision that a change names.
#[derive(Clone, Copy, Debug)]
enum Tag {
    Held,
    Any,
    Stale,
}

/// Something that somebody does.
#[derive(Clone, Debug)]
enum Step {
    Create(Said),
    CreateTwiceUnderOneKey(Said),
    Patch(usize, Change, Tag),
    Delete(usize, Tag),
    Deliver { key: usize, version: i64, said: Said },
    Batch { lines: Vec<(usize, i64, Said)>, faulty: bool, atomic: bool },
    Publish(i32),
    Erase(usize),
    Restart,
    Kill,
    Backup,
    Restore,
    FailOver(Failure, Said),
}

fn said() -> impl Strategy<Value = Said> {
    let parts = (
        0..WORDS.len(),
        YEARS,
        1..=12_u32,
        prop::option::of(0..500_u64),
        prop::option::of(0..AREAS.len()),
        prop::option::of(0..REQUESTERS.len()),
    );
    parts.prop_map(|(word, year, month, closed_after, area, requester)| Said {
        word,
        year,
        month,
        closed_after,
        area,
        requester,
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        prop::option::of(0..AREAS.len()).prop_map(Change::Area),
        prop::option::of(0..REQUESTERS.len()).prop_map(Change::Requester),
        (0..WORDS.len()).prop_map(Change::Title),
        prop::option::of(0..3_u8).prop_map(Change::Notes),
        (0..500_u64).prop_map(Change::Close),
        Just(Change::Reopen),
        (YEARS, 1..=12_u32).prop_map(|(year, month)| Change::Move(year, month)),
    ]
}

fn tag() -> impl Strategy<Value = Tag> {
    prop_oneof![8 => Just(Tag::Held), 2 => Just(Tag::Any), 1 => Just(Tag::Stale)]
}

fn step() -> impl Strategy<Value = Step> {
    let delivery = || (0..6_usize, 1..9_i64, said());
    let batch = (prop::collection::vec(delivery(), 1..6), any::<bool>(), any::<bool>());
    prop_oneof![
        20 => said().prop_map(Step::Create),
        4 => said().prop_map(Step::CreateTwiceUnderOneKey),
        30 => (0..100_usize, change(), tag()).prop_map(|(at, change, tag)| Step::Patch(at, change, tag)),
        6 => (0..100_usize, tag()).prop_map(|(at, tag)| Step::Delete(at, tag)),
        20 => delivery().prop_map(|(key, version, said)| Step::Deliver { key, version, said }),
        6 => batch.prop_map(|(lines, faulty, atomic)| Step::Batch { lines, faulty, atomic }),
        3 => YEARS.prop_map(Step::Publish),
        1 => (0..100_usize).prop_map(Step::Erase),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
    ]
}

/// A backup, and the register as it was then.
struct Kept {
    file: String,
    register: Register,
    /// The cases that were erased since.
    erased: BTreeSet<String>,
}

/// The service, and the model of it.
struct World {
    backend: Backend,
    url: String,
    /// The database of record keys, where each record has one.
    keys: Option<String>,
    directory: Option<Directory>,
    process: Option<Process>,
    /// The servers, where the primary may fail.
    pair: Option<Pair>,
    model: Register,
    kept: Option<Kept>,
    /// The place in the feed up to which it was read, and how many entries of the model that are.
    read: (Option<String>, usize),
    steps: usize,
}

type Outcome = Result<(), TestCaseError>;

impl World {
    fn new(backend: Backend, has_keys: bool) -> World {
        let (url, directory) = database(backend);
        let keys = has_keys.then(|| record_keys(&url));
        World::on(backend, (url, directory), keys, None)
    }

    /// The same on a primary that may fail.
    fn replicated(has_keys: bool) -> World {
        let pair = Pair::start();
        let keys = has_keys.then(|| database(Backend::Postgres).0);
        World::on(Backend::Postgres, (pair.url(), None), keys, Some(pair))
    }

    fn on(
        backend: Backend,
        (url, directory): (String, Option<Directory>),
        keys: Option<String>,
        pair: Option<Pair>,
    ) -> World {
        let mut world = World {
            backend,
            url,
            keys,
            directory,
            process: None,
            pair,
            model: Register::default(),
            kept: None,
            read: (None, 0),
            steps: 0,
        };
        world.serve();
        world
    }

    fn serve(&mut self) {
        let mut settings = Vec::new();
        settings.extend(self.keys.as_deref().map(|keys| ("AUFSICHT_RECORD_KEYS_URL", keys)));
        settings.extend(self.pair.as_ref().map(|_| ("AUFSICHT_DATABASE_TIMEOUT", "1s")));
        self.process = Some(Process::start(&self.url, &settings));
    }

    fn restart(&mut self) -> Outcome {
        let process = self.process.take().unwrap();
        process.terminate();
        prop_assert_eq!(process.wait(), Some(0));
        self.serve();
        self.check_all()
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    fn take(&mut self, step: &Step) -> Outcome {
        self.steps += 1;
        match step {
            Step::Create(said) => self.create(*said, 1),
            Step::CreateTwiceUnderOneKey(said) => self.create(*said, 2),
            Step::Patch(at, change, tag) => self.patch(*at, *change, *tag),
            Step::Delete(at, tag) => self.delete(*at, *tag),
            Step::Deliver { key, version, said } => self.deliver(*key, *version, *said),
            Step::Batch { lines, faulty, atomic } => self.batch(lines, *faulty, *atomic),
            Step::Publish(year) => self.publish(*year),
            Step::Erase(at) => self.erase(*at),
            Step::Restart => self.restart(),
            Step::Kill => {
                self.process.take().unwrap().kill();
                self.serve();
                self.check_all()
            }
            Step::Backup => self.back_up(),
            Step::Restore => self.restore(),
            Step::FailOver(how, said) => self.fail_over(*how, *said),
        }?;
        if self.steps.is_multiple_of(WHOLE) { self.check_all() } else { Ok(()) }
    }

    fn create(&mut self, said: Said, times: usize) -> Outcome {
        let content = said.content(&format!("Fall {}", self.steps));
        let key = format!("key-{}", self.steps);
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        let headers = if times == 1 { &headers[..1] } else { &headers };
        let body = content.body().to_string();
        let send = || self.process().client.send("POST", "/v1/cases", headers, Some(body.as_bytes()));
        let answers: Vec<_> = (0..times).map(|_| send()).collect();
        for answer in &answers {
            prop_assert_eq!(answer.status, 201, "{}", answer.text());
        }
        let shown = answers[0].json();
        prop_assert_eq!(&answers.last().unwrap().json(), &shown, "the same key, the same answer");
        let at = self.model.create(shown["id"].as_str().unwrap_or_default().to_owned(), content, None);
        agree(&self.model.cases[at], &shown)
    }

    /// The case that a step means; none where there never was any.
    fn meant(&self, at: usize) -> Option<usize> {
        (!self.model.cases.is_empty()).then(|| at % self.model.cases.len())
    }

    fn tag(&self, case: &Case, tag: Tag) -> String {
        match tag {
            Tag::Held => format!("\"{}\"", case.revision),
            Tag::Any => "*".into(),
            Tag::Stale => format!("\"{}\"", case.revision + 1),
        }
    }

    fn patch(&mut self, at: usize, change: Change, tag: Tag) -> Outcome {
        let Some(at) = self.meant(at) else { return Ok(()) };
        let case = &self.model.cases[at];
        let mut content = case.content.clone();
        let kinds = |list: &[&'static str], at: Option<usize>| at.map(|at| list[at]);
        let body = match change {
            Change::Area(area) => {
                content.area = kinds(&AREAS, area);
                json!({"area": content.area})
            }
            Change::Requester(requester) => {
                content.requester = kinds(&REQUESTERS, requester);
                json!({"requester": content.requester.map(|kind| json!({"type": kind}))})
            }
            Change::Title(word) => {
                content.title = format!("{} neu", WORDS[word]);
                json!({"title": content.title})
            }
            Change::Notes(notes) => {
                content.notes = notes.map(|number| format!("Notiz {number}"));
                json!({"notes": content.notes})
            }
            Change::Close(days) => {
                content.closed = Some(later(content.received, days));
                json!({"closed_on": content.closed})
            }
            Change::Reopen => {
                content.closed = None;
                json!({"closed_on": null})
            }
            Change::Move(year, month) => {
                content.received = day(year, month);
                json!({"received_on": content.received})
            }
        };
        let answer = self.process().client.patch(&case.path(), &self.tag(case, tag), &body);
        let expected = match (case.is_deleted, tag) {
            (true, _) => 404,
            (_, Tag::Stale) => 412,
            _ if !content.is_valid() => 422,
            _ => 200,
        };
        prop_assert_eq!(answer.status, expected, "{} {}", body, answer.text());
        if expected == 200 {
            let external = case.external;
            self.model.change(at, content, external);
        }
        self.check(at)
    }

    fn delete(&mut self, at: usize, tag: Tag) -> Outcome {
        let Some(at) = self.meant(at) else { return Ok(()) };
        let case = &self.model.cases[at];
        let answer = self.process().client.delete(&case.path(), &self.tag(case, tag));
        let expected = match (case.is_deleted, tag) {
            (true, _) => 404,
            (_, Tag::Stale) => 412,
            _ => 204,
        };
        prop_assert_eq!(answer.status, expected, "{}", answer.text());
        if expected == 204 {
            self.model.delete(at);
        }
        self.check(at)
    }

    /// The status of a delivery as the model foresees it.
    fn foreseen(&self, key: usize, version: i64, content: &Content) -> u16 {
        let (held, deleted) = self.model.by_key(key);
        let known = held.map(|at| self.model.cases[at].external.unwrap().1);
        match (known, deleted) {
            (Some(known), _) if known > version => 409,
            (None, Some(deleted)) if deleted >= version => 409,
            _ if !content.is_valid() => 422,
            (Some(_), _) => 200,
            (None, _) => 201,
        }
    }

    /// Takes a delivery that was kept into the model; the place of its case.
    fn keep(&mut self, id: &str, (key, version): (usize, i64), content: Content) -> usize {
        match self.model.by_key(key).0 {
            Some(at) => {
                self.model.change(at, content, Some((key, version)));
                at
            }
            None => self.model.create(id.to_owned(), content, Some((key, version))),
        }
    }

    fn deliver(&mut self, key: usize, version: i64, said: Said) -> Outcome {
        let content = said.content(&format!("geliefert {version}"));
        let mut body = content.body();
        body["external"] = json!({"version": version});
        let answer = self.process().client.put(&format!("/v1/cases/external/gever/K-{key}"), &body);
        let expected = self.foreseen(key, version, &content);
        prop_assert_eq!(answer.status, expected, "{} {}", body, answer.text());
        if expected >= 300 {
            return Ok(());
        }
        let shown = answer.json();
        let at = self.keep(shown["id"].as_str().unwrap_or_default(), (key, version), content);
        agree(&self.model.cases[at], &shown)
    }

    fn batch(&mut self, lines: &[(usize, i64, Said)], faulty: bool, atomic: bool) -> Outcome {
        let content = |version: i64, said: Said| said.content(&format!("geliefert {version}"));
        let mut text: String = lines
            .iter()
            .map(|(key, version, said)| {
                let mut line = content(*version, *said).body();
                line["external"] = json!({"system": "gever", "id": format!("K-{key}"), "version": version});
                format!("{line}\n")
            })
            .collect();
        if faulty {
            text += "{\"title\": \"\"}\n";
        }
        let path = format!("/v1/cases/batch?atomic={atomic}");
        let headers = [("Content-Type", "application/x-ndjson")];
        let answer = self.process().client.send("POST", &path, &headers, Some(text.as_bytes()));
        prop_assert_eq!(answer.status, 207, "{}", answer.text());
        let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
        let before = self.model.clone();
        let mut failed = faulty;
        let mut foreseen = Vec::new();
        for ((key, version, said), result) in lines.iter().zip(&results) {
            let content = content(*version, *said);
            let status = self.foreseen(*key, *version, &content);
            failed |= status >= 400;
            if status < 300 {
                let id = result["id"].as_str().unwrap_or_default().to_owned();
                self.keep(&id, (*key, *version), content);
            }
            foreseen.push(status);
        }
        if atomic && failed {
            self.model = before;
            let kept = results.iter().filter(|result| result["status"].as_u64() < Some(300)).count();
            prop_assert_eq!(kept, 0, "all lines or none: {:?}", results);
            return self.check_all();
        }
        let told: Vec<Value> = results.iter().map(|result| result["status"].clone()).take(lines.len()).collect();
        prop_assert_eq!(json!(told), json!(foreseen), "{}", text);
        Ok(())
    }

    fn erase(&mut self, at: usize) -> Outcome {
        let Some(at) = self.meant(at).filter(|at| !self.model.cases[*at].is_deleted) else { return Ok(()) };
        let id = self.model.cases[at].id.clone();
        let directory = Directory::new();
        self.command(&["subject", "erase", "--record", &id], &directory.0);
        self.forget(at);
        self.kept.iter_mut().for_each(|kept| _ = kept.erased.insert(id.clone()));
        self.check(at)
    }

    /// Takes the personal data out of a case of the model.
    fn forget(&mut self, at: usize) {
        let Case { content, external, .. } = self.model.cases[at].clone();
        self.model.change(at, Content { notes: None, ..content }, external);
    }

    fn publish(&mut self, year: i32) -> Outcome {
        let path = format!("/v1/statistics/published/{year}");
        let answer = self.process().client.put(&path, &json!({"from_live": true}));
        let figures = self.model.counted(year);
        let expected = match (figures["cases.total"], self.model.published.contains_key(&year)) {
            (None, _) => 422,
            (_, true) => 200,
            (_, false) => 201,
        };
        prop_assert_eq!(answer.status, expected, "{}", answer.text());
        if expected < 300 {
            self.model.published.insert(year, figures);
        }
        self.check_table()
    }

    fn command(&self, arguments: &[&str], directory: &std::path::Path) -> String {
        let mut command = aufsicht(directory);
        command.args(arguments).env("DATABASE_URL", &self.url);
        command.envs(self.keys.iter().map(|keys| ("AUFSICHT_RECORD_KEYS_URL", keys)));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn back_up(&mut self) -> Outcome {
        let Some(directory) = self.directory.as_ref().filter(|_| self.backend == Backend::Sqlite) else {
            return Ok(());
        };
        if !directory.0.join("key").exists() {
            let recipient = self.command(&["backup-key", "key"], &directory.0);
            std::fs::write(directory.0.join("recipient"), recipient).unwrap();
        }
        let recipient = std::fs::read_to_string(directory.0.join("recipient")).unwrap();
        let file = format!("{}.backup", self.steps);
        self.command(&["backup", &file, "--recipient", &recipient], &directory.0);
        self.kept = Some(Kept { file, register: self.model.clone(), erased: BTreeSet::new() });
        Ok(())
    }

    fn restore(&mut self) -> Outcome {
        let Some(kept) = self.kept.take() else { return Ok(()) };
        self.process.take().unwrap().kill();
        let directory = &self.directory.as_ref().unwrap().0;
        self.url = format!("sqlite:{}", directory.join(format!("restored-{}.sqlite3", self.steps)).display());
        self.command(&["restore", &kept.file, "--identity", "key"], directory);
        self.model = kept.register;
        // With keys of records what was erased since is erased in the copy too.
        let erased = if self.keys.is_some() { kept.erased } else { BTreeSet::new() };
        for id in &erased {
            if let Some(at) = self.model.cases.iter().position(|case| case.id == *id && !case.is_deleted) {
                self.forget(at);
            }
        }
        // Places in the feed of the database before are refused: a follower begins anew.
        if let Some(place) = self.read.0.take() {
            self.serve();
            let answer = self.process().client.get(&format!("/v1/changes?after={place}"));
            prop_assert_eq!(answer.status, 410, "{}", answer.text());
        } else {
            self.serve();
        }
        self.read = (None, 0);
        self.check_all()
    }

    /// Compares one case.
    fn check(&self, at: usize) -> Outcome {
        let case = &self.model.cases[at];
        let answer = self.process().client.get(&case.path());
        prop_assert_eq!(answer.status, if case.is_deleted { 404 } else { 200 }, "{}", answer.text());
        if case.is_deleted { Ok(()) } else { agree(case, &answer.json()) }
    }

    fn check_table(&self) -> Outcome {
        let (from, to) = (YEARS.start(), YEARS.end());
        let table =
            self.process().client.get(&format!("/v1/statistics/services?from={from}&to={to}")).expect(200).json();
        for (index, year) in YEARS.enumerate() {
            let figures = self.model.published.get(&year).cloned().unwrap_or_else(|| self.model.counted(year));
            for (code, figure) in &figures {
                let line = table["lines"].as_array().unwrap().iter().find(|line| line["code"] == code.as_str());
                prop_assert_eq!(&line.unwrap()["values"][index], &json!(figure), "{} {}", code, year);
            }
        }
        Ok(())
    }

    /// Compares all that the model knows.
    fn check_all(&mut self) -> Outcome {
        let client = self.process().client.clone();
        let shown = client.all("/v1/cases?limit=100");
        prop_assert_eq!(shown.len(), self.model.held().count());
        for case in self.model.held() {
            let one = shown.iter().find(|one| one["id"] == case.id.as_str());
            prop_assert!(one.is_some(), "{} is not in the list", case.id);
            agree(case, one.unwrap())?;
        }
        for year in YEARS {
            let all = client.all(&format!("/v1/cases?year={year}&area=IT,NONE&limit=1000")).len() as i64;
            let expected = self.model.received(year, |content| content.area.is_none_or(|area| area == "IT"));
            prop_assert_eq!(all, expected, "the list of {}", year);
        }
        for word in WORDS {
            let found = client.all(&format!("/v1/cases?q={}&limit=1000", crate::identity::encoded(word)));
            let found: BTreeSet<&str> = found.iter().filter_map(|case| case["id"].as_str()).collect();
            let with_word = self.model.held().filter(|case| case.content.title.starts_with(word));
            prop_assert_eq!(found, with_word.map(|case| case.id.as_str()).collect::<BTreeSet<_>>(), "{}", word);
        }
        self.check_backlog()?;
        self.check_table()?;
        self.check_feed()
    }

    fn check_backlog(&self) -> Outcome {
        let (from, to) = (YEARS.start(), YEARS.end());
        let path = format!("/v1/statistics/backlog?register=cases&from={from}&to={to}");
        let backlog = self.process().client.get(&path).expect(200).json();
        let rows = backlog["items"].as_array().unwrap();
        let first = self.model.first_year();
        let known: Vec<i32> = YEARS.filter(|year| first.is_some_and(|first| first <= *year)).collect();
        prop_assert_eq!(rows.len(), known.len(), "{}", backlog);
        for (row, year) in rows.iter().zip(known) {
            let expected = json!({
                "year": year, "opening": self.model.pending(year - 1), "received": self.model.received(year, |_| true),
                "closed": self.model.closed(year), "closing": self.model.pending(year),
            });
            for (name, value) in expected.as_object().unwrap() {
                prop_assert_eq!(&row[name], value, "{} of {}", name, year);
            }
        }
        Ok(())
    }

    /// Follows the feed from where it was read last.
    fn check_feed(&mut self) -> Outcome {
        let mut told = Vec::new();
        loop {
            let after = self.read.0.as_ref().map_or_else(String::new, |place| format!("&after={place}"));
            let page = self.process().client.get(&format!("/v1/changes?limit=1000{after}")).expect(200).json();
            let items = page["items"].as_array().unwrap().clone();
            self.read.0 = page["next"].as_str().map(str::to_owned).or(self.read.0.take());
            if items.is_empty() {
                break;
            }
            told.extend(items);
        }
        let expected = self.model.feed[self.read.1..]
            .iter()
            .map(|(at, revision, action)| json!([self.model.cases[*at].id, revision, action]));
        let told = told.iter().map(|item| json!([item["id"], item["revision"], item["action"]]));
        prop_assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        self.read.1 = self.model.feed.len();
        Ok(())
    }
}

impl World {
    /// Takes all steps; what is left at the end proves itself.
    fn live_through(mut self, steps: &[Step]) -> Outcome {
        steps.iter().try_for_each(|step| self.take(step))?;
        self.check_all()?;
        drop(self.process.take());
        let mut config = crate::support::config(&self.url);
        config.tokens.secret = None;
        config.database.record_keys_url = self.keys.clone();
        prop_assert_eq!(differences(&config), Vec::<String>::new());
        Ok(())
    }
}

fn agree(case: &Case, shown: &Value) -> Outcome {
    prop_assert_eq!(case.differences(shown), Vec::<String>::new());
    Ok(())
}

fn does_what_the_model_foresees(backend: Backend) {
    let steps = std::env::var("AUFSICHT_MODEL_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(STEPS);
    let cases = (steps / 2).div_ceil(LENGTH as u32);
    let mut runner =
        TestRunner::new(Runner { cases, max_shrink_iters: 300, max_shrink_time: 120_000, ..Runner::default() });
    let sequences = (any::<bool>(), prop::collection::vec(step(), LENGTH));
    let run = |(has_keys, steps): (bool, Vec<Step>)| World::new(backend, has_keys).live_through(&steps);
    if let Err(error) = runner.run(&sequences, run) {
        panic!("{error}");
    }
}

crate::on_each! { does_what_the_model_foresees }

/// Some steps, and what is written first after the failure that ends them.
type Part = (Vec<Step>, Said);

/// The primary fails, some steps after the one before each time.
#[test]
fn goes_on_with_the_standby_that_took_the_place_of_a_primary() {
    let parts = [(); 3].map(|()| (prop::collection::vec(step(), 6), said()));
    let run = |(has_keys, failures, parts): (bool, [Failure; 3], [Part; 3])| {
        let part = |((mut steps, said), how): (Part, Failure)| {
            steps.push(Step::FailOver(how, said));
            steps
        };
        let steps: Vec<Step> = parts.into_iter().zip(failures).flat_map(part).collect();
        World::replicated(has_keys).live_through(&steps)
    };
    let sequences = (any::<bool>(), failures(), parts);
    let mut runner =
        TestRunner::new(Runner { cases: 1, max_shrink_iters: 10, failure_persistence: None, ..Runner::default() });
    if let Err(error) = runner.run(&sequences, run) {
        panic!("{error}");
    }
}
