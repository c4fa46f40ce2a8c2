//! The generated client against a running service: `rust-client BASE`, with the token in TOKEN.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use rust_client::{Client, Error, types};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::args().nth(1).ok_or("rust-client BASE")?;
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", std::env::var("TOKEN")?).parse()?);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let client = Client::new_with_client(&base, http);

    let day = NaiveDate::from_ymd_opt(2017, 3, 14);
    let new = types::NewCase::builder().title("Anfrage aus Rust").received_on(day).area(types::Area::It);
    let created = client.create_case().body(new).send().await?.into_inner();
    let read = client.get_case().id(created.id).send().await?;
    assert_eq!(*read.title, "Anfrage aus Rust");
    assert_eq!(read.area, Some(types::Area::It));
    let etag = read.headers()["ETag"].to_str()?.to_owned();
    assert_eq!(etag, "\"1\"");

    let patch = |responsible: &str| {
        let changes = types::CaseChanges::builder().responsible(types::CaseChangesResponsible::try_from(responsible).ok());
        client.update_case().id(created.id).if_match(&etag).body(changes)
    };
    let patched = patch("RF").send().await?;
    assert_eq!((patched.revision.get(), patched.responsible.as_ref().map(|name| name.as_str())), (2, Some("RF")));
    let Err(Error::ErrorResponse(stale)) = patch("XY").send().await else { panic!("a stale patch was taken") };
    let problem: &types::Problem = &stale;
    assert_eq!((problem.type_.as_str(), problem.revision), ("/problems/stale-revision", Some(2)));

    let mut seen = BTreeSet::new();
    let mut next: Option<String> = None;
    loop {
        let mut request = client.list_cases().year(vec![2017]).limit(200);
        if let Some(cursor) = &next {
            request = request.cursor(cursor.as_str());
        }
        let page = request.send().await?.into_inner();
        seen.extend(page.items.iter().map(|record| record.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert!(seen.len() > 250 && seen.contains(&created.id), "{}", seen.len());

    let table = client.get_services_statistics().from(2012).to(2017).send().await?;
    assert!(table.lines.iter().all(|line| line.values.len() == 6));
    let gone = client.delete_case().id(created.id).if_match("\"2\"").send().await?;
    assert_eq!(gone.status(), 204);
    println!("Rust: created, read, patched, refused, listed {}, counted, deleted", seen.len());
    Ok(())
}
