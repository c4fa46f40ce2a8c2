//! The statements that are sent, as text in checked-in files, so that a change of a query is seen where it is reviewed.
//! Those of the main reads are explained too: an index must serve.
//!
//! `UPDATE_SQL=1 cargo test --test api sql::` writes the files anew.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aufsicht::audit::access_log::{Disclosure, DisclosureContext};
use aufsicht::context::OperationContext;
use aufsicht::db::{self, Db, WriteTransaction};
use aufsicht::error::{Error, Result};
use aufsicht::identity::Identity;
use aufsicht::messages::Lang;
use aufsicht::records::erasable::ErasedTexts;
use aufsicht::records::projections::cube::{self, CubeQuery, Resolution};
use aufsicht::records::query::filter::Filter;
use aufsicht::records::query::page::{self, Order, PageQuery, SortField};
use aufsicht::records::store::external::{self, ExternalRecord};
use aufsicht::records::store::{self, Expected};
use aufsicht::records::{document, find};
use aufsicht::registers::{self, Dimension, Register};
use aufsicht::seal::Keys;
use aufsicht::statistics::durations::DurationQuery;
use aufsicht::statistics::{activities, durations, record_sums};
use aufsicht::sync::change_feed::{self, FeedStart};
use aufsicht::webhooks::subscriptions::{self, Webhook};
use chrono::{NaiveDate, TimeDelta};
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use crate::support::{Backend, config, created, created_access_log, database, now, profile, rules};

/// The clauses that begin a line, so that a difference is short.
const CLAUSES: [&str; 12] = [
    " FROM ",
    " WHERE ",
    " VALUES ",
    " SET ",
    " LEFT JOIN ",
    " LEFT OUTER JOIN ",
    " GROUP BY ",
    " ORDER BY ",
    " LIMIT ",
    " ON CONFLICT ",
    " RETURNING ",
    " UNION ALL ",
];

/// The statements that the steps of a scenario sent.
#[derive(Clone, Default)]
struct Told {
    sent: Arc<Mutex<Vec<String>>>,
    steps: Vec<(String, Vec<String>)>,
}

