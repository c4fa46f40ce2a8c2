//! The report of a year, as a page and in print.

use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, faults};

/// A number as the report prints it in German.
fn printed(value: &Value) -> String {
    let Some(number) = value.as_i64() else { return "–".into() };
    if number < 1000 { number.to_string() } else { format!("{}’{:03}", number / 1000, number % 1000) }
}

/// The demonstration years with a website, staff and a published year.
fn filled(backend: crate::support::Backend) -> App {
    let app = App::start_with_demo(backend);
    let website =
        json!({"visitors": 3298, "page_views": 9937, "downloads": [{"title": "Merkblatt <Schule>", "count": 1061}]});
    app.client.put("/v1/website-figures/2017", &website).expect(201);
    app.client.put("/v1/staffing/2017", &json!({"positions_percent": 180})).expect(201);
    let published = json!({
        "figures": {"inquiries.total": 251, "inquiries.municipality": 46}, "published_on": "2015-03-31", "source": "Bericht <2014>"
    });
    app.client.put("/v1/statistics/published/2014", &published).expect(201);
    app
}

on_both_databases! {
    fn the_report_says_what_the_tables_say(app = filled) {
        for lang in ["de", "fr", "it", "en"] {
            let answer = app.client.get(&format!("/v1/reports/2017?lang={lang}")).expect(200);
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
            let page = answer.text();
            assert!(page.contains(&format!("<html lang=\"{lang}\">")) && !page.contains("<script"));
            for table in ["services", "channels", "media-requests"] {
                let table = app.client.get(&format!("/v1/statistics/{table}?from=2012&to=2017&lang={lang}")).expect(200).json();
                for line in table["lines"].as_array().unwrap() {
                    let cells: Vec<String> = line["values"].as_array().unwrap().iter().map(|v| format!("<td>{}</td>", printed(v))).collect();
                    assert!(page.contains(&cells.concat()), "{lang} {}", line["code"]);
                    assert!(page.contains(line["label"].as_str().unwrap()));
                }
                for note in table["footnotes"].as_array().unwrap() {
                    assert!(page.contains(note["text"].as_str().unwrap()));
                }
                for warning in table["warnings"].as_array().unwrap() {
                    assert!(page.contains(warning["detail"].as_str().unwrap()), "{warning}");
                }
            }
            assert!(page.contains("Bericht &lt;2014&gt;") && page.contains("Merkblatt &lt;Schule&gt;"));
            // A chart of each width: three of the services, one each of channels and backlog.
            assert_eq!(page.matches("<svg class=\"wide\"").count(), 5);
            assert_eq!(page.matches("<svg class=\"narrow\"").count(), 5);
            for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert_eq!(page.matches(&format!(" id=\"{link}\"")).count(), 1, "{link}");
            }
        }
        let page = app.client.get("/v1/reports/2017").expect(200).text();
        for sentence in [
            "Total neue Geschäftsfälle: 321, Zunahme um 11\u{a0}% (31) gegenüber 2016 (290).",
            "Grösste Zunahme: Anfragen Kanton, von 101 auf 127 (+26\u{a0}%).",
            "Grösste Abnahme: Mitarbeit in Projekten, von 31 auf 16 (−48\u{a0}%).",
        ] {
            assert!(page.contains(&format!("<li>{sentence}</li>")), "{sentence}");
        }
        for (label, value) in [("Total neue Geschäftsfälle", "321"), ("Total Auskunft", "295"), ("Total Medienanfragen", "36")] {
            assert!(page.contains(&format!("<dt>{label}</dt><dd class=\"value\">{value}</dd>")), "{label}");
        }
        // A caption says no more than its heading does not.
        assert!(page.contains("<span class=\"repeated\">Dienstleistungen </span>2012–2017"), "{page}");
        assert!(page.contains("<td>9’937</td>") && page.contains("<td>1’061</td>"));
        // Backlog, durations, ages and staff are those of their own endpoints.
        let row = |cells: &[String]| assert!(page.contains(&cells.iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>()), "{cells:?}");
        let get = |path: &str| app.client.get(path).expect(200).json();
        for item in get("/v1/statistics/backlog?from=2017&to=2017")["items"].as_array().unwrap() {
            row(&["opening", "received", "closed", "closing"].map(|name| printed(&item[name])));
        }
        let durations = get("/v1/statistics/durations?year=2017&by=requester");
        for group in durations["items"].as_array().unwrap().iter().chain([&durations["total"]]) {
            let closed = &group["closed"];
            row(&[printed(&closed["count"]), format!("{:.1}", closed["mean"].as_f64().unwrap()), format!("{:.1}", closed["median"].as_f64().unwrap()), printed(&closed["p90"]), printed(&closed["max"])]);
            row(&["to_30", "to_90", "to_180", "to_365", "above_365"].map(|class| printed(&group["pending"]["classes"][class])));
        }
        let staff = &get("/v1/statistics/staffing?from=2017&to=2017")["items"][0];
        row(&[printed(&staff["positions_percent"]), printed(&staff["new_cases"]), printed(&staff["pending"]), staff["new_cases_per_position"].to_string(), staff["pending_per_position"].to_string()]);
    }
}

