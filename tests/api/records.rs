//! What only the authority's other records have: public bodies and who names them, the public registers, proceedings,
//! relations, deadlines. What they share with all registers is tested by walking these.

use serde_json::{Value, json};

use crate::commands::aufsicht;
use crate::on_both_databases;
use crate::support::{App, Backend, Directory, faults};

fn path(register: &str, record: &Value) -> String {
    format!("/v1/{register}/{}", record["id"].as_str().unwrap())
}

on_both_databases! {
    fn a_public_body_is_named_by_id_or_name_and_stays_the_same(app) {
        let before = app.create("cases", json!({"title": "Vorher", "requester": {"organisation": "Gemeinde Horw"}}));
        let horw = app.create("organisations", json!({"name": "Gemeinde Horw", "type": "MUNICIPALITY", "bfs_number": 1058}));
        assert_eq!(horw["number"], "ORG-0001");
        let id = horw["id"].as_str().unwrap();
        let by_id = app.create("projects", json!({"title": "Projekt", "role": "LEAD", "organisation": id}));
        assert_eq!(by_id["organisation"], "Gemeinde Horw");
        let by_name = app.create("audits", json!({"title": "Kontrolle", "organisation": "Gemeinde Horw"}));
        let none = app.client.post("/v1/audits", &json!({"title": "x", "organisation": "01932b6e-1111-7000-8000-000000000001"}));
        assert_eq!(faults(&none.expect_problem(422, "validation-failed")), ["/organisation"]);
        let of = |register: &str| app.client.all(&format!("/v1/{register}?organisation={id}"));
        assert_eq!(of("cases")[0]["id"], before["id"], "what named it before it was entered is linked");
        assert_eq!((&of("projects")[0]["id"], &of("audits")[0]["id"]), (&by_id["id"], &by_name["id"]));

        // Another name does not make it another body, and what records say stays as it was written.
        app.client.patch(&path("organisations", &horw), "*", &json!({"name": "Stadt Horw"})).expect(200);
        app.client.patch(&path("audits", &by_name), "*", &json!({"subject": "Zugriffe"})).expect(200);
        assert_eq!((of("cases").len(), of("projects").len(), of("audits").len()), (1, 1, 1));
        app.client.patch(&path("audits", &by_name), "*", &json!({"organisation": "Andere"})).expect(200);
        assert_eq!(of("audits").len(), 0);

        let refused = app.client.delete(&path("organisations", &horw), "*").expect_problem(409, "conflict");
        assert!(refused["record"].is_string(), "{refused}");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn public_bodies_merge_and_keep_their_history(app) {
        let municipality = |name: &str, number: i64| json!({"name": name, "type": "MUNICIPALITY", "bfs_number": number});
        let old = app.create("organisations", municipality("Littau", 1060));
        let new = app.create("organisations", municipality("Luzern", 1061));
        app.create("cases", json!({"title": "Anfrage", "requester": {"organisation": "Littau"}}));
        let merge = |body: Value| app.client.patch(&path("organisations", &old), "*", &body);
        assert_eq!(faults(&merge(json!({"successor": "Luzern"})).expect_problem(422, "validation-failed")), ["/valid_to"]);
        assert_eq!(faults(&merge(json!({"successor": "Littau", "valid_to": "2009-12-31"})).expect_problem(422, "validation-failed")), ["/successor"]);
        assert_eq!(faults(&merge(json!({"successor": "Nirgends", "valid_to": "2009-12-31"})).expect_problem(422, "validation-failed")), ["/successor"]);
        let merged = merge(json!({"successor": "Luzern", "valid_to": "2009-12-31"})).expect(200).json();
        assert_eq!(merged["successor"], new["id"]);
        assert_eq!(app.client.all("/v1/cases?organisation=Littau").len(), 1);
        let shown = app.client.get(&format!("{}?expand=organisations", path("organisations", &new))).expect(200);
        assert_eq!(shown.json()["organisations"][0]["name"], "Littau");
        let history = app.client.all(&format!("{}/history", path("organisations", &old)));
        assert_eq!(history[1]["changes"][0], json!({"property": "successor", "old": null, "new": new["id"]}));

        let taken = app.client.post("/v1/organisations", &municipality("Doppelt", 1061)).expect_problem(409, "conflict");
        assert_eq!(taken["record"], new["id"]);
        assert_eq!(app.client.all("/v1/organisations?bfs_number=1061&type=MUNICIPALITY").len(), 1);
        app.client.patch(&path("organisations", &new), "*", &json!({"bfs_number": null})).expect(200);
        app.create("organisations", municipality("Doppelt", 1061));
        let court = json!({"name": "Gericht", "type": "COURT", "bfs_number": 1, "valid_from": "2017-01-02", "valid_to": "2017-01-01"});
        let faulty = app.client.post("/v1/organisations", &court).expect_problem(422, "validation-failed");
        assert_eq!(faults(&faulty), ["/bfs_number", "/valid_to"]);
        let unknown = app.client.post("/v1/organisations", &json!({"title": "x", "type": "COURT", "status": "OPEN"}));
        assert_eq!(faults(&unknown.expect_problem(422, "validation-failed")), ["/name", "/status", "/title"]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn other_records_are_not_counted(app) {
        for register in aufsicht::registers::ALL.iter().filter(|register| !register.counted) {
            app.create(register.name, (register.example)());
        }
        let table = app.client.get("/v1/statistics/services?from=2015&to=2018").expect(200).json();
        let lines = table["lines"].as_array().unwrap();
        assert!(lines.iter().all(|line| line["values"].as_array().unwrap().iter().all(|v| v.is_null() || v == 0)), "{table}");
        assert_eq!(app.case("Erster Fall")["number"], "2017-0001", "series do not use up business numbers");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// Answers to somebody without a token, in which nothing of what is hidden may stand.
fn public_answers(app: &App, register: &str, hidden: &str) -> Vec<Value> {
    let anonymous = app.client.anonymous();
    let mut answers = Vec::new();
    for query in ["", "?limit=1", "?include_total=true", "?q=geheim", "?q=register", "?number=DS-0002", "?sort=-number"]
    {
        let answer = anonymous.get(&format!("/v1/{register}{query}")).expect(200);
        assert!(!answer.text().contains(hidden), "{query}: {}", answer.text());
        answers.push(answer.json());
    }
    for format in ["ndjson", "csv", "xlsx"] {
        let export = anonymous.get(&format!("/v1/{register}/export?format={format}")).expect(200);
        assert!(!export.text().contains(hidden), "{format}");
    }
    answers
}

on_both_databases! {
    fn everybody_sees_what_is_published_and_nothing_of_its_neighbours(app) {
        let example = |name: &str, published: bool| {
            let mut body = (aufsicht::registers::find("data-collections").unwrap().example)();
            body["name"] = json!(name);
            body["published"] = json!(published);
            body["notes"] = json!("geheim im Vermerk");
            body["responsible"] = json!("geheime Person");
            body["due_on"] = json!("2018-01-01");
            body
        };
        let shown = app.create("data-collections", example("Register A", true));
        let hidden = app.create("data-collections", example("Register geheim", false));
        app.create("data-collections", example("Register C", true));
        let answers = public_answers(&app, "data-collections", "geheim");
        let items = |answer: &Value| answer["items"].as_array().unwrap().len();
        assert_eq!(answers.iter().map(items).collect::<Vec<_>>(), [2, 1, 2, 0, 2, 0, 2]);
        assert_eq!(answers[2]["total"], 2);
        let anonymous = app.client.anonymous();
        let names: Vec<Value> = anonymous.all("/v1/data-collections?limit=1").into_iter().map(|item| item["name"].clone()).collect();
        assert_eq!(names, ["Register A", "Register C"]);
        let keys: Vec<String> = anonymous.get(&path("data-collections", &shown)).expect(200).json().as_object().unwrap().keys().cloned().collect();
        for private in ["notes", "responsible", "due_on", "published", "external"] {
            assert!(!keys.contains(&private.to_owned()), "{private}");
        }
        let unknown = anonymous.get("/v1/data-collections/01932b6e-1111-7000-8000-000000000001").expect_problem(404, "not-found");
        let neighbour = anonymous.get(&path("data-collections", &hidden)).expect_problem(404, "not-found");
        let without_id = |problem: &Value, id: &str| problem["detail"].as_str().unwrap().replace(id, "");
        assert_eq!(without_id(&neighbour, hidden["id"].as_str().unwrap()), without_id(&unknown, "01932b6e-1111-7000-8000-000000000001"));
        for query in ["responsible=geheime%20Person", "due_from=2017-01-01", "sort=due_on"] {
            anonymous.get(&format!("/v1/data-collections?{query}")).expect_problem(400, "invalid-parameter");
        }
        for closed in ["history", "external/konsul/1"] {
            let place = if closed == "history" { format!("{}/history", path("data-collections", &shown)) } else { format!("/v1/data-collections/{closed}") };
            anonymous.get(&place).expect_problem(401, "unauthenticated");
        }
        anonymous.post("/v1/data-collections", &example("x", true)).expect_problem(401, "unauthenticated");

        // A token that does not allow more sees as much as none, a refused one nothing, one that does all of it.
        assert_eq!(app.with_scopes("statistics:read").all("/v1/data-collections").len(), 2);
        app.client.with_token("nonsense").get("/v1/data-collections").expect_problem(401, "unauthenticated");
        assert_eq!(app.with_scopes("register:read").all("/v1/data-collections").len(), 3);
        app.client.patch(&path("data-collections", &shown), "*", &json!({"published": false})).expect(200);
        anonymous.get(&path("data-collections", &shown)).expect_problem(404, "not-found");
        let bare = app.client.post("/v1/data-collections", &json!({"name": "x", "published": true}));
        assert_eq!(faults(&bare.expect_problem(422, "validation-failed")), ["/legal_basis", "/purpose", "/responsible_body"]);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn everybody_reads_the_register_and_follows_publications(app) {
        let body = |register: &str, change: Value| {
            let mut body = (aufsicht::registers::find(register).unwrap().example)();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            app.create(register, body)
        };
        body("data-collections", json!({"name": "Register <A> & B"}));
        body("data-collections", json!({"name": "Register C"}));
        body("data-collections", json!({"name": "Geheimes", "published": false}));
        let anonymous = app.client.anonymous();
        let empty = anonymous.get("/publications.atom").expect(200).text();
        assert!(empty.contains("<updated>2019-01-15T00:00:00Z</updated>") && !empty.contains("1970"), "{empty}");
        let page = |query: &str| anonymous.get(&format!("/data-collections{query}")).expect(200).text();
        for (lang, word) in [("de", "Rechtsgrundlage"), ("fr", "Base légale"), ("it", "Base legale"), ("en", "Legal basis")] {
            let page = page(&format!("?lang={lang}"));
            assert!(page.contains(&format!("<html lang=\"{lang}\">")) && page.contains(word), "{page}");
            assert!(page.contains("Register &lt;A&gt; &amp; B") && !page.contains("Geheimes"), "{page}");
        }
        assert!(page("?q=geheimes").contains("Keine Einträge"));
        assert!(page("?limit=1").contains("rel=\"next\""));
        // What is empty in the form is not asked for; parts of words are found in all that an entry says.
        assert!(page("?q=&responsible_body=").contains("2 Einträge"));
        let purpose = anonymous.all("/v1/data-collections")[0]["purpose"].as_str().unwrap().to_uppercase();
        let part: String = purpose.split(' ').next_back().unwrap().chars().skip(1).collect();
        assert!(page(&format!("?q={}%20register", aufsicht::text::percent_encoded(&part))).contains("2 Einträge"), "{part}");
        assert!(page("?q=register%20nirgends").contains("Keine Einträge"));
        assert!(page("?responsible_body=Niemand").contains("Keine Einträge"));
        body("data-collections", json!({"name": "Ökologie", "responsible_body": "Amt für Äpfel & Birnen"}));
        body("data-collections", json!({"name": "Ofenkontrolle"}));
        let all = page("?view=full&lang=fr");
        let place = |name: &str| all.find(&format!("<strong>{name}")).unwrap();
        assert!(place("Ofenkontrolle") < place("Ökologie") && place("Ökologie") < place("Register C"), "as Swiss lists are sorted");
        assert!(page("?responsible_body=amt%20f%C3%BCr%20%C3%A4pfel%20%26%20birnen&q=oko").contains("1 Eintrag"));
        // The pages of the list hold each entry once, and languages keep what was asked for.
        let (mut seen, mut address) = (Vec::new(), "?limit=1&q=register".to_owned());
        loop {
            let page = page(&address);
            seen.extend(page.split("<strong>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()));
            assert!(page.contains("4 Einträge") && page.contains("lang=it&amp;limit=1&amp;q=register"), "{page}");
            let Some(next) = page.split("rel=\"next\" href=\"/data-collections").nth(1) else { break };
            address = next.split('"').next().unwrap().replace("&amp;", "&");
        }
        assert_eq!(seen, ["Ofenkontrolle", "Ökologie", "Register &lt;A&gt; &amp; B", "Register C"]);
        let linked = anonymous.send("GET", "/data-collections", &[("Accept", "application/ld+json")], None).expect(200).json();
        assert_eq!((&linked["@type"], linked["dataset"].as_array().unwrap().len()), (&json!("DataCatalog"), 4));

        body("publications", json!({"title": "A & B", "url": null}));
        body("publications", json!({"title": "Entwurf", "published": false}));
        let feed = anonymous.get("/publications.atom?lang=fr").expect(200);
        assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
        // Readers ask for it again and again, and get it when it has changed.
        assert_eq!(feed.header("cache-control"), Some("public, max-age=300"));
        let again = [("If-None-Match", feed.header("etag").unwrap())];
        anonymous.send("GET", "/publications.atom?lang=fr", &again, None).expect(304);
        anonymous.send("GET", "/publications.atom?lang=de", &again, None).expect(200);
        let feed = feed.text();
        assert!(feed.contains("<title>A &amp; B</title>") && !feed.contains("Entwurf"), "{feed}");
        // Its links are whole, and lead to the very entry of the page where a publication has no address of its own.
        let (base, id) = (&app.client.base, anonymous.all("/v1/publications").remove(0)["id"].as_str().unwrap().to_owned());
        let page = format!("{base}/publications?lang=fr");
        for link in [
            format!("<link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/publications.atom?lang=fr\">"),
            format!("<link rel=\"alternate\" type=\"text/html\" href=\"{page}\">"),
            format!("<link rel=\"alternate\" type=\"text/html\" href=\"{page}#{id}\">"),
        ] {
            assert!(feed.contains(&link), "{link}: {feed}");
        }
        assert!(feed.contains("xml:lang=\"fr\"") && feed.contains("label=\"Aide-mémoire\"") && is_well_formed(&feed), "{feed}");
        let times = |name: &str| feed.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert!(times("published")[0] <= times("updated")[1] && times("updated")[0] == times("updated")[1], "{feed}");
        assert!(anonymous.get("/publications?lang=fr").expect(200).text().contains(&format!("<article id=\"{id}\">")));
        for (lang, word) in [("de", "Publikationen"), ("fr", "Publications"), ("it", "Pubblicazioni"), ("en", "Publications")] {
            let page = anonymous.get(&format!("/publications?lang={lang}")).expect(200).text();
            assert!(page.contains(&format!("<h1>{word}</h1>")) && page.contains("A &amp; B") && !page.contains("Entwurf"), "{page}");
        }
        let fields = anonymous.all("/v1/publications").remove(0);
        assert!(fields["downloads"].is_null() && fields["kind"] == "LEAFLET", "{fields}");
        for wrong in [json!({"url": "javascript:alert(1)"}), json!({"sha256": "ABC"}), json!({"downloads": [{"year": 2017, "count": 1}, {"year": 2017, "count": 2}]})] {
            let mut new = json!({"title": "x", "kind": "NEWS"});
            new.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            let refused = faults(&app.client.post("/v1/publications", &new).expect_problem(422, "validation-failed"));
            assert!(refused[0].starts_with(&format!("/{}", wrong.as_object().unwrap().keys().next().unwrap())), "{refused:?}");
        }
    }
}

/// Whether a text is well-formed, by Python's own reader.
fn is_well_formed(xml: &str) -> bool {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, xml.as_bytes()).unwrap();
    let script = "import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])";
    std::process::Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap().status.success()
}

// Whoever writes to the database by hand can write what no request can.
on_both_databases! {
    fn what_xml_cannot_hold_breaks_no_feed(app) {
        let body = json!({"title": "Merkblatt", "published_on": "2017-03-14", "kind": "LEAFLET", "topics": ["Bildung"], "published": true});
        app.create("publications", body);
        app.create("data-collections", json!({
            "name": "Einwohnerregister", "responsible_body": "Gemeinde", "purpose": "Zweck", "legal_basis": "§ 1", "published": true
        }));
        app.tampered();
        let title = if app.backend == Backend::Sqlite { "'A' || char(1) || char(65534) || 'B & C'" } else { "'A' || chr(1) || chr(65534) || 'B & C'" };
        app.sql(&format!("UPDATE records SET title = {title}"));
        let anonymous = app.client.anonymous();
        let feed = anonymous.get("/publications.atom").expect(200).text();
        assert!(feed.contains("<title>A  B &amp; C</title>") && is_well_formed(&feed), "{feed}");
        assert!(!is_well_formed(&feed.replacen("A  B", "A\u{1}B", 1)));
        let page = anonymous.get("/data-collections?lang=de").expect(200).text();
        assert!(page.contains("A  B &amp; C"), "{page}");
        let listed = anonymous.get("/v1/publications").expect(200).json();
        assert_eq!(listed["items"][0]["title"], "A\u{1}\u{fffe}B & C", "JSON holds every character");
        let csv = anonymous.get("/v1/publications/export?format=csv").expect(200).text();
        assert_eq!(csv.lines().count(), 2, "{csv}");
    }
}

on_both_databases! {
    fn proceedings_are_shown_with_their_case(app) {
        let case = app.case("Bewilligung von Drohnenflügen");
        let number = case["number"].as_str().unwrap();
        let body = json!({"subject": "Beschwerde", "filed_on": "2017-08-21", "instance": "Kantonsgericht", "case": number, "notes": "vertraulich"});
        let appeal = app.create("proceedings", body.clone());
        assert_eq!((&appeal["case"], &appeal["status"], &appeal["kind"]), (&case["id"], &json!("OPEN"), &json!("APPEAL")));
        let with = |client: &crate::support::Client| client.get(&format!("{}?expand=proceedings", path("cases", &case))).expect(200);
        assert_eq!(with(&app.client).json()["proceedings"], json!([appeal]));
        let reader = app.with_scopes("register:read");
        assert!(!with(&reader).text().contains("vertraulich"), "the same rules hold for what is shown with it");
        assert_eq!(reader.all("/v1/cases?expand=proceedings")[0]["proceedings"][0]["subject"], "Beschwerde");
        let first = with(&app.client);
        let tag = first.header("etag").unwrap().to_owned();
        app.client.patch(&path("proceedings", &appeal), "*", &json!({"next_instance": "Bundesgericht"})).expect(200);
        assert_ne!(with(&app.client).header("etag").unwrap(), tag, "what is shown with it is part of the answer");
        app.client.patch(&path("cases", &case), &tag, &json!({"area": "POLICE"})).expect(200);

        let change = |body: Value| app.client.patch(&path("proceedings", &appeal), "*", &body);
        assert_eq!(faults(&change(json!({"decision": "UPHELD"})).expect_problem(422, "validation-failed")), ["/decided_on"]);
        assert_eq!(faults(&change(json!({"decided_on": "2017-08-01", "decision": "UPHELD"})).expect_problem(422, "validation-failed")), ["/decided_on"]);
        let early = json!({"decided_on": "2018-02-01", "decision": "UPHELD", "legal_force_on": "2018-01-01"});
        assert_eq!(faults(&change(early).expect_problem(422, "validation-failed")), ["/legal_force_on"]);
        let decided = change(json!({"decided_on": "2018-02-01", "decision": "PARTLY_UPHELD"})).expect(200).json();
        assert_eq!(decided["status"], "CLOSED");
        assert_eq!(app.client.all("/v1/proceedings?decided_from=2018-01-01").len(), 1);
        app.client.delete(&path("cases", &case), "*").expect_problem(409, "conflict");
        app.client.get(&format!("{}?expand=nonsense", path("cases", &case))).expect_problem(400, "invalid-parameter");
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn relations_lead_both_ways(app) {
        let first = app.case("Erste Anfrage");
        let project = app.create("projects", json!({"title": "Projekt", "role": "LEAD"}));
        let relations = json!([
            {"type": "FOLLOWS", "record": first["number"]}, {"type": "BELONGS_TO", "record": project["id"]}
        ]);
        let second = app.create("cases", json!({"title": "Zweite Anfrage", "relations": relations}));
        assert_eq!(second["relations"][0], json!({"type": "FOLLOWS", "record": first["id"]}));
        for (register, record) in [("cases", &first), ("projects", &project)] {
            let back = app.client.get(&format!("{}?expand=cases", path(register, record))).expect(200).json();
            assert_eq!(back["cases"][0]["id"], second["id"], "{register}");
        }
        let bad = json!({"relations": [{"type": "FOLLOWS", "record": "2017-9999"}]});
        let refused = app.client.patch(&path("cases", &second), "*", &bad).expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), ["/relations/0/record"]);
        app.client.patch(&path("cases", &second), "*", &json!({"relations": null})).expect(200);
        let back = app.client.get(&format!("{}?expand=cases", path("cases", &first))).expect(200).json();
        assert_eq!(back["cases"], json!([]));
        let history = app.client.all(&format!("{}/history", path("cases", &second)));
        assert_eq!(history[1]["changes"][0]["property"], "relations");
        app.client.delete(&path("cases", &first), "*").expect(204);
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn cases_with_a_term_are_due_by_themselves(app) {
        let case = |body: Value| app.create("cases", body);
        let check = case(json!({"title": "Vorabkontrolle", "kind": "PRIOR_CHECK", "received_on": "2017-01-31"}));
        assert_eq!(check["due_on"], "2017-03-14");
        let own = case(json!({"title": "x", "kind": "PRIOR_CHECK", "received_on": "2017-01-31", "due_on": "2017-02-01"}));
        assert_eq!(own["due_on"], "2017-02-01");
        assert!(case(json!({"title": "x", "received_on": "2017-01-31"}))["due_on"].is_null());
        let closed = case(json!({"title": "x", "kind": "BREACH_NOTIFICATION", "received_on": "2017-01-31", "closed_on": "2017-02-01"}));
        assert!(closed["due_on"].is_null());
        assert_eq!(app.client.all("/v1/deadlines?until=2017-03-14").len(), 2);
    }
}

on_both_databases! {
    fn deadlines_come_from_all_registers_overdue_first(app) {
        let due = |register: &str, day: &str, who: &str| {
            let mut body = (aufsicht::registers::find(register).unwrap().example)();
            body["due_on"] = json!(day);
            body["responsible"] = json!(who);
            app.create(register, body)
        };
        due("audits", "2019-03-01", "service");
        let late = due("publications", "2018-12-31", "service");
        due("memberships", "2019-02-01", "LM");
        let closed = app.create("cases", json!({"title": "x", "due_on": "2017-01-01", "received_on": "2017-01-01", "closed_on": "2017-02-01"}));
        assert_eq!(closed["status"], "CLOSED");
        let all = app.client.all("/v1/deadlines?limit=1");
        let days: Vec<&str> = all.iter().map(|item| item["due_on"].as_str().unwrap()).collect();
        assert_eq!(days, ["2018-12-31", "2019-02-01", "2019-03-01"]);
        assert_eq!((&all[0]["overdue"], &all[0]["id"], &all[1]["overdue"]), (&json!(true), &late["id"], &json!(false)));
        assert_eq!(app.client.all("/v1/deadlines?until=2019-02-01&register=memberships,cases").len(), 1);
        app.client.get("/v1/deadlines?until=31.12.2019").expect_problem(400, "invalid-parameter");

        let calendar = app.client.get("/v1/deadlines.ics").expect(200);
        assert_eq!(calendar.header("content-type"), Some("text/calendar; charset=utf-8"));
        let text = calendar.text().replace("\r\n ", "");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "only what the token's subject is responsible for: {text}");
        assert!(text.contains("DTSTART;VALUE=DATE:20181231\r\n"), "{text}");
    }
}

on_both_databases! {
    fn records_are_counted_by_the_public_body_that_they_name(app) {
        for name in ["Horw", "Emmen"] {
            app.create("organisations", json!({"name": name, "type": "MUNICIPALITY"}));
        }
        let case = |body: Value| {
            let mut whole = json!({"title": "x", "received_on": "2017-03-01"});
            whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            app.create("cases", whole)
        };
        let horw = |area: &str| json!({"area": area, "requester": {"organisation": "Horw"}});
        for body in [horw("IT"), horw("IT"), horw("POLICE"), json!({"requester": {"organisation": "Muster AG"}}), json!({})] {
            case(body);
        }
        case(json!({"received_on": "2016-05-01", "closed_on": "2017-06-01", "requester": {"organisation": "Emmen"}}));
        app.create("projects", json!({"title": "x", "role": "LEAD", "received_on": "2017-01-05", "organisation": "Horw"}));
        app.create("data-collections", json!({"name": "Nicht gezählt", "responsible_body": "Horw"}));
        let counts = |query: &str| app.client.get(&format!("/v1/statistics/counts?{query}")).expect(200).json();
        let of_2017 = counts("by=organisation,register&from=2017&to=2017");
        assert_eq!(of_2017["items"], json!([
            {"organisation": "Horw", "register": "cases", "count": 3},
            {"organisation": "Horw", "register": "projects", "count": 1},
            {"organisation": "NOT_IN_REGISTER", "register": "cases", "count": 1},
            {"organisation": null, "register": "cases", "count": 1},
        ]), "who is in no register of public bodies is not named");
        assert_eq!(of_2017["total"], counts("from=2017&to=2017")["total"]);
        assert_eq!(counts("by=organisation,year&register=cases&area=IT,POLICE")["items"], json!([{"organisation": "Horw", "year": 2017, "count": 3}]));
        assert_eq!(counts("by=month,organisation&measure=closed")["items"], json!([{"month": "2017-06", "organisation": "Emmen", "count": 1}]));
        let id = app.client.all("/v1/organisations?q=horw")[0].clone();
        app.client.patch(&path("organisations", &id), "*", &json!({"name": "Stadt Horw"})).expect(200);
        assert_eq!(counts("by=organisation&register=projects")["items"][0]["organisation"], "Stadt Horw");
        app.client.get("/v1/statistics/counts?by=organisation,organisation").expect_problem(400, "invalid-parameter");
        let csv = app.client.get("/v1/statistics/counts?by=organisation&register=cases&from=2017&to=2017&format=csv").expect(200).text();
        assert!(csv.contains("Stadt Horw;3"), "{csv}");
    }
}

on_both_databases! {
    fn the_municipalities_of_the_canton_come_from_the_list_that_is_shipped(app) {
        let directory = Directory::new();
        let list = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/municipalities-lucerne.csv");
        let import = || {
            let mut command = aufsicht(&directory.0);
            let done = command.args(["import", "--register", "organisations", list]).env("DATABASE_URL", &app.config.database.url);
            let done = done.output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        import();
        let all = app.client.all("/v1/organisations?limit=1000");
        assert_eq!(all.len(), 79);
        assert!(all.iter().all(|body| body["type"] == "MUNICIPALITY" && body["bfs_number"].is_i64()), "{all:?}");
        let horw = app.client.all("/v1/organisations?q=horw");
        assert_eq!((horw.len(), &horw[0]["bfs_number"]), (1, &json!(1058)));
        import();
        assert!(app.client.all("/v1/organisations?limit=1000").iter().all(|body| body["revision"] == 1));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn downloads_of_publications_are_among_the_websites_figures(app) {
        let publication = |title: &str, published: bool, year: i32, count: i64| {
            let downloads = json!([{"year": year, "count": count}]);
            app.create("publications", json!({"title": title, "kind": "LEAFLET", "published": published, "downloads": downloads}));
        };
        publication("Merkblatt Schule", true, 2017, 61);
        publication("Entwurf", false, 2017, 99);
        publication("Merkblatt Video", true, 2017, 300);
        publication("Altes Merkblatt", true, 2010, 7);
        let figures = json!({"visitors": 10, "page_views": 20, "downloads": [{"title": "Musterbrief", "count": 100}, {"title": "Merkblatt Schule", "count": 62}]});
        app.client.put("/v1/website-figures/2017", &figures).expect(201);
        let table = app.client.get("/v1/statistics/website?from=2016&to=2017").expect(200).json();
        assert_eq!(table["downloads"], json!([
            {"year": 2017, "title": "Merkblatt Video", "count": 300},
            {"year": 2017, "title": "Musterbrief", "count": 100},
            {"year": 2017, "title": "Merkblatt Schule", "count": 62},
        ]));
        let report = app.client.get("/v1/reports/2017").expect(200).text();
        assert!(report.contains("Merkblatt Video") && !report.contains("Entwurf"), "{report}");
    }
}

on_both_databases! {
    fn the_report_tells_of_proceedings_publications_and_working_groups(app) {
        let appeal = |subject: &str, filed: &str, decided: Option<&str>| {
            let mut body = json!({"subject": subject, "filed_on": filed, "instance": "Kantonsgericht"});
            if let Some(decided) = decided {
                body["decided_on"] = json!(decided);
                body["decision"] = json!("PARTLY_UPHELD");
            }
            app.create("proceedings", body);
        };
        appeal("Drohnenflüge", "2016-08-21", Some("2017-02-01"));
        appeal("Videoüberwachung", "2017-05-01", None);
        appeal("Später", "2018-05-01", None);
        for (title, published) in [("Merkblatt für alle", true), ("Internes Merkblatt", false)] {
            app.create("publications", json!({"title": title, "kind": "LEAFLET", "published_on": "2017-04-01", "published": published}));
        }
        let meetings = json!([{"held_on": "2017-05-18", "effort_minutes": 480}, {"held_on": "2017-11-09", "effort_minutes": 30}, {"held_on": "2016-01-01"}]);
        app.create("memberships", json!({"group": "privatim", "joined_on": "2012-01-01", "meetings": meetings}));
        let whole = app.client.get("/v1/reports/2017").expect(200).text();
        for told in [
            "2017 eingereicht: 1; entschieden: 1; am Jahresende hängig: 1.", "Drohnenflüge", "teilweise gutgeheissen", "Im Jahr 2017 erschienen: 2.",
            "Internes Merkblatt", "privatim", "<td>2</td><td>8.5</td>",
        ] {
            assert!(whole.contains(told), "{told}: {whole}");
        }
        assert!(!whole.contains("Später"));
        let figures = app.with_scopes("statistics:read").get("/v1/reports/2017").expect(200).text();
        for told in ["am Jahresende hängig: 1.", "Im Jahr 2017 erschienen: 2.", "Merkblatt für alle", "1 weiterer Eintrag", "8.5"] {
            assert!(figures.contains(told), "{told}: {figures}");
        }
        for hidden in ["Drohnenflüge", "Videoüberwachung", "Internes Merkblatt", "privatim"] {
            assert!(!figures.contains(hidden), "{hidden}");
        }
        assert!(app.client.get("/v1/reports/2017?lang=fr").expect(200).text().contains("partiellement admise"));
    }
}

on_both_databases! {
    fn links_that_do_not_follow_from_the_records_are_found(app) {
        let first = app.case("Erste Anfrage");
        let second = app.create("cases", json!({"title": "Zweite", "relations": [{"type": "FOLLOWS", "record": first["number"]}]}));
        app.create("organisations", json!({"name": "Horw", "type": "MUNICIPALITY", "bfs_number": 1058}));
        assert_eq!(app.differences(), Vec::<String>::new());
        app.sql("DELETE FROM record_links");
        let lost = app.differences();
        assert!(lost.len() == 1 && lost[0].contains(second["id"].as_str().unwrap()) && lost[0].contains("links"), "{lost:?}");
        app.client.patch(&path("cases", &second), "*", &json!({"area": "IT"})).expect(200);
        assert_eq!(app.differences(), Vec::<String>::new(), "a change makes them anew");
        app.tampered();
        app.sql("UPDATE own_keys SET value = '1'");
        assert!(app.differences()[0].contains("own keys"));
    }
}