impl Told {
    /// Listens to a connection from now on.
    fn listen(&self, db: &mut Db) {
        let sent = self.sent.clone();
        db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                let text = text.split(" -- binds").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
                sent.lock().unwrap().push(text);
            }
        });
    }

    /// Runs a step.
    fn step<T>(&mut self, title: impl Into<String>, work: impl FnOnce() -> Result<T>) -> T {
        self.sent.lock().unwrap().clear();
        let title = title.into();
        let done = work().unwrap_or_else(|error| panic!("{title}: {error}"));
        self.steps.push((title, std::mem::take(&mut self.sent.lock().unwrap())));
        done
    }

    /// All statements, each under the first step that sent it.
    fn written(&self) -> String {
        let mut out = "-- What is sent to the database; see sql.rs. Each statement stands under what sends it first.\n\
            -- Written anew by: UPDATE_SQL=1 cargo test --test api sql::\n"
            .to_owned();
        let mut known = BTreeSet::new();
        for (title, sent) in &self.steps {
            out += &format!("\n-- {title}\n");
            let new: Vec<&String> = sent.iter().filter(|text| known.insert((*text).clone())).collect();
            if new.is_empty() {
                out += "-- sends nothing else than what stands above.\n";
            }
            for text in new {
                let lines = CLAUSES
                    .iter()
                    .fold(text.clone(), |text, clause| text.replace(clause, &format!("\n  {}", clause.trim_start())));
                out += &format!("{lines};\n");
            }
        }
        out
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn by(keys: &Keys) -> OperationContext {
    let (actor, at) = (Identity::operator(), now().naive_utc());
    OperationContext { actor, request_id: "sql".into(), trace: None, at, keys: keys.clone(), registers: None }
}

fn create(db: &mut Db, register: &str, body: Value, keys: &Keys) -> Result<String> {
    let register = registers::named(register)?;
    let document = document::read(register, body, &rules(day("2019-01-15")))?;
    let created = db::exclusively(db, |tx| store::create(tx, register, (store::new_id(), document), &by(keys)))?;
    Ok(created.id)
}

fn change(db: &mut Db, id: &str, patch: &Value, keys: &Keys) -> Result<()> {
    let register = registers::named("cases")?;
    db::exclusively(db, |tx| {
        let change = |_: &_, held| document::patched(register, held, patch, true, &rules(day("2019-01-15")));
        store::update(tx, register, id, &Expected::Any, change, &by(keys))?;
        Ok(())
    })
}

fn deliver(tx: &mut WriteTransaction, register: &Register, version: i64, keys: &Keys) -> Result<()> {
    let body = json!({"title": "Geliefert", "received_on": "2017-05-02",
        "external": {"system": "konsul", "id": "4711", "version": version}});
    let rules = rules(day("2019-01-15"));
    let document = document::read_delivered(register, body.clone(), &rules)?;
    let (system, external_id) = ("konsul".to_owned(), "4711".to_owned());
    let delivery = ExternalRecord {
        new_id: store::new_id(),
        former_id: None,
        system,
        external_id,
        version,
        body,
        sees_personal_data: true,
        says_day: true,
        rules,
        doubts: vec![],
    };
    external::upsert(tx, register, &delivery, document, None, &by(keys))?;
    Ok(())
}

/// Records that lists and figures are made from.
fn write(told: &mut Told, db: &mut Db, keys: &Keys) -> String {
    let register = registers::named("cases").unwrap();
    told.step("create a public body", || {
        create(db, "organisations", json!({"name": "Gemeinde Aesch", "type": "MUNICIPALITY"}), keys)
    });
    let body = json!({"title": "Anfrage zu Kameras", "received_on": "2017-03-14", "area": "IT", "notes": "vertraulich",
        "requester": {"type": "MUNICIPALITY", "organisation": "Gemeinde Aesch", "name": "Erika Muster"}});
    let id = told.step("create a case", || create(db, "cases", body, keys));
    for number in 0..6 {
        let body = json!({"title": format!("Anfrage {number}"), "received_on": "2017-03-14"});
        create(db, "cases", body, keys).unwrap();
    }
    told.step("create many in one transaction", || {
        db::exclusively(db, |tx| {
            (0..3).try_for_each(|_| {
                let document = document::read(register, json!({"title": "Viele"}), &rules(day("2019-01-15")))?;
                store::create(tx, register, (store::new_id(), document), &by(keys)).map(drop)
            })
        })
    });
    told.step("change a case", || change(db, &id, &json!({"title": "Anfrage zu Drohnen"}), keys));
    told.step("close a case", || change(db, &id, &json!({"closed_on": "2018-01-10"}), keys));
    told.step("create what another system delivers", || db::exclusively(db, |tx| deliver(tx, register, 1, keys)));
    told.step("deliver it again", || db::exclusively(db, |tx| deliver(tx, register, 2, keys)));
    let gone = create(db, "cases", json!({"title": "Irrtum", "received_on": "2017-06-01"}), keys).unwrap();
    told.step("delete a case", || {
        db::exclusively(db, |tx| store::delete(tx, register, &gone, &Expected::Any, &by(keys)))
    });
    told.step("delete what another system delivered", || {
        db::exclusively(db, |tx| external::delete_external(tx, register, ("konsul", "4711"), Some(3), &by(keys)))
    });
    id
}

/// Titles of steps, whose reads of records and of the cube must be served by an index.
const INDEXED: [&str; 6] = ["find by", "list by", "list of all registers", "search", "count records", "sum the cube"];

fn list(db: &mut Db, filter: &Filter, order: &Order, after: Option<Vec<String>>) -> Result<Option<Vec<String>>> {
    let query = PageQuery { filter: filter.clone(), order: order.clone(), after, limit: 2, include_total: false };
    Ok(page::page(db, &query)?.unwrap().end)
}

fn read(told: &mut Told, db: &mut Db, id: &str) {
    let register = registers::named("cases").unwrap();
    told.step("find by id", || find::get(db, register, id));
    told.step("find by number", || find::number_holder(db, "2017-0001"));
    told.step("find by external key", || find::find_external(db, register, "konsul", "4711"));
    let all = Filter { register: Some(register), ..Filter::default() };
    for (name, field) in SortField::ALL {
        for descending in [false, true] {
            let order = Order::new(vec![(field, descending)]);
            let title = format!("list by {}{name}", if descending { "-" } else { "" });
            let end = told.step(&title, || list(db, &all, &order, None));
            told.step(format!("{title}, next page"), || list(db, &all, &order, end));
        }
    }
    let order = Order::new(vec![(SortField::ReceivedOn, true), (SortField::Number, false)]);
    let end = told.step("list by -received_on,number", || list(db, &all, &order, None));
    told.step("list by -received_on,number, next page", || list(db, &all, &order, end));
    told.step("list of all registers", || list(db, &Filter::default(), &Order::default(), None));
    for descending in [true, false] {
        let order = Order::new(vec![(SortField::ReceivedOn, descending)]);
        let found = Filter { q: Some("anfrage".into()), ..all.clone() };
        let title = format!("search, {}", if descending { "newest first" } else { "oldest first" });
        let end = told.step(&title, || list(db, &found, &order, None));
        told.step(format!("{title}, next page"), || list(db, &found, &order, end));
    }
    let found = Filter { q: Some("anfrage kameras".into()), ..all.clone() };
    told.step("search, by title", || list(db, &found, &Order::new(vec![(SortField::Title, false)]), None));
    let found = Filter { q: Some("anf".into()), register: None, ..Filter::default() };
    told.step("search in all registers", || list(db, &found, &Order::default(), None));
    told.step("search for what is not there", || {
        page::count(db, &Filter { q: Some("gibtesnicht".into()), ..all.clone() })
    });
    told.step("count records of an area", || {
        page::count(db, &Filter { dimensions: vec![(Dimension::Area, vec!["IT".into()])], ..all.clone() })
    });
}

/// Words that more records have than are looked at whatever else is looked for.
fn search(told: &mut Told, db: &mut Db, keys: &Keys) {
    let register = registers::named("cases").unwrap();
    db::exclusively(db, |tx| {
        (0..300).try_for_each(|number| {
            let body = json!({"title": format!("Altes {number}"), "received_on": "2015-05-05"});
            let document = document::read(register, body, &rules(day("2019-01-15")))?;
            store::create(tx, register, (store::new_id(), document), &by(keys)).map(drop)
        })
    })
    .unwrap();
    let all = Filter { register: Some(register), ..Filter::default() };
    let common = Filter { q: Some("altes".into()), ..all.clone() };
    told.step("search for a common word", || list(db, &common, &Order::default(), None));
    told.step("search for a common word, by title", || {
        list(db, &common, &Order::new(vec![(SortField::Title, true)]), None)
    });
    told.step("search for a common beginning", || {
        list(db, &Filter { q: Some("2015".into()), ..all.clone() }, &Order::default(), None)
    });
    told.step("count what a common word finds", || page::count(db, &common));
}

fn figures(told: &mut Told, db: &mut Db) {
    let (years, choice) = (2016..=2018, [(Dimension::Register, vec!["cases".to_owned()])]);
    let by = [Dimension::Register, Dimension::Area];
    told.step("sum the cube by year", || cube::count(db, &years, Resolution::Years, &by, &[]));
    told.step("sum the cube by month, of a choice", || {
        cube::count(db, &years, Resolution::Months, &[Dimension::Responsible], &choice)
    });
    told.step("the first month of the cube", || cube::first_month(db, &["cases", "projects"]));
    for closed in [false, true] {
        let title = format!("count by organisation, {}", if closed { "closed" } else { "received" });
        let query = CubeQuery { years: &years, resolution: Resolution::Months, by: &by, choice: &choice, number: None };
        told.step(title, || cube::sums_by_organisation(db, query, closed));
    }
    for (title, by, working, as_of) in [
        ("durations", None, false, "2019-01-15"),
        ("durations by area at the end of a year", Some(Dimension::Area), false, "2017-12-31"),
        ("durations in working days", Some(Dimension::Register), true, "2017-12-31"),
    ] {
        let choice = vec![choice[0].clone(), (Dimension::Area, vec!["IT".into()])];
        let working = working.then(|| profile().authority.calendar.clone());
        let query = DurationQuery { year: 2017, as_of: day(as_of), by, working, choice, least: 0 };
        told.step(title, || durations::groups(db, &query));
    }
    told.step("activities", || activities::of_years(db, &profile().vocabulary, &(2016..=2018), day("2019-01-15")));
    told.step("topics of media requests", || record_sums::topics(db, 2017));
}

fn surroundings(told: &mut Told, db: &mut Db, log: &mut Db, keys: &Keys, id: &str) {
    told.step("the change feed", || change_feed::changes(db, &FeedStart::Oldest, &["cases".into()], 2));
    let mut hook = Webhook {
        id: "0190b5c4-0000-7000-8000-000000000000".into(),
        url: "https://receiver.invalid/".into(),
        registers: String::new(),
        active: true,
        secret: String::new(),
        former_secret: None,
        former_until: None,
        position: 0,
        created_at: now().naive_utc(),
        created_by: "sql".into(),
        client: None,
    };
    hook.take_secret(keys, "secret").unwrap();
    db::exclusively(db, |tx| subscriptions::create(tx, hook, &by(keys))).unwrap();
    change(db, id, &json!({"responsible": "RF"}), keys).unwrap();
    told.step("make deliveries of the change feed", || {
        db::exclusively(db, |tx| subscriptions::fan_out(tx, now().naive_utc()))
    });
    told.step("make deliveries when all that were made are old", || {
        db::exclusively(db, |tx| subscriptions::fan_out(tx, now().naive_utc() + TimeDelta::days(36_500)))
    });
    let context = DisclosureContext::operator("sql", "to see what is sent").unwrap();
    let seen = [Disclosure { register: "cases", record: id.to_owned(), properties: vec!["notes".into()] }];
    for days in [500, 8, 0] {
        let (at, year) = (now().naive_utc() - TimeDelta::days(days), std::time::Duration::from_secs(366 * 86_400));
        told.step(format!("record a disclosure {days} days ago"), || {
            db::exclusively(log, |tx| {
                context.defer(tx, &seen, at, year);
                Ok(())
            })
        });
    }
    told.step("prove the database", || {
        let found = aufsicht::admin::verify::verify(db, log, keys, now().naive_utc())?;
        if found.is_empty() { Ok(()) } else { Err(Error::Internal(found.join("; "))) }
    });
    told.step("erase a title", || {
        let title = ErasedTexts { properties: &["title".to_owned()], lang: Lang::De };
        aufsicht::admin::erasure::erase(db, &[id.to_owned()], (title, false), &by(keys))
    });
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// The steps of a statement's plan, whatever values it has.
fn plan(db: &mut Db, text: &str) -> Vec<String> {
    if let Db::Sqlite(_) = db {
        let steps: Vec<SqliteStep> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(db).unwrap();
        return steps.into_iter().map(|step| step.detail).collect();
    }
    let values = (1..).take_while(|number| text.contains(&format!("${number}"))).map(|_| "NULL");
    let values = values.collect::<Vec<_>>().join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    // With few rows a scan is cheaper; what matters is that an index can serve.
    let prepare = "SET enable_seqscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan";
    db.batch_execute(&format!("{prepare}; DEALLOCATE ALL; PREPARE explained AS {text}")).unwrap();
    let explain = diesel::sql_query(format!("EXPLAIN EXECUTE explained{values}"));
    explain.load::<PostgresStep>(db).unwrap().into_iter().map(|step| step.line).collect()
}

/// Statements of the main reads that no index serves.
fn unserved(told: &Told, db: &mut Db) -> Vec<String> {
    let mut found = Vec::new();
    for (title, sent) in told.steps.iter().filter(|(title, _)| INDEXED.iter().any(|main| title.starts_with(main))) {
        for text in sent.iter().filter(|text| text.starts_with("SELECT")) {
            let plan = plan(db, text);
            let is_scan = |step: &String| {
                let sqlite =
                    step.starts_with("SCAN records") && !step.contains("INDEX") || step.starts_with("SCAN cube");
                let sorts = title.starts_with("list") && step.contains("B-TREE FOR ORDER BY");
                sqlite || sorts || step.contains("Seq Scan on records") || step.contains("Seq Scan on cube")
            };
            if plan.iter().any(is_scan) {
                found.push(format!("{title}: {text}\n  {}", plan.join("\n  ")));
            }
        }
    }
    found
}

fn what_is_sent_is_what_was_reviewed_and_served_by_an_index(backend: Backend) {
    let (url, _directory) = database(backend);
    let config = config(&url);
    let keys = Keys::new(&config).unwrap();
    let (mut db, mut log) = (created(&config), created_access_log(&config));
    registers::migrate(&mut db).unwrap();
    db::migrate_access_log(&mut log).unwrap();
    let mut told = Told::default();
    told.listen(&mut db);
    told.listen(&mut log);
    let id = write(&mut told, &mut db, &keys);
    read(&mut told, &mut db, &id);
    figures(&mut told, &mut db);
    surroundings(&mut told, &mut db, &mut log, &keys, &id);
    search(&mut told, &mut db, &keys);

    let unserved = unserved(&told, &mut db::connect(&config.database).unwrap());
    assert!(unserved.is_empty(), "no index serves\n{}", unserved.join("\n"));

    let name = if backend == Backend::Sqlite { "sqlite" } else { "postgres" };
    let file = format!("{}/tests/api/sql/{name}.sql", env!("CARGO_MANIFEST_DIR"));
    let (sent, reviewed) = (told.written(), std::fs::read_to_string(&file).unwrap_or_default());
    if std::env::var_os("UPDATE_SQL").is_some() {
        return std::fs::write(file, sent).unwrap();
    }
    let only = |these: &str, others: &str, mark: char| -> Vec<String> {
        let others: BTreeSet<&str> = others.lines().collect();
        these.lines().filter(|line| !others.contains(line)).map(|line| format!("{mark} {line}")).collect()
    };
    let differences = [only(&reviewed, &sent, '-'), only(&sent, &reviewed, '+')].concat();
    assert!(sent == reviewed, "{file} is not what is sent; see sql.rs\n{}", differences.join("\n"));
}

crate::on_each! { what_is_sent_is_what_was_reviewed_and_served_by_an_index }