on_both_databases! {
    fn records_are_named_for_those_only_who_may_read_the_register(app = filled) {
        app.create("audits", json!({"title": "Kontrolle Geheim", "organisation": "Amt <X>", "received_on": "2017-02-01", "findings": [
            {"severity": "LOW", "finding": "a", "implemented_on": "2017-05-01"}, {"severity": "HIGH", "finding": "b"}
        ], "notes": "Notiz"}));
        app.create("events", json!({"title": "Kurs Geheim", "kind": "TRAINING", "held_on": "2017-05-05"}));
        let audits = app.client.all("/v1/audits?year=2017");
        let findings: Vec<&Value> = audits.iter().flat_map(|audit| audit["findings"].as_array().unwrap()).collect();
        let done = findings.iter().filter(|finding| finding["implemented_on"].is_string()).count();
        let sentence = format!("{} Kontrollen mit {} Feststellungen; davon umgesetzt: {done} (", audits.len(), findings.len());
        let whole = app.client.get("/v1/reports/2017").expect(200).text();
        for named in [&sentence, "Kontrolle Geheim", "Amt &lt;X&gt;", "Kurs Geheim", "Drohnen", "Teilnehmende bekannt bei 9 von 10."] {
            assert!(whole.contains(named), "{named}");
        }
        assert!(!whole.contains("Notiz"));
        let figures = app.with_scopes("statistics:read").get("/v1/reports/2017").expect(200).text();
        assert!(figures.contains(&sentence));
        let mut titles: Vec<String> = Vec::new();
        for register in ["projects", "audits", "events", "media-requests"] {
            titles.extend(app.client.all(&format!("/v1/{register}?year=2017&limit=1000")).iter().map(|record| record["title"].as_str().unwrap().to_owned()));
        }
        for hidden in titles.iter().map(String::as_str).chain(["Amt &lt;X&gt;", "Drohnen"]) {
            assert!(!figures.contains(hidden), "{hidden}");
        }
        // Who asked how often is told with the register; to others only what is no small number, and the rest cannot be computed.
        let section = |page: &str| page.split("<section id=\"municipalities\">").nth(1).unwrap().split("</section>").next().unwrap().to_owned();
        let cells = |page: &str| -> Vec<String> {
            section(page).split("<td>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
        };
        let counted = app.client.get("/v1/statistics/counts?register=cases&requester=MUNICIPALITY&by=organisation,year&from=2016&to=2017").expect(200).json();
        let mut right: Vec<String> = counted["items"].as_array().unwrap().iter().map(|item| item["count"].to_string()).collect();
        let mut shown: Vec<String> = cells(&whole).into_iter().filter(|cell| cell != "0").collect();
        right.sort();
        shown.sort();
        assert_eq!(shown, right);
        assert!(section(&whole).contains("Gemeinde Horw") && !section(&whole).contains("X:"));
        assert!(cells(&figures).iter().all(|cell| cell == "X" || cell == "0" || cell.parse::<i64>().unwrap() > 4), "{:?}", cells(&figures));
        assert!(cells(&figures).iter().filter(|cell| *cell == "X").count() > 1 && section(&figures).contains("X:"));
        app.with_scopes("register:read").get("/v1/reports/2017").expect_problem(403, "missing-scope");
    }
}

on_both_databases! {
    fn bodies_that_are_no_municipalities_do_not_stand_among_them(app) {
        app.create("organisations", json!({"name": "Gemeinde Musterwil", "type": "MUNICIPALITY"}));
        app.create("organisations", json!({"name": "Gesundheitsamt", "type": "CANTONAL_OFFICE"}));
        for organisation in ["Gemeinde Musterwil", "Gesundheitsamt", "Gesundheitsamt"] {
            let requester = json!({"type": "MUNICIPALITY", "organisation": organisation});
            app.create("cases", json!({"title": "Frage", "received_on": "2017-03-14", "requester": requester}));
        }
        let page = app.client.get("/v1/reports/2017").expect(200).text();
        let section = page.split("<section id=\"municipalities\">").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(section.contains("Gemeinde Musterwil") && !section.contains("Gesundheitsamt"), "{section}");
        let (_, others) = section.split_once("Nicht im Verzeichnis").unwrap();
        assert!(others.contains("<td>0</td><td>2</td>"), "{section}");
    }
}

on_both_databases! {
    fn the_report_is_printed_as_tagged_pdf(app = filled) {
        let pdf = app.client.get("/v1/reports/2017?format=pdf").expect(200);
        assert_eq!(pdf.header("content-type"), Some("application/pdf"));
        assert_eq!(pdf.header("content-disposition"), Some("inline; filename=\"report-2017-de.pdf\""));
        let text = String::from_utf8_lossy(&pdf.body);
        assert!(text.starts_with("%PDF-1.7"));
        for mark in ["pdfuaid:part>1<", "/Marked true", "/StructTreeRoot", "Statistik zum Tätigkeitsbericht 2017"] {
            assert!(text.contains(mark), "{mark}");
        }
        let accepted = app.client.send("GET", "/v1/reports/2017", &[("Accept", "application/pdf")], None).expect(200);
        assert_eq!(accepted.body, pdf.body, "the same report is the same bytes");
        let tag = pdf.header("etag").unwrap().to_owned();
        let again = app.client.send("GET", "/v1/reports/2017?format=pdf", &[("If-None-Match", &tag)], None).expect(304);
        assert_eq!((again.body.len(), again.header("etag")), (0, Some(tag.as_str())));
        let page = app.client.get("/v1/reports/2017").expect(200);
        assert_ne!(page.header("etag"), Some(tag.as_str()));
        app.case("Neu in 2017");
        let changed = app.client.send("GET", "/v1/reports/2017?format=pdf", &[("If-None-Match", &tag)], None).expect(200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
    }
}

on_both_databases! {
    fn the_report_is_a_document_to_work_on(app = filled) {
        let document = app.client.get("/v1/reports/2017?format=docx").expect(200);
        let media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(document.header("content-type"), Some(media_type));
        assert_eq!(document.header("content-disposition"), Some("inline; filename=\"report-2017-de.docx\""));
        let accepted = app.client.send("GET", "/v1/reports/2017", &[("Accept", media_type)], None).expect(200);
        assert_eq!(accepted.body, document.body, "the same report is the same bytes");
        let text = part(&document.body, "word/document.xml");
        for words in ["Statistik zum Tätigkeitsbericht 2017", "Dienstleistungen", "Merkblatt &lt;Schule&gt;", "Bericht &lt;2014&gt;"] {
            assert!(text.contains(words), "{words}");
        }
        let headings = app.client.get("/v1/reports/2017").expect(200).text().matches("<h2>").count();
        assert_eq!(text.matches("w:val=\"Heading1\"").count(), headings);
        // Each table has a head, and each picture its text.
        let pictures = text.matches("<w:drawing>").count();
        assert!(pictures > 4 && text.matches("descr=\"").count() == 2 * pictures && !text.contains("descr=\"\""));
        assert_eq!(text.matches("<w:tblHeader>").count(), text.matches("<w:tblCaption").count());
        assert!(part(&document.body, "word/styles.xml").contains("w:lang w:val=\"de-CH\""));
        app.client.get("/v1/reports/2003?format=docx&lang=fr").expect(200);
    }
}

/// A part of an archive as text.
fn part(archive: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
    text
}

on_both_databases! {
    fn the_report_of_an_empty_year_is_a_report_too(app) {
        let page = app.client.get("/v1/reports/2003").expect(200).text();
        assert!(page.contains("<td>–</td>") && !page.contains("pendent"), "{page}");
        for lang in ["de", "fr", "it", "en"] {
            let pdf = app.client.get(&format!("/v1/reports/2003?format=pdf&lang={lang}")).expect(200);
            assert!(pdf.body.starts_with(b"%PDF-1.7"));
        }
        app.client.get("/v1/reports/1800").expect_problem(400, "invalid-parameter");
        let problem = app.client.get("/v1/reports/2017?format=doc&lang=rm&layout=no").expect_problem(400, "invalid-parameter");
        assert_eq!(faults(&problem), ["format", "lang", "layout"]);
        app.client.send("GET", "/v1/reports/2017", &[("Accept", "image/png")], None).expect_problem(406, "not-acceptable");
        app.client.anonymous().get("/v1/reports/2017?format=pdf").expect_problem(401, "unauthenticated");
    }
}
