//! What software of others relies on: addresses behind proxies, logins as the standards have them, requests that are sent
//! again, and refusals in the words of whoever sent something.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::protection::new_client;
use crate::support::{App, Backend, Directory, aufsicht};

const PREFIX: [(&str, &str); 3] =
    [("X-Forwarded-Prefix", "/aufsicht"), ("X-Forwarded-Host", "host.example"), ("X-Forwarded-Proto", "https")];

#[test]
fn behind_a_path_prefix_every_address_leads_back() {
    for trusted in [true, false] {
        let app = App::start_with(Backend::Sqlite, |config| {
            config.server.trusted_proxies = if trusted { vec!["127.0.0.1".parse().unwrap()] } else { vec![] };
        });
        let before = if trusted { "/aufsicht" } else { "" };
        app.case("Eins");
        app.case("Zwei");
        let page = app.client.send("GET", "/v1/cases?limit=1", &PREFIX, None).expect(200);
        assert!(page.header("link").unwrap().starts_with(&format!("<{before}/v1/cases?")), "{page:?}");
        let headers = [&PREFIX[..], &[("Content-Type", "application/json")]].concat();
        let made = app.client.send("POST", "/v1/cases", &headers, Some(br#"{"title": "Drei"}"#)).expect(201);
        assert!(made.header("location").unwrap().starts_with(&format!("{before}/v1/cases/")), "{made:?}");
        let document = app.client.send("GET", "/openapi.json", &PREFIX, None).expect(200).json();
        assert_eq!(document["servers"][0]["url"], if trusted { "/aufsicht" } else { "/" });
        let flow = &document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"];
        assert_eq!(flow["tokenUrl"], format!("{before}/oauth/token"));
        let metadata = app.client.send("GET", "/.well-known/oauth-authorization-server", &PREFIX, None).json();
        let origin = if trusted { "https://host.example/aufsicht".to_owned() } else { app.client.base.clone() };
        assert_eq!(metadata["token_endpoint"], format!("{origin}/oauth/token"));
        let types = &document["components"]["schemas"]["ProblemType"]["enum"];
        let kind = format!("{before}/problems/validation-failed");
        assert!(types.as_array().unwrap().contains(&json!(kind)), "{types}");
        assert!(document["paths"]["/problems/{slug}"].is_object());
        let refused = app.client.send("POST", "/v1/cases", &headers, Some(b"{}")).expect(422);
        assert_eq!(refused.json()["type"], kind.as_str());
        let lines = [&PREFIX[..], &[("Content-Type", "application/x-ndjson")]].concat();
        let batch = app.client.send("POST", "/v1/cases/batch", &lines, Some(b"{}")).expect(207).json();
        assert_eq!(batch["results"][0]["problem"]["type"], kind.as_str());
        let explained = app.client.send("GET", "/problems/validation-failed", &PREFIX, None).expect(200).json();
        assert_eq!(explained["type"], kind.as_str());
        let tables = app.client.send("GET", "/v1/statistics/tables", &PREFIX, None).expect(200).json();
        assert_eq!(tables["items"][0]["path"], format!("{before}/v1/statistics/tables/services"));
        for page in ["/", "/data-collections", "/publications.atom", "/swagger-ui/"] {
            let page = app.client.send("GET", page, &PREFIX, None).expect(200).text();
            for name in ["href=\"/", "src=\"/", "action=\"/"] {
                let mut rests = page.split(name).skip(1);
                assert!(rests.all(|rest| format!("/{rest}").starts_with(&format!("{before}/"))), "{page}");
            }
        }
    }
}

#[test]
fn the_word_of_the_proxy_counts_before_that_of_its_client() {
    let app = App::start_with(Backend::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let by_proxy = ("X-Forwarded-Host", "evil.example, host.example");
    let said = [by_proxy, ("X-Forwarded-Proto", "https"), ("Forwarded", "host=evil.example;proto=http")];
    let metadata = app.client.send("GET", "/.well-known/oauth-authorization-server", &said, None).expect(200).json();
    assert_eq!(metadata["token_endpoint"], "https://host.example/oauth/token");
}

#[test]
fn what_is_no_path_is_not_believed_whoever_says_it() {
    let app = App::start_with(Backend::Sqlite, |config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    app.case("Eins");
    app.case("Zwei");
    for said in ["//evil.example", "evil.example", "/a/../b", "/a\"b", "/a b", ""] {
        let page = app.client.send("GET", "/v1/cases?limit=1", &[("X-Forwarded-Prefix", said)], None).expect(200);
        assert!(page.header("link").unwrap().starts_with("</v1/cases?"), "{said}");
    }
}

#[test]
fn where_the_address_outside_is_set_everything_names_it() {
    const OUTSIDE: &str = "https://daten.example/aufsicht";
    let app = App::start_with(Backend::Sqlite, |config| config.server.public_url = Some(OUTSIDE.into()));
    app.case("Eins");
    app.case("Zwei");
    let page = app.client.get("/v1/cases?limit=1").expect(200);
    assert!(page.header("link").unwrap().starts_with(&format!("<{OUTSIDE}/v1/cases?")), "{page:?}");
    let refused = app.client.get("/v1/cases?colour=red").expect(400).json();
    assert_eq!(refused["type"], "/aufsicht/problems/invalid-parameter");
    let metadata = app.client.get("/.well-known/oauth-authorization-server").expect(200).json();
    assert_eq!(metadata["issuer"], OUTSIDE);
    assert_eq!(metadata["jwks_uri"], format!("{OUTSIDE}/.well-known/jwks.json"));
    let resource = app.client.get("/.well-known/oauth-protected-resource").expect(200).json();
    assert_eq!((&resource["resource"], &resource["authorization_servers"]), (&json!(OUTSIDE), &json!([OUTSIDE])));
    let client = new_client(&app, json!({"name": "konsul", "scopes": ["register:read"]}));
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", client.0, client.1);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let token = app.client.anonymous().send("POST", "/oauth/token", &headers, Some(form.as_bytes())).expect(200).json();
    let own = app.client.with_token(token["access_token"].as_str().unwrap());
    own.get("/v1/cases").expect(200);
}

on_both_databases! {
    fn a_login_may_be_encoded_as_the_standard_demands(app) {
        let (id, secret) = new_client(&app, json!({"name": "konsul", "scopes": ["register:read"]}));
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let log_in = |id: &str, secret: &str| {
            let login = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
            let headers = [("Authorization", &*login), ("Content-Type", "application/x-www-form-urlencoded")];
            app.client.anonymous().send("POST", "/oauth/token", &headers, Some(b"grant_type=client_credentials"))
        };
        log_in(&id, &secret).expect(200);
        log_in(&id.replace('-', "%2D"), &secret.replace('-', "%2d").replace('_', "%5F")).expect(200);
        log_in(&encoded(&id), &encoded(&secret)).expect(200);
        log_in(&id, &format!("{secret}%")).expect(401);
    }
}

#[test]
fn who_sends_no_token_is_told_where_there_are_some() {
    let app = App::start(Backend::Sqlite);
    let place = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource\"", app.client.base);
    let challenge = |answer: &crate::support::Answer| answer.header("www-authenticate").unwrap().to_owned();
    let none = challenge(&app.client.anonymous().get("/v1/cases").expect(401));
    assert!(!none.contains("error") && none.ends_with(&place), "{none}");
    let wrong = challenge(&app.client.with_token("x.y.z").get("/v1/cases").expect(401));
    assert!(wrong.contains("error=\"invalid_token\"") && wrong.ends_with(&place), "{wrong}");
    let narrow = challenge(&app.with_scopes("register:write").get("/v1/cases").expect(403));
    assert!(narrow.contains("scope=\"register:read\"") && narrow.ends_with(&place), "{narrow}");
    let doubled = app.client.with_token("Bearer x.y.z").get("/v1/cases").expect(401).json();
    assert!(doubled["detail"].as_str().unwrap().contains("he word Bearer"), "{doubled}");
}

#[test]
fn instrumented_frontends_may_call() {
    let app = App::start_with(Backend::Sqlite, |config| config.server.cors_origins = vec!["https://lu.example".into()]);
    let origin = [("Origin", "https://lu.example")];
    let preflight = app.client.send("OPTIONS", "/v1/cases", &origin, None).expect(204);
    for header in ["traceparent", "tracestate", "baggage", "sentry-trace"] {
        assert!(preflight.header("access-control-allow-headers").unwrap().contains(header), "{header}");
    }
    for header in ["Content-Disposition", "WWW-Authenticate"] {
        assert!(preflight.header("access-control-expose-headers").unwrap().contains(header), "{header}");
    }
}

on_both_databases! {
    fn several_values_may_be_written_with_brackets(app) {
        for area in ["IT", "POLICE", "HEALTH"] {
            app.create("cases", json!({"title": area, "received_on": "2017-03-14", "area": area}));
        }
        let list = |query: &str| app.client.get(&format!("/v1/cases?sort=title&{query}")).expect(200);
        for query in ["area[]=IT&area[]=POLICE", "area%5B%5D=IT&area%5B%5D=POLICE", "area[]=IT,POLICE", "area[]=IT&area=POLICE"] {
            assert_eq!(list(query).json(), list("area=IT,POLICE").json(), "{query}");
        }
        let page = list("area[]=IT&area[]=POLICE&limit=1");
        let next = page.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
        assert_eq!(app.client.get(&next).expect(200).json()["items"][0]["title"], "POLICE");
        let refused = app.client.get("/v1/cases?limit[]=1&limit[]=2&areas[]=IT").expect_problem(400, "invalid-parameter");
        assert_eq!((&refused["errors"][0]["code"], &refused["errors"][1]["code"]), (&json!("unknown_parameter"), &json!("repeated")), "{refused}");
        app.client.get("/v1/cases?area[0]=IT").expect_problem(400, "invalid-parameter");
    }
}

on_both_databases! {
    fn changes_and_deletions_can_be_sent_again_under_a_key(app) {
        let case = app.client.post("/v1/cases", &json!({"title": "Eins", "notes": "vertraulich"})).expect(201).json();
        let path = format!("/v1/cases/{}", case["id"].as_str().unwrap());
        let patch = |key: &str, tag: &str, body: Value| {
            let headers = [("Content-Type", "application/json"), ("If-Match", tag), ("Idempotency-Key", key)];
            app.client.send("PATCH", &path, &headers, Some(body.to_string().as_bytes()))
        };
        let first = patch("a", "\"1\"", json!({"responsible": "RF", "notes": null})).expect(200);
        assert_eq!(first.header("idempotency-replayed"), None);
        patch("b", "\"2\"", json!({"title": "Zwei", "notes": "anders"})).expect(200);
        // The answer that was lost comes again, as it was, and nothing is done again.
        let again = patch("a", "\"1\"", json!({"responsible": "RF", "notes": null})).expect(200);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!((again.json(), again.header("etag")), (first.json(), Some("\"2\"")));
        patch("a", "\"1\"", json!({"responsible": "XY"})).expect_problem(422, "idempotency-key-reused");
        patch("c", "\"1\"", json!({"responsible": "XY"})).expect_problem(412, "stale-revision");
        assert_eq!(app.client.get(&path).expect(200).json()["revision"], 3);
        let delete = |key: &str| {
            app.client.send("DELETE", &path, &[("If-Match", "\"3\""), ("Idempotency-Key", key)], None)
        };
        delete("d").expect(204);
        assert_eq!(delete("d").expect(204).header("idempotency-replayed"), Some("true"));
        delete("e").expect_problem(404, "not-found");
        // A change is answered again though the record has gone.
        let again = patch("a", "\"1\"", json!({"responsible": "RF", "notes": null})).expect(200);
        assert_eq!(again.json(), first.json());
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

/// Words of the implementation, which nobody knows who sends something.
const INSIDE: [&str; 14] = [
    "struct ",
    "enum ",
    "i64",
    "u64",
    "i32",
    "u16",
    "Some(",
    "None)",
    "os error",
    "invalid digit",
    "panicked",
    "serde",
    "unwrap",
    "expected `",
];

fn assert_in_words(text: &str) {
    for word in INSIDE {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn refusals_are_in_the_words_of_json() {
    let app = App::start(Backend::Sqlite);
    let document = crate::support::document();
    let wrong = [
        json!({}),
        json!([]),
        json!("x"),
        json!(1.5),
        json!(true),
        json!([1]),
        json!({"x": 1}),
        json!("9".repeat(400)),
    ];
    let mut refused = 0;
    for register in aufsicht::registers::ALL {
        let schema = &document["components"]["schemas"][format!("New{}", register.record)];
        for property in schema["properties"].as_object().unwrap().keys() {
            for value in &wrong {
                let mut body = (register.example)();
                body[property] = value.clone();
                let answer = app.client.post(&format!("/v1/{}", register.name), &body);
                refused += usize::from(answer.status == 422);
                assert!([201, 409, 422].contains(&answer.status), "{}", answer.text());
                assert_in_words(&answer.text());
            }
        }
    }
    assert!(refused > 400, "{refused}");
    for (method, path, body) in [
        ("POST", "/v1/webhooks", json!({"url": 1, "registers": "x", "active": "y"})),
        ("POST", "/v1/clients", json!({"name": 1, "scopes": "x", "registers": {"a": 1}})),
        (
            "PUT",
            "/v1/website-figures/2017",
            json!({"visitors": "x", "page_views": [], "downloads": [{"title": 1, "count": "x"}]}),
        ),
        ("PUT", "/v1/staffing/2017", json!({"positions_percent": "x"})),
        ("PUT", "/v1/statistics/published/2017", json!({"figures": 1, "published_on": 5, "from_live": "x"})),
        ("PUT", "/v1/statistics/figures/2017", json!({"figures": {"x": "y"}})),
        ("PUT", "/v1/cases/external/gever/1", json!({"title": "x", "external": {"version": "x"}})),
    ] {
        let headers = [("Content-Type", "application/json"), ("If-Match", "*")];
        let answer = app.client.send(method, path, &headers, Some(body.to_string().as_bytes()));
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.text());
        assert_in_words(&answer.text());
    }
    for query in [
        "limit=x",
        "year=abc",
        "cursor=x",
        "updated_since=gestern",
        "received_from=1.2.2017",
        "sort=x",
        "area=x",
        "include_total=ja",
    ] {
        assert_in_words(&app.client.get(&format!("/v1/cases?{query}")).expect(400).text());
    }
}

#[test]
fn commands_say_what_is_wrong_in_words() {
    let directory = Directory::new();
    let said = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = aufsicht(&directory.0).args(arguments).envs(variables.iter().copied()).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(!text.trim().is_empty(), "{arguments:?}");
        assert_in_words(&text);
        text
    };
    said(&["migrate"], &[("DATABASE_URL", "mysql://x")]);
    aufsicht(&directory.0).args(["migrate"]).output().unwrap();
    said(&["client", "add", "--name", "x", "--scope", "register:read", "--registers", "f\u{e4}lle"], &[]);
    said(&["client", "add", "--name", "x", "--scope", "nonsense"], &[]);
    said(&["anonymise", "--closed-before", "1.1.2010"], &[]);
    said(&["serve"], &[("AUFSICHT_WORKERS", "viele")]);
    said(&["serve"], &[("AUFSICHT_RATE_LIMIT", "-1")]);
    said(&["serve"], &[("AUFSICHT_OIDC_LEEWAY", "1h")]);
    said(&["serve"], &[("AUFSICHT_PUBLIC_URL", "daten.example")]);
    said(&["serve"], &[("AUFSICHT_CA_FILE", "missing.pem"), ("AUFSICHT_LISTEN", "127.0.0.1:0")]);
    said(&["import", "--register", "cases", "missing.csv"], &[]);
    said(&["import", "--register", "x", "missing.csv"], &[]);
    said(&["export", "--register", "cases", "-o", "/nowhere/x.csv"], &[]);
    said(&["sync", "cmi", "--config", "missing.toml"], &[]);
    said(&["report", "abc"], &[]);
    said(&["profile", "check", "missing"], &[]);
    said(&["restore", "missing"], &[]);
    aufsicht(&directory.0).args(["backup-key", "k"]).output().unwrap();
    said(&["backup-key", "k"], &[]);
}

#[test]
fn what_was_probably_meant_is_named() {
    let app = App::start(Backend::Sqlite);
    let body =
        json!({"titel": "x", "recieved_on": "2017-03-14", "receivedOn": "2017-03-14", "areas": "IT", "area": "police"});
    let problem = app.client.post("/v1/cases", &body).expect_problem(422, "validation-failed");
    let detail = |place: &str| {
        let faults = problem["errors"].as_array().unwrap();
        faults.iter().find(|fault| fault["pointer"] == place).unwrap()["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail("/titel").ends_with("did you mean title?"), "{problem}");
    assert!(detail("/recieved_on").ends_with("did you mean received_on?"), "{problem}");
    assert!(detail("/receivedOn").ends_with("did you mean received_on?"), "{problem}");
    assert!(detail("/areas").ends_with("did you mean area?"), "{problem}");
    assert!(detail("/area").ends_with("did you mean POLICE?"), "{problem}");
    for (path, meant) in [
        ("/v1/cases?area=police", "did you mean POLICE?"),
        ("/v1/cases?stauts=OPEN", "did you mean status?"),
        ("/v1/cases?page=2", "pages are asked for by cursor and limit"),
        ("/v1/cases?sort=received_on:desc", "a minus before one turns its order"),
        ("/v1/cases/2017-0001", "found by its business number with ?number="),
    ] {
        let problem = app.client.get(path).expect_problem(400, "invalid-parameter");
        assert!(problem.to_string().contains(meant), "{path}: {problem}");
    }
    for (path, meant) in [
        ("/v1/cases/", "did you mean /v1/cases?"),
        ("/cases", "did you mean /v1/cases?"),
        ("/v1/case", "did you mean /v1/cases?"),
        ("/V1/Cases", "did you mean /v1/cases?"),
        ("/nonsense", "there is no such address. "),
    ] {
        let problem = app.client.get(path).expect_problem(404, "not-found");
        assert!(problem["detail"].as_str().unwrap().to_lowercase().contains(meant), "{path}: {problem}");
    }
}
