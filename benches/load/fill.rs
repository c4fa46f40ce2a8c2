//! What an authority has in its registers after 30 years, delivered in batches as another system would.

use super::chance::chance;
use std::time::Instant;

use super::http::{Connection, request};
use super::own;

const WORDS: [&str; 32] = [
    "Videoüberwachung",
    "Gemeinde",
    "Datenbekanntgabe",
    "Einwohnerkontrolle",
    "Schule",
    "Spital",
    "Akteneinsicht",
    "Auskunftsrecht",
    "Polizei",
    "Steuerdaten",
    "Sozialamt",
    "Kesb",
    "Archiv",
    "Outsourcing",
    "Cloud",
    "Vertrag",
    "Zugriff",
    "Berechtigung",
    "Personaldossier",
    "Gesundheit",
    "Forschung",
    "Statistik",
    "Website",
    "Newsletter",
    "Zürich",
    "Luzern",
    "Emmen",
    "Kriens",
    "Register",
    "Löschung",
    "Weitergabe",
    "Aufbewahrung",
];

const PLACES: [&str; 40] = [
    "Adligenswil",
    "Aesch",
    "Ballwil",
    "Beromünster",
    "Buchrain",
    "Buttisholz",
    "Büron",
    "Dagmersellen",
    "Dierikon",
    "Ebikon",
    "Eich",
    "Emmen",
    "Entlebuch",
    "Escholzmatt",
    "Ettiswil",
    "Flühli",
    "Gisikon",
    "Grossdietwil",
    "Hildisrieden",
    "Hitzkirch",
    "Hochdorf",
    "Horw",
    "Inwil",
    "Kriens",
    "Malters",
    "Meggen",
    "Meierskappel",
    "Neuenkirch",
    "Nottwil",
    "Pfaffnau",
    "Rain",
    "Reiden",
    "Root",
    "Rothenburg",
    "Ruswil",
    "Schenkon",
    "Schüpfheim",
    "Sempach",
    "Sursee",
    "Willisau",
];

fn pick<'a>(list: &[&'a str], seed: usize) -> &'a str {
    list[chance(seed) % list.len()]
}

/// Words of every title, of each tenth, of each 10,000th, of one and of none, and the beginning of some.
pub const SOUGHT: [(&str, &str); 6] = [
    ("every", "anfrage"),
    ("tenth", "beschwerde"),
    ("10,000th", "volksinitiative"),
    ("one", "kugelstossen"),
    ("none", "zeppelin"),
    ("beginning", "vi"),
];

/// A title: what it is about in two words, a place, and a word of every title; some have others.
pub fn title(number: usize) -> String {
    let word = |place: usize| pick(&WORDS, number * 3 + place);
    let mut title = format!("{} {} {} Anfrage", word(0), word(1), pick(&PLACES, number * 3 + 2));
    for (part, first, word) in
        [(10, 7, "Beschwerde"), (10_000, 77, "Volksinitiative"), (usize::MAX, 77, "Kugelstossen")]
    {
        if number % part == first {
            title += &format!(" {word}");
        }
    }
    title
}

/// The day on which the record with that number of so many was received, in 30 years, and one some weeks later. Records
/// come in the order of the days, give or take some; what comes after the last of them is of the last days.
fn days(number: usize, of: usize) -> (String, String) {
    let first = chrono::NaiveDate::from_ymd_opt(1995, 1, 1).unwrap();
    let day = number.min(of) * 10_940 / of.max(1) + chance(number + 7) % 10;
    let received = first + chrono::Days::new(day as u64);
    let closed = received + chrono::Days::new((chance(number + 8) % 200) as u64);
    (received.to_string(), closed.to_string())
}

/// The body of one of so many cases that another system delivers in a version.
pub fn case(number: usize, of: usize, version: usize) -> String {
    let (received, closed) = days(number, of);
    let requester = pick(&["MUNICIPALITY", "MUNICIPALITY", "CANTON", "CANTON", "CANTON", "PRIVATE"], number + 1);
    let area = pick(&["IT", "POLICE", "EDUCATION", "SOCIAL", "PRIVATE", "HEALTH", "OTHER"], number + 2);
    let channel = pick(&["WEB_FORM", "EMAIL", "EMAIL", "PHONE", "LETTER"], number + 3);
    let responsible = pick(&["RF", "SB", "MK"], number + 4);
    let closed =
        if chance(number + 5).is_multiple_of(20) { String::new() } else { format!(r#","closed_on":"{closed}""#) };
    format!(
        r#"{{"title":"{} {version}","received_on":"{received}"{closed},"requester":{{"type":"{requester}","name":"Person {number}"}},"area":"{area}","channel":"{channel}","responsible":"{responsible}"{},"external":{{"system":"load","id":"{number}","version":{version}}}}}"#,
        title(number),
        own::part(number)
    )
}

fn other(register: &str, number: usize, of: usize) -> String {
    let (received, closed) = days(number, of);
    let title = title(number);
    match register {
        "projects" => {
            let role = pick(&["PARTICIPATION", "PARTICIPATION", "LEAD"], number);
            format!(
                r#"{{"title":"{title}","received_on":"{received}","closed_on":"{closed}","role":"{role}","organisation":"Staatskanzlei"}}"#
            )
        }
        "audits" => format!(r#"{{"title":"{title}","received_on":"{received}","subject":"{title}"}}"#),
        "events" => {
            let kind = pick(&["TRAINING", "LECTURE"], number);
            format!(
                r#"{{"title":"{title}","held_on":"{received}","kind":"{kind}","participants":{}}}"#,
                chance(number) % 80
            )
        }
        _ => {
            let medium = pick(&["PRINT", "ONLINE", "RADIO", "TV"], number);
            format!(
                r#"{{"title":"{title}","received_on":"{received}","closed_on":"{closed}","medium":"{medium}","topic":"{title}"}}"#
            )
        }
    }
}

/// Fills the registers; records a second. Of 100 records 85 are cases.
pub async fn fill(address: &str, token: &str, records: usize) -> f64 {
    const LINES: usize = 5000;
    let shares = [("cases", 85), ("projects", 3), ("audits", 2), ("events", 4), ("media-requests", 6)];
    let begun = Instant::now();
    let mut connection = Connection::open(address).await;
    for (register, share) in shares {
        let all = records * share / 100;
        for from in (0..all).step_by(LINES) {
            let lines: String = (from..all.min(from + LINES))
                .map(|number| match register {
                    "cases" => case(number, all, 1) + "\n",
                    _ => other(register, number, all) + "\n",
                })
                .collect();
            let path = format!("/v1/{register}/batch");
            let headers = "Content-Type: application/x-ndjson\r\n";
            let answer = connection.send(&request("POST", &path, token, headers, &lines)).await;
            let text = String::from_utf8_lossy(&answer.body);
            assert!(answer.status == 207 && text.contains(r#""failed":0"#), "{}", &text[..text.len().min(2000)]);
            eprint!("\r{register}: {} of {all}      ", from + LINES);
        }
    }
    eprintln!("\r                                     ");
    records as f64 / begun.elapsed().as_secs_f64()
}
