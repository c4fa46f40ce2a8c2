//! How long the pure parts of a request take: the token, JSON, cursors, words, a table. Criterion keeps the results
//! under `target/criterion` and says what has changed since the last run: `cargo bench --bench pure`.

// The macros of Criterion write public functions without documentation.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use aufsicht::api::cursor::Cursors;
use aufsicht::auth::{Scope, Tokens};
use aufsicht::decimal::Decimal;
use aufsicht::json::{parse_json, to_json};
use aufsicht::messages::Lang;
use aufsicht::profile::Profile;
use aufsicht::records::document;
use aufsicht::records::query::search;
use aufsicht::records::row::RecordRow;
use aufsicht::records::view::RecordView;
use aufsicht::records::view::View;
use aufsicht::registers;
use aufsicht::seal::Keys;
use aufsicht::statistics::printed;
use aufsicht::statistics::table::{Basis, Source, Table};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;

fn access(criterion: &mut Criterion) {
    let mut config = aufsicht::Config::for_database("sqlite:none.sqlite3").unwrap();
    config.tokens.secret = Some("a secret that only the benches know, long enough".into());
    let tokens = Tokens::new(&config).unwrap();
    let now = aufsicht::Clock::system().now();
    let token = tokens.issue("bench", Scope::ALL, Duration::from_secs(3600), now).unwrap();
    criterion.bench_function("check a token", |bench| {
        bench.iter(|| tokens.check(black_box(&token), now).now_or_never().unwrap().unwrap())
    });
    let cursors = Cursors::new(&[7; 32]).unwrap();
    let place = ["2017-03-14".to_owned(), "2017-0123".to_owned()];
    criterion.bench_function("write and read a cursor", |bench| {
        bench.iter(|| cursors.read("/v1/cases", &cursors.write("/v1/cases", black_box(&place))).unwrap());
    });
}

fn records(criterion: &mut Criterion) {
    let cases = registers::find("cases").unwrap();
    let today = chrono::NaiveDate::from_ymd_opt(2019, 1, 15).unwrap();
    let rules = aufsicht::profile::Profile::embedded().unwrap().rules(today);
    let mut body = (cases.example)();
    body["number"] = "2017-0123".into();
    let text = body.to_string();
    criterion.bench_function("read and check a record", |bench| {
        bench.iter(|| document::read(cases, parse_json(black_box(text.as_bytes())).unwrap(), &rules).unwrap());
    });
    let document = document::read(cases, body, &rules).unwrap();
    let mut config = aufsicht::Config::for_database("sqlite:none.sqlite3").unwrap();
    config.seal.key = Some(aufsicht::seal::fresh_key().unwrap());
    let (keys, id) = (Keys::new(&config).unwrap(), "01932b6e-1111-7000-8000-000000000001".to_owned());
    let columns =
        RecordRow::new(cases, id, document, today.into(), keys.of_record(&aufsicht::seal::SealingKey::FIRST)).unwrap();
    criterion.bench_function("show a record", |bench| {
        bench.iter(|| to_json(&RecordView { columns: black_box(&columns), register: cases, view: View::Impersonal }));
    });
    criterion.bench_function("show a record with its personal data", |bench| {
        bench.iter(|| to_json(&RecordView { columns: black_box(&columns), register: cases, view: View::Whole(&keys) }));
    });
    criterion.bench_function("fold a title into words", |bench| {
        bench.iter(|| search::words(black_box("Videoüberwachung in Zürich, Genève & Straße")));
    });
}

fn table(criterion: &mut Criterion) {
    let layouts = Profile::embedded().unwrap().layouts;
    let layout = layouts.get(None).unwrap();
    let services = layout.table("services").unwrap();
    let today = "2018-01-15".parse().unwrap();
    criterion.bench_function("draw the services table", |bench| {
        bench.iter(|| {
            let sources = (2012..=2017).map(|year| Source::live(year, Basis::Live, today, services.period)).collect();
            let figure = |_: &str, year: i32| (Some(Decimal::from(i64::from(year) % 100)), Basis::Live);
            Table::build(Lang::De, printed::headings(layout, services, Lang::De, 2017), sources, figure)
        });
    });
}

criterion_group!(benches, access, records, table);
criterion_main!(benches);
