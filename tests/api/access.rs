//! Access: tokens, scopes and personal data.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::{App, SECRET, faults, now};

fn claims() -> Value {
    let now = now().timestamp();
    json!({"iss": "aufsicht", "aud": "aufsicht", "sub": "test", "scope": "register:read", "exp": now + 600, "nbf": now - 60})
}

fn token(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

on_both_databases! {
    fn refuses_every_bad_token_in_the_same_way(app) {
        let good = token(&claims(), Algorithm::HS256, SECRET);
        app.client.with_token(&good).get("/v1/cases").expect(200);
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            token(&claims, Algorithm::HS256, SECRET)
        };
        let without = |name: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            token(&claims, Algorithm::HS256, SECRET)
        };
        let now = now().timestamp();
        let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
        let (head, tail) = good.rsplit_once('.').unwrap();
        let bad = [
            String::new(),
            "x".into(),
            none,
            format!("{head}.{}", tail.chars().rev().collect::<String>()),
            token(&claims(), Algorithm::HS256, "another secret, which is long enough too"),
            token(&claims(), Algorithm::HS384, SECRET),
            with("iss", json!("other")),
            with("aud", json!("other")),
            with("exp", json!(now - 30)),
            with("nbf", json!(now + 60)),
            with("sub", json!(" ")),
            without("iss"),
            without("aud"),
            without("sub"),
            without("exp"),
            "x".repeat(100_000).chars().take(20_000).collect(),
        ];
        for token in bad {
            let answer = app.client.with_token(&token).get("/v1/cases");
            assert!(answer.header("www-authenticate").unwrap_or_default().starts_with("Bearer "), "{token}");
            answer.expect_problem(401, "unauthenticated");
        }
        app.client.anonymous().get("/v1/cases").expect_problem(401, "unauthenticated");
        let basic = app.client.anonymous().send("GET", "/v1/cases", &[("Authorization", "Basic eDp5")], None);
        basic.expect_problem(401, "unauthenticated");
    }
}

on_both_databases! {
    fn a_token_ends_with_its_time(app) {
        app.client.get("/v1/cases").expect(200);
        app.clock.set(now() + chrono::TimeDelta::minutes(61));
        app.client.get("/v1/cases").expect_problem(401, "unauthenticated");
    }
}

#[test]
fn former_secrets_are_accepted_still() {
    let directory = crate::support::Directory::new();
    let file = directory.0.join("secrets");
    std::fs::write(&file, format!("a newer secret, of which nobody knows yet\n{SECRET}\n")).unwrap();
    let app = App::start_with(crate::support::Backend::Sqlite, |config| {
        config.tokens.secret = None;
        config.tokens.secret_file = Some(file.clone());
    });
    app.client.with_token(token(&claims(), Algorithm::HS256, SECRET)).get("/v1/cases").expect(200);
    app.client.get("/v1/cases").expect(200);
}

const SECRETS: [&str; 5] = ["Geheimname", "geheim@example.org", "Geheimnotiz", "Neuername", "Neuenotiz"];

fn is_clean(text: &str) -> bool {
    !SECRETS.iter().any(|secret| text.contains(secret))
}

fn case_with_personal_data(app: &App) -> (String, Value) {
    let case = app.create(
        "cases",
        json!({
            "title": "Ein Fall", "notes": "Geheimnotiz",
            "requester": {"type": "PRIVATE", "name": "Geheimname", "contact": "geheim@example.org"}
        }),
    );
    (format!("/v1/cases/{}", case["id"].as_str().unwrap()), case)
}

on_both_databases! {
    fn personal_data_is_left_out_without_its_scope(app) {
        let (path, case) = case_with_personal_data(&app);
        assert_eq!(case["requester"], json!({"type": "PRIVATE", "name": "Geheimname", "contact": "geheim@example.org"}));
        app.client.patch(&path, "*", &json!({"notes": "Neuenotiz", "requester": {"name": "Neuername"}})).expect(200);
        let blind = app.with_scopes("register:read register:write statistics:read");
        for path in [
            path.clone(),
            format!("{path}/history"),
            "/v1/cases".into(),
            "/v1/cases?q=geheim".into(),
            "/v1/statistics/services/cases.total/2019/records".into(),
            "/v1/statistics/counts?by=responsible,requester".into(),
        ] {
            let answer = blind.get(&path).expect(200);
            assert!(is_clean(&answer.text()), "{path}: {}", answer.text());
        }
        assert_eq!(blind.all("/v1/cases?q=geheim").len(), 0, "search does not look into personal data");
        assert_eq!(blind.get(&path).expect(200).json()["requester"], json!({"type": "PRIVATE"}));
        let history = app.client.all(&format!("{path}/history"));
        assert_eq!(history[1]["changes"], json!([
            {"property": "notes", "old": "Geheimnotiz", "new": "Neuenotiz"},
            {"property": "requester.name", "old": "Geheimname", "new": "Neuername"}
        ]));
        assert_eq!(blind.all(&format!("{path}/history"))[1]["changes"], json!([]));
        let created = blind.post("/v1/cases", &json!({"title": "x", "notes": "Geheimnotiz"})).expect(201);
        assert!(is_clean(&created.text()));
        let path = format!("/v1/cases/{}", created.json()["id"].as_str().unwrap());
        assert_eq!(app.client.get(&path).expect(200).json()["notes"], "Geheimnotiz");
    }
}

on_both_databases! {
    fn who_cannot_see_personal_data_cannot_change_it(app) {
        let (path, case) = case_with_personal_data(&app);
        let blind = app.with_scopes("register:read register:write");
        let answer = blind.patch(&path, "*", &json!({"title": "Neu", "requester": {"type": "CANTON"}})).expect(200);
        assert!(is_clean(&answer.text()));
        let held = app.client.get(&path).expect(200).json();
        assert_eq!(held["requester"]["name"], "Geheimname");
        assert_eq!((&held["requester"]["type"], &held["notes"]), (&json!("CANTON"), &case["notes"]));
        blind.patch(&path, "*", &json!({"requester": null})).expect(200);
        let held = app.client.get(&path).expect(200).json();
        assert_eq!(held["requester"], json!({"name": "Geheimname", "contact": "geheim@example.org"}));
        for personal in [json!({"notes": null}), json!({"requester": {"name": "Neuername"}})] {
            let problem = blind.patch(&path, "*", &personal).expect_problem(403, "missing-scope");
            assert_eq!(problem["scope"], "personal:read");
        }
        let mut kept = app.client.get(&path).expect(200).json();
        assert_eq!(kept["notes"].take(), "Geheimnotiz");
        app.client.patch(&path, "*", &json!({"requester": null, "notes": null})).expect(200);
        assert!(is_clean(&app.client.get(&path).expect(200).text()));
        assert_eq!(app.differences(), Vec::<String>::new());
    }
}

on_both_databases! {
    fn refusals_do_not_repeat_personal_data(app) {
        let body = json!({"title": 5, "notes": ["Geheimnotiz"], "requester": {"type": "Geheimname", "name": 7, "contact": {"mail": "geheim@example.org"}}});
        let answer = app.client.post("/v1/cases", &body);
        assert!(is_clean(&answer.text()), "{}", answer.text());
        let problem = answer.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), ["/notes", "/requester/contact", "/requester/name", "/requester/type", "/title"]);
    }
}
