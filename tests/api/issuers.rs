//! Who may sign access tokens: the service with private keys, and an external OpenID provider.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::on_each;
use crate::personal_data_access::logged_in;
use crate::protection::new_client;
use crate::support::{App, Backend, Client, Directory, SECRET, now};

/// Everything that somebody who signs needs.
pub struct Signer {
    pem: String,
    key: EncodingKey,
    algorithm: Algorithm,
    pub jwk: Value,
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

impl Signer {
    pub fn new(algorithm: Algorithm, id: &str) -> Signer {
        let (pem, key) = match algorithm {
            Algorithm::RS256 => {
                let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
                let pem = pem(AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&pair).unwrap().as_ref());
                (pem.clone(), EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap())
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let pem = pem(pair.to_pkcs8v1().unwrap().as_ref());
                (pem.clone(), EncodingKey::from_ec_pem(pem.as_bytes()).unwrap())
            }
            _ => {
                let pem = pem(Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref());
                (pem.clone(), EncodingKey::from_ed_pem(pem.as_bytes()).unwrap())
            }
        };
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(id);
        Signer { pem, key, algorithm, jwk }
    }

    fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = self.jwk["kid"].as_str().map(str::to_owned);
        header
    }

    pub fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&self.header(), claims, &self.key).unwrap()
    }

    /// A token with something else in its header; its signature is right.
    fn with_header(&self, claims: &Value, name: &str, value: Value) -> String {
        let mut header = serde_json::to_value(self.header()).unwrap();
        header[name] = value;
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// The claims of a token of an issuer for an audience.
pub fn claims(issuer: &str, audience: &str) -> Value {
    let now = now().timestamp();
    json!({"iss": issuer, "aud": audience, "sub": "rf", "exp": now + 3600, "nbf": now, "iat": now, "scope": "register:read"})
}

/// The fourteen, and some more.
fn bad_tokens(signer: &Signer, right: &Value) -> Vec<(&'static str, String)> {
    let with = |name: &str, value: Value| {
        let mut claims = right.clone();
        claims[name] = value;
        signer.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = right.clone();
        claims.as_object_mut().unwrap().remove(name);
        signer.sign(&claims)
    };
    let now = now().timestamp();
    let good = signer.sign(right);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let payload = good.split('.').nth(1).unwrap();
    let encoded = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
    let with_public_key = EncodingKey::from_secret(signer.jwk.to_string().as_bytes());
    let mut hmac = signer.header();
    hmac.alg = Algorithm::HS256;
    let foreign = Signer::new(signer.algorithm, signer.jwk["kid"].as_str().unwrap());
    let mut other = signer.header();
    other.alg = Algorithm::HS512;
    vec![
        ("none", format!("{}.{payload}.", encoded(json!({"alg": "none"})))),
        ("none, named otherwise", format!("{}.{payload}.{signature}", encoded(json!({"alg": "nOnE"})))),
        ("HS256 with the public key", jsonwebtoken::encode(&hmac, right, &with_public_key).unwrap()),
        (
            "another algorithm",
            jsonwebtoken::encode(&other, right, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap(),
        ),
        ("no aud", without("aud")),
        ("no iss", without("iss")),
        ("no sub", without("sub")),
        ("no exp", without("exp")),
        ("wrong aud", with("aud", json!("other"))),
        ("wrong iss", with("iss", json!("https://elsewhere.example"))),
        ("future nbf", with("nbf", json!(now + 60))),
        ("expired by 30 s", with("exp", json!(now - 30))),
        ("wrong typ", signer.with_header(right, "typ", json!("logout+jwt"))),
        ("an ID token, by its nonce", with("nonce", json!("n-0S6_WzA2Mj"))),
        ("an ID token, by the digest of its access token", with("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng"))),
        ("an ID token of Keycloak", with("typ", json!("ID"))),
        ("a refresh token of Keycloak", with("typ", json!("Refresh"))),
        ("an ID token, by the digest of its code", with("c_hash", json!("LDktKdoQak3Pk0cnXxCltA"))),
        ("jku", signer.with_header(right, "jku", json!("https://evil.example/jwks.json"))),
        ("jwk", signer.with_header(right, "jwk", signer.jwk.clone())),
        ("kid that leads elsewhere", signer.with_header(right, "kid", json!("../../../../dev/null"))),
        ("unknown kid", signer.with_header(right, "kid", json!("unknown"))),
        ("kid that is no text", signer.with_header(right, "kid", json!(5))),
        ("crit", signer.with_header(right, "crit", json!(["b64"]))),
        ("two signatures", format!("{good}.{signature}")),
        ("two signatures in JSON", json!({"payload": payload, "signatures": [{"signature": signature}]}).to_string()),
        ("a key that is not known", foreign.sign(right)),
        ("no signature", format!("{message}.")),
        ("another payload", good.replace(payload, &encoded(with_admin(right)))),
        ("blank sub", with("sub", json!(" "))),
        ("sub with a control character", with("sub", json!("rf\u{7}"))),
        ("sub that nobody sees", with("sub", json!("\u{200b}"))),
        ("exp that is no number", with("exp", json!("tomorrow"))),
        ("100 kB", with("x", json!("x".repeat(74_000)))),
    ]
}

fn with_admin(claims: &Value) -> Value {
    let mut claims = claims.clone();
    claims["scope"] = json!("admin");
    claims
}

#[track_caller]
fn refused_alike(app: &App, signer: &Signer, right: &Value) {
    app.client.with_token(signer.sign(right)).get("/v1/cases").expect(200);
    for (name, token) in bad_tokens(signer, right) {
        let answer = app.client.with_token(token).get("/v1/cases");
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "), "{name}");
        let problem = answer.expect_problem(401, "unauthenticated");
        let mut keys: Vec<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["detail", "instance", "status", "title", "type"], "{name}");
    }
}

/// A service with a private key of its own and an external provider whose keys lie in a file: every bad token of either
/// is refused in the same way, and the keys of one do not speak for the other.
fn refuses_bad_tokens(backend: Backend, own: Algorithm, external: Algorithm) {
    let directory = Directory::new();
    let (mut own, external) = (Signer::new(own, ""), Signer::new(external, "external"));
    std::fs::write(directory.0.join("own.pem"), &own.pem).unwrap();
    std::fs::write(directory.0.join("jwks.json"), json!({"keys": [external.jwk]}).to_string()).unwrap();
    let app = App::start_with(backend, |config| {
        config.tokens.key_file = Some(directory.0.join("own.pem"));
        config.provider.issuer = Some("https://provider.example".into());
        config.provider.jwks = Some(directory.0.join("jwks.json").display().to_string());
    });
    own.jwk = app.client.get("/.well-known/jwks.json").expect(200).json()["keys"][0].clone();
    assert!(own.jwk.get("d").is_none(), "the private half stays private: {}", own.jwk);
    let (ours, theirs) = (claims("aufsicht", "aufsicht"), claims("https://provider.example", "aufsicht"));
    refused_alike(&app, &own, &ours);
    refused_alike(&app, &external, &theirs);
    for token in [own.sign(&theirs), external.sign(&ours)] {
        app.client.with_token(token).get("/v1/cases").expect_problem(401, "unauthenticated");
    }
    // What a provider calls somebody is not put right: it may call somebody else so. Of one's own there is one form only.
    for name in [" rf", "rf ", "r  f", "r\tf", "r\u{200b}f", "ru\u{308}f"] {
        let named = |claims: &Value| {
            let mut claims = claims.clone();
            (claims["sub"], claims["scope"]) = (json!(name), json!("register:read register:write"));
            claims
        };
        app.client.with_token(external.sign(&named(&theirs))).get("/v1/cases").expect_problem(401, "unauthenticated");
        let client = app.client.with_token(own.sign(&named(&ours)));
        let case = client.post("/v1/cases", &json!({"title": "Anfrage"})).expect(201).json();
        let history = app.client.all(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap()));
        let actor = history[0]["actor"].as_str().unwrap();
        assert!(["rf", "r f", "rüf"].contains(&actor), "{name:?}: {actor:?}");
    }
}

#[test]
fn refuses_bad_tokens_on_sqlite() {
    refuses_bad_tokens(Backend::Sqlite, Algorithm::ES256, Algorithm::RS256);
}

#[test]
fn refuses_bad_tokens_on_postgres() {
    refuses_bad_tokens(Backend::Postgres, Algorithm::RS256, Algorithm::EdDSA);
}

/// Longer than a service takes to see that its file has changed.
fn until_it_is_read_anew() {
    std::thread::sleep(Duration::from_millis(1500));
}

#[test]
fn own_keys_rotate_without_a_restart() {
    let directory = Directory::new();
    let file = directory.0.join("keys.pem");
    let [old, new] = [Signer::new(Algorithm::EdDSA, ""), Signer::new(Algorithm::RS256, "")];
    std::fs::write(&file, &old.pem).unwrap();
    let app = App::start_with(Backend::Sqlite, |config| config.tokens.key_file = Some(file.clone()));
    let header = |token: &str| jsonwebtoken::decode_header(token).unwrap();
    let token = || app.service().token("register:read").unwrap();
    let before = token();
    assert_eq!(header(&before).alg, Algorithm::EdDSA);
    std::fs::write(&file, format!("{}{}", new.pem, old.pem)).unwrap();
    until_it_is_read_anew();
    let after = token();
    assert_eq!(header(&after).alg, Algorithm::RS256);
    for token in [&before, &after] {
        app.client.with_token(token).get("/v1/cases").expect(200);
    }
    let published = app.client.get("/.well-known/jwks.json").expect(200).json();
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    assert_eq!(published["keys"][0]["kid"].as_str(), header(&after).kid.as_deref());
    std::fs::write(&file, "garbage").unwrap();
    until_it_is_read_anew();
    app.client.with_token(&before).get("/v1/cases").expect(200);
    std::fs::write(&file, &new.pem).unwrap();
    until_it_is_read_anew();
    app.client.with_token(&before).get("/v1/cases").expect_problem(401, "unauthenticated");
    app.client.with_token(&after).get("/v1/cases").expect(200);
    // Tokens that were signed with the secret go on.
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    let by_secret = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims("aufsicht", "aufsicht"), &secret);
    app.client.with_token(by_secret.unwrap()).get("/v1/cases").expect(200);
}

/// A provider that counts how often it is asked, and that can be down.
struct Provider {
    issuer: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: Vec<Value>,
    asked: usize,
    down: bool,
    /// How long an answer takes.
    slow: Duration,
}

impl Provider {
    fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realms/kanton", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, name) = (state.clone(), issuer.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
                let mut state = shared.lock().unwrap();
                let (status, body) = match first.split(' ').nth(1).unwrap() {
                    _ if state.down => ("503 Service Unavailable", json!({})),
                    "/realms/kanton/.well-known/openid-configuration" => {
                        ("200 OK", json!({"issuer": name, "jwks_uri": format!("{name}/keys")}))
                    }
                    "/realms/kanton/keys" => ("200 OK", json!({"keys": state.keys})),
                    _ => ("404 Not Found", json!({})),
                };
                state.asked += usize::from(first.contains("openid-configuration"));
                let slow = state.slow;
                drop(state);
                std::thread::sleep(slow);
                let body = body.to_string();
                let _ = write!(
                    connection,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Provider { issuer, state }
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }
}

fn follows_a_provider(backend: Backend) {
    let provider = Provider::start();
    let app = App::start_with(backend, |config| {
        config.provider.issuer = Some(provider.issuer.clone());
        config.provider.audience = Some("register-of-the-authority".into());
        config.provider.scope_claims = vec!["realm_access.roles".into()];
        config.provider.scopes =
            vec!["clerk=register:read register:write".into(), "statistician=statistics:read".into()];
    });
    let [old, new] = [Signer::new(Algorithm::RS256, "2018"), Signer::new(Algorithm::ES256, "2019")];
    // Keys that sign nothing here: a secret, one for encryption, one that is too short.
    let mut encrypting = Signer::new(Algorithm::RS256, "enc").jwk;
    encrypting["use"] = json!("enc");
    let useless = [json!({"kty": "oct", "kid": "oct", "k": "c2VjcmV0"}), encrypting];
    provider.set(|state| state.keys = [vec![old.jwk.clone()], useless.to_vec()].concat());
    let token = |signer: &Signer, roles: Value| {
        let mut claims = claims(&provider.issuer, "register-of-the-authority");
        claims["realm_access"] = json!({"roles": roles});
        claims["scope"] = json!("admin");
        app.client.with_token(signer.sign(&claims))
    };
    // Access tokens of older Keycloaks have the nonce of the login, and say of themselves that they are some.
    let mut of_login = claims(&provider.issuer, "register-of-the-authority");
    of_login["realm_access"] = json!({"roles": ["clerk"]});
    of_login["nonce"] = json!("n-0S6_WzA2Mj");
    of_login["typ"] = json!("Bearer");
    app.client.with_token(old.sign(&of_login)).get("/v1/cases").expect(200);
    // Roles give scopes as configured, and nothing else does.
    let clerk = token(&old, json!(["clerk", "unknown"]));
    let case = clerk.post("/v1/cases", &json!({"title": "Anfrage"})).expect(201).json();
    clerk.get("/v1/clients").expect_problem(403, "missing-scope");
    token(&old, json!(["statistician"])).get("/v1/cases").expect_problem(403, "missing-scope");
    token(&old, json!(["statistician"])).get("/v1/statistics/services").expect(200);
    let history = app.client.all(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap()));
    assert_eq!(history[0]["actor"], "rf");
    assert_eq!(provider.asked(), 1, "the keys are kept");
    // A new key: not more than one question a minute, whatever comes.
    provider.set(|state| state.keys.insert(0, new.jwk.clone()));
    for n in 0..20 {
        let unknown = Signer { jwk: json!({"kid": format!("unknown {n}")}), ..Signer::new(Algorithm::EdDSA, "") };
        token(&unknown, json!(["clerk"])).get("/v1/cases").expect_problem(401, "unauthenticated");
    }
    token(&new, json!(["clerk"])).get("/v1/cases").expect_problem(401, "unauthenticated");
    assert_eq!(provider.asked(), 1);
    app.clock.set(now() + chrono::TimeDelta::seconds(61));
    token(&new, json!(["clerk"])).get("/v1/cases").expect(200);
    token(&old, json!(["clerk"])).get("/v1/cases").expect(200);
    assert_eq!(provider.asked(), 2);
    // The provider is down, and the keys are old: they go on, and it is asked once a minute at most.
    provider.set(|state| state.down = true);
    app.clock.set(now() + chrono::TimeDelta::minutes(20));
    for _ in 0..5 {
        token(&new, json!(["clerk"])).get("/v1/cases").expect(200);
        let unknown = Signer { jwk: json!({"kid": "unknown"}), ..Signer::new(Algorithm::EdDSA, "") };
        token(&unknown, json!(["clerk"])).get("/v1/cases").expect_problem(401, "unauthenticated");
    }
    assert_eq!(provider.asked(), 3);
    let issuers = app.client.anonymous().get("/.well-known/oauth-protected-resource").expect(200).json();
    assert_eq!(issuers["authorization_servers"], json!(["aufsicht", provider.issuer]));
}

#[test]
fn follows_a_provider_on_sqlite() {
    follows_a_provider(Backend::Sqlite);
}

#[test]
fn follows_a_provider_on_postgres() {
    follows_a_provider(Backend::Postgres);
}

#[test]
fn a_key_that_is_new_is_taken_at_once() {
    let provider = Provider::start();
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let signers = ["2018", "2019", "2020"].map(|id| Signer::new(Algorithm::EdDSA, id));
    let [first, second, third] = signers.each_ref().map(|signer| signer.sign(&daylong(&provider.issuer)));
    provider.set(|state| state.keys = vec![signers[0].jwk.clone()]);
    assert_eq!(at(&app, 0, &first), 200);
    provider.set(|state| state.keys = vec![signers[1].jwk.clone()]);
    assert_eq!((at(&app, 10, &second), provider.asked()), (200, 2));
    // Tokens of anybody have it asked no more often than that.
    provider.set(|state| state.keys = vec![signers[2].jwk.clone()]);
    for _ in 0..20 {
        assert_eq!((at(&app, 20, &third), provider.asked()), (401, 2));
    }
    assert_eq!((at(&app, 70, &third), provider.asked()), (200, 3));
}

#[test]
fn a_provider_that_never_answered_is_503() {
    let provider = Provider::start();
    provider.set(|state| state.down = true);
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let token = Signer::new(Algorithm::EdDSA, "x").sign(&claims(&provider.issuer, "aufsicht"));
    for _ in 0..5 {
        app.client.with_token(&token).get("/v1/cases").expect_problem(503, "unavailable");
    }
    assert_eq!(provider.asked(), 1);
    app.client.get("/v1/cases").expect(200);
}

/// Claims of a token of a provider that is valid for a day.
fn daylong(issuer: &str) -> Value {
    let mut claims = claims(issuer, "aufsicht");
    claims["exp"] = json!(now().timestamp() + 24 * 3600);
    claims
}

/// What a token gets at so many seconds after the beginning.
fn at(app: &App, seconds: i64, token: &str) -> u16 {
    app.clock.set(now() + chrono::TimeDelta::seconds(seconds));
    let answer = app.client.with_token(token).get("/v1/cases");
    let status = answer.status;
    if status == 503 {
        answer.expect_problem(503, "unavailable");
    }
    status
}

#[test]
fn a_key_that_the_provider_withdraws_stops_working_within_a_minute() {
    let provider = Provider::start();
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let [old, new] = [Signer::new(Algorithm::EdDSA, "2018"), Signer::new(Algorithm::EdDSA, "2019")];
    let [before, after] = [&old, &new].map(|signer| signer.sign(&daylong(&provider.issuer)));
    provider.set(|state| state.keys = vec![old.jwk.clone()]);
    assert_eq!(at(&app, 0, &before), 200);
    provider.set(|state| state.keys = vec![new.jwk.clone()]);
    // That it was found valid a moment ago does not make it last longer.
    assert_eq!(at(&app, 59, &before), 200);
    assert_eq!((at(&app, 60, &before), at(&app, 60, &after)), (401, 200));
    // Nor does it that nobody came for a while.
    provider.set(|state| state.keys = vec![old.jwk.clone()]);
    assert_eq!((at(&app, 3000, &after), at(&app, 3000, &before)), (401, 200));
    assert_eq!(provider.asked(), 3);
    // An empty list withdraws all keys.
    provider.set(|state| state.keys = Vec::new());
    assert_eq!(at(&app, 3060, &before), 401);
}

#[test]
fn a_stream_ends_when_the_key_of_its_token_is_withdrawn() {
    let provider = Provider::start();
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let signer = Signer::new(Algorithm::EdDSA, "2018");
    let token = signer.sign(&daylong(&provider.issuer));
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    let mut stream = std::net::TcpStream::connect(app.service().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("Host: x\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\nConnection: close");
    write!(stream, "GET /v1/changes HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    provider.set(|state| state.keys = Vec::new());
    app.clock.set(now() + chrono::TimeDelta::seconds(60));
    let after = app.case("Nachher");
    let mut told = String::new();
    stream.read_to_string(&mut told).unwrap();
    assert!(!told.contains(after["id"].as_str().unwrap()), "{told}");
}

#[test]
fn a_provider_that_is_silent_is_believed_for_an_hour() {
    let provider = Provider::start();
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let signer = Signer::new(Algorithm::EdDSA, "2018");
    let token = signer.sign(&daylong(&provider.issuer));
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    assert_eq!(at(&app, 0, &token), 200);
    provider.set(|state| state.down = true);
    for minute in 1..60 {
        assert_eq!(at(&app, minute * 60, &token), 200, "{minute}");
    }
    assert_eq!((at(&app, 3600, &token), at(&app, 3610, &token)), (503, 503));
    assert_eq!(provider.asked(), 61, "once a minute");
    provider.set(|state| state.down = false);
    assert_eq!((at(&app, 3659, &token), at(&app, 3660, &token)), (503, 200));
}

#[test]
fn a_file_of_keys_is_followed() {
    let directory = Directory::new();
    let file = directory.0.join("jwks.json");
    let issuer = "https://provider.example";
    let app = App::start_with(Backend::Sqlite, |config| {
        config.provider.issuer = Some(issuer.into());
        config.provider.jwks = Some(file.display().to_string());
    });
    let [old, new] = [Signer::new(Algorithm::EdDSA, "2018"), Signer::new(Algorithm::EdDSA, "2019")];
    let [before, after] = [&old, &new].map(|signer| signer.sign(&daylong(issuer)));
    let write = |signers: &[&Signer]| {
        let keys: Vec<&Value> = signers.iter().map(|signer| &signer.jwk).collect();
        std::fs::write(&file, json!({"keys": keys}).to_string()).unwrap();
    };
    assert_eq!(at(&app, 0, &before), 503, "the file is not there yet");
    write(&[&old]);
    assert_eq!((at(&app, 1, &before), at(&app, 1, &after)), (200, 401));
    write(&[&new]);
    assert_eq!((at(&app, 2, &before), at(&app, 2, &after)), (401, 200));
    // What is no list of keys, or is gone, leaves those that were read: for an hour.
    for (second, text) in [(3, "{}"), (4, "garbage")] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(at(&app, second, &after), 200, "{text}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!((at(&app, 3601, &after), at(&app, 3602, &after)), (200, 503));
    write(&[&new]);
    assert_eq!(at(&app, 3603, &after), 200);
}

#[test]
fn while_one_asks_the_others_go_on_unless_what_is_known_is_from_long_ago() {
    let provider = Provider::start();
    let app = App::start_with(Backend::Sqlite, |config| config.provider.issuer = Some(provider.issuer.clone()));
    let signer = Signer::new(Algorithm::EdDSA, "2018");
    let token = || signer.sign(&daylong(&provider.issuer));
    // Other claims make another token, which is not remembered.
    let another = |number: usize| {
        let mut claims = daylong(&provider.issuer);
        claims["jti"] = json!(number);
        signer.sign(&claims)
    };
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    assert_eq!(at(&app, 0, &token()), 200);
    let slow = Duration::from_secs(2);
    let meanwhile = |seconds: i64, number: usize| {
        app.clock.set(now() + chrono::TimeDelta::seconds(seconds));
        let (client, other) = (app.client.with_token(token()), app.client.with_token(another(number)));
        std::thread::scope(|scope| {
            let asking = scope.spawn(move || client.get("/v1/cases").status);
            std::thread::sleep(Duration::from_millis(500));
            let begun = std::time::Instant::now();
            let status = other.get("/v1/cases").status;
            (status, begun.elapsed() < slow / 2, asking.join().unwrap())
        })
    };
    provider.set(|state| state.slow = slow);
    assert_eq!(meanwhile(61, 1), (200, true, 200));
    provider.set(|state| state.keys = Vec::new());
    assert_eq!(meanwhile(3000, 2), (401, false, 401));
    assert_eq!(provider.asked(), 3, "who waited does not ask again");
}

/// An RSA key of 1024 bits, which is too short.
const SHORT: &str = "-----BEGIN PRIVATE KEY-----\n\
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOK4suTF8xu5vrzI\n\
cvRrOMqqDG6OQ961lF3NathUxbZbo6+HeGYUzKpMAVRWLqqV38SWrQ9veYQ4T8lg\n\
xrAyFtKUwZadj7d+Rc6ZCXP/U1MC89f5mLb3CKaBVdSihfEW+1+Wz3Mp5ywFVJjn\n\
9hwNsJ9edvKvrqucji/7GI6AqR5XAgMBAAECgYA+4d10SFbqTLVTZQFFO2vwAgQa\n\
scivP4ucDLpir/h6YKZgq+E/5urxHM2Nl62v0IvU2bm8Oz3n5zpx7y6MdggP8Fnz\n\
EKkfDJi707kbxkfDpC5dGuSAnidBiWAb79/2IKYjbl8xnz/URDtQISPLGumJPN37\n\
LNa05EbtcclXm79nIQJBAPWc3N1rvKWfaGHDF0dM3fSPRHNj0X8i6HsFv092ja8z\n\
c6Xg4n7Uq24H0LN6GKS1bl/X2/rUFvsiyRcxU5nqkTECQQDsT08V+m/bn+3LJ6qu\n\
UF6p8pe0GNH+0kTTQ6g0ND7SQ6kCECBxXWgKznlbn8vwO3tEO/d/28Dai7MoXgVT\n\
WAYHAkEA7SDCGEBRBLJPi7tX+S2cSOYdFy6y74UbYNLernBuQE1zhR4Gbp8S14tS\n\
EkV6D2NfKcd1CcjEWzhtXyfvZ/WQsQJAI9SOqEV1ynZAZwpXreCPyfL3n54X0Sxu\n\
tR3QFkJJuDX8HUz2rlm8Wc8exY7ALGfIc/sntuJKJpkCDD/dTNrO5wJBAIT5vGZB\n\
ucdVjRtdNMvLMMDGutFCuHhRkq2N0sAbwJdFxOAWNLjniyJiQFyd9J0AXU41o5P/\n\
1VgegSqU6gVoE+M=\n\
-----END PRIVATE KEY-----\n\
";

#[test]
fn settings_of_issuers_that_cannot_be_right_stop_the_start() {
    let directory = Directory::new();
    let file = |text: &str| {
        let path = directory.0.join(format!("{}.pem", text.len()));
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    type Change<'a> = Box<dyn Fn(&mut aufsicht::Config) + 'a>;
    let cases: [(Change, &str); 7] = [
        (
            Box::new(|config: &mut aufsicht::Config| config.tokens.key_file = file("garbage")),
            "must hold private keys in PEM",
        ),
        (Box::new(|config: &mut aufsicht::Config| config.tokens.key_file = file(SHORT)), "AUFSICHT_JWT_KEY_FILE"),
        (Box::new(|config: &mut aufsicht::Config| config.tokens.key_file = Some("missing".into())), "cannot be read"),
        (
            Box::new(|config: &mut aufsicht::Config| config.provider.issuer = Some("http://provider.example".into())),
            "must begin with https://",
        ),
        (
            Box::new(|config: &mut aufsicht::Config| {
                config.provider.issuer = Some("http://127.0.0.1.evil.example".into())
            }),
            "must begin with https://",
        ),
        (
            Box::new(|config: &mut aufsicht::Config| config.provider.issuer = Some("aufsicht".into())),
            "must differ from AUFSICHT_JWT_ISSUER",
        ),
        (
            Box::new(|config: &mut aufsicht::Config| {
                config.provider.issuer = Some("https://provider.example".into());
                config.provider.scopes = vec!["clerk=root".into()];
            }),
            "AUFSICHT_OIDC_SCOPES: \"clerk=root\" must be value=scope",
        ),
    ];
    for (change, said) in cases {
        let (url, _database) = crate::support::database(Backend::Sqlite);
        let mut config = crate::support::config(&url);
        config.server.listen = "127.0.0.1:0".into();
        change(&mut config);
        let error = aufsicht::Service::start(config, aufsicht::Clock::system()).err().unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn what_anybody_may_know_is_told() {
    let app = App::start_with(Backend::Sqlite, |config| {
        config.server.security_contact = Some("mailto:sicherheit@example.ch".into())
    });
    let anonymous = app.client.anonymous();
    let server = anonymous.get("/.well-known/oauth-authorization-server").expect(200).json();
    assert_eq!(server["jwks_uri"], format!("{}/.well-known/jwks.json", app.client.base));
    assert_eq!(
        anonymous.get("/.well-known/jwks.json").expect(200).json(),
        json!({"keys": []}),
        "a secret is no public key"
    );
    let contact = anonymous.get("/.well-known/security.txt").expect(200).text();
    assert!(contact.starts_with("Contact: mailto:sicherheit@example.ch\nExpires: 2019-07-14T"), "{contact}");
}

on_each! { tells_subjects_from_accounts }

/// A provider calls somebody by the id of a service account, and this service issues a token to somebody of that name: under
/// the same key each of them has requests of its own.
fn tells_subjects_from_accounts(backend: Backend) {
    let (directory, external) = (Directory::new(), Signer::new(Algorithm::ES256, "external"));
    std::fs::write(directory.0.join("jwks.json"), json!({"keys": [external.jwk]}).to_string()).unwrap();
    let app = App::start_with(backend, |config| {
        config.provider.issuer = Some("https://provider.example".into());
        config.provider.jwks = Some(directory.0.join("jwks.json").display().to_string());
    });
    let account =
        new_client(&app, json!({"name": "konsul", "scopes": ["register:read", "register:write", "webhooks:manage"]}));
    let mut theirs = claims("https://provider.example", "aufsicht");
    theirs["sub"] = json!(account.0);
    theirs["scope"] = json!("register:read register:write webhooks:manage");
    let clients = [
        logged_in(&app, &app.client.base, &account),
        app.client.with_token(external.sign(&theirs)),
        app.named(&account.0),
    ];
    for (path, body) in
        [("/v1/cases", json!({"title": "Anfrage"})), ("/v1/webhooks", json!({"url": "https://receiver.invalid/hook"}))]
    {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", path)];
        let send = |client: &Client| {
            let answer = client.send("POST", path, &headers, Some(body.to_string().as_bytes())).expect(201);
            (answer.header("idempotency-replayed").is_some(), answer.json())
        };
        let first: Vec<(bool, Value)> = clients.iter().map(send).collect();
        assert!(first.iter().all(|(replayed, _)| !replayed), "{path}: {first:?}");
        let ids: BTreeSet<&str> = first.iter().map(|(_, made)| made["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), clients.len(), "{path}");
        for (client, (_, made)) in clients.iter().zip(&first) {
            assert_eq!(send(client), (true, made.clone()), "{path}");
        }
    }
}

#[test]
fn a_token_of_a_provider_can_be_bound_and_named() {
    let provider = Provider::start();
    let signer = Signer::new(Algorithm::ES256, "one");
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    let app = App::start_with(Backend::Sqlite, |config| {
        config.provider.issuer = Some(provider.issuer.clone());
        config.provider.audience = Some("api".into());
        config.provider.scope_claims = vec!["http://schemas.example/claims/role".into(), "scp".into()];
        config.provider.scopes =
            vec!["DSB Lesen=register:read register:write".into(), "scp:stat=statistics:read".into()];
        config.provider.name_claim = "preferred_username".into();
        config.provider.registers_claim = Some("aufsicht.registers".into());
        config.provider.leeway = Duration::from_secs(30);
    });
    let token = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims(&provider.issuer, "api");
        claims["http://schemas.example/claims/role"] = json!("DSB Lesen");
        claims["preferred_username"] = json!("ruth.frei");
        claims["aufsicht"] = json!({"registers": ["cases"]});
        change(&mut claims);
        app.client.with_token(signer.sign(&claims))
    };
    let document = app.client.get("/openapi.json").expect(200).json();
    let scheme = &document["components"]["securitySchemes"]["provider"]["openIdConnectUrl"];
    assert_eq!(*scheme, format!("{}/.well-known/openid-configuration", provider.issuer));
    assert!(document["paths"]["/v1/cases"]["get"]["security"].as_array().unwrap().contains(&json!({"provider": []})));
    // Swagger UI asks the provider, and nobody else.
    let page = app.client.get("/swagger-ui/").expect(200);
    let policy = page.header("content-security-policy").unwrap();
    let origin = provider.issuer.split('/').take(3).collect::<Vec<_>>().join("/");
    assert!(policy.contains(&format!("connect-src 'self' {origin}; ")), "{policy}");
    let settings = app.client.get("/swagger-ui/swagger-initializer.js").expect(200).text();
    assert!(settings.contains("\"usePkceWithAuthorizationCodeGrant\": true"), "{settings}");
    let back = "/swagger-ui/oauth2-redirect.html?code=a&session_state=b";
    assert!(app.client.anonymous().get(back).expect(200).text().contains("oauth2-redirect.js"));
    app.client.anonymous().get("/swagger-ui/index.html?code=a").expect(400);
    let bound = token(&|_| {});
    let case = bound.post("/v1/cases", &json!({"title": "Eins"})).expect(201).json();
    bound.get("/v1/projects").expect_problem(403, "other-register");
    bound.get("/v1/statistics/services").expect_problem(403, "missing-scope");
    let history = app.client.get(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap())).expect(200).json();
    assert_eq!(history["items"][0]["actor"], "ruth.frei");
    let unnamed = token(&|claims| drop(claims.as_object_mut().unwrap().remove("preferred_username")));
    let case = unnamed.post("/v1/cases", &json!({"title": "Zwei"})).expect(201).json();
    let history = app.client.get(&format!("/v1/cases/{}/history", case["id"].as_str().unwrap())).expect(200).json();
    assert_eq!(history["items"][0]["actor"], "rf");
    token(&|claims| drop(claims.as_object_mut().unwrap().remove("aufsicht"))).get("/v1/cases").expect(403);
    let free = token(&|claims| (claims["aufsicht"], claims["scp"]) = (json!({"registers": "*"}), json!("openid stat")));
    free.get("/v1/projects").expect(200);
    free.get("/v1/statistics/services").expect(200);
    // Clocks may differ by so much, and no more.
    let now = now().timestamp();
    token(&|claims| claims["nbf"] = json!(now + 25)).get("/v1/cases").expect(200);
    token(&|claims| claims["nbf"] = json!(now + 40)).get("/v1/cases").expect(401);
    token(&|claims| claims["exp"] = json!(now - 25)).get("/v1/cases").expect(200);
}

#[test]
fn a_type_of_tokens_can_be_demanded() {
    let provider = Provider::start();
    let signer = Signer::new(Algorithm::ES256, "one");
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    let app = App::start_with(Backend::Sqlite, |config| {
        config.provider.issuer = Some(provider.issuer.clone());
        config.provider.token_type = Some("at+jwt".into());
    });
    let right = claims(&provider.issuer, "aufsicht");
    let of_type = |kind: &str| app.client.with_token(signer.with_header(&right, "typ", json!(kind))).get("/v1/cases");
    for (kind, status) in [("at+jwt", 200), ("application/at+jwt", 200), ("AT+JWT", 200), ("JWT", 401)] {
        assert_eq!(of_type(kind).status, status, "{kind}");
    }
    // Our own tokens are as they were.
    app.client.get("/v1/cases").expect(200);
}

#[test]
fn the_reason_of_a_refused_token_is_for_the_log() {
    let provider = Provider::start();
    let signer = Signer::new(Algorithm::ES256, "one");
    provider.set(|state| state.keys = vec![signer.jwk.clone()]);
    let app = App::start_with(Backend::Sqlite, |config| {
        config.provider.issuer = Some(provider.issuer.clone());
        config.provider.audience = Some("api".into());
    });
    let tokens = aufsicht::auth::Tokens::new(&app.config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reason = |token: &str| {
        let refused = runtime.block_on(tokens.check(token, app.clock.now())).err().unwrap();
        assert!(app.client.with_token(token).get("/v1/cases").expect(401).text().contains("access token"));
        refused.reason
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims(&provider.issuer, "api");
        claims[name] = value;
        signer.sign(&claims)
    };
    let now = now().timestamp();
    assert_eq!(reason(&with("aud", json!("account"))), "its aud is not api");
    assert_eq!(reason(&with("sub", json!("a\u{7}"))), "its sub is no line of text in normal form");
    assert_eq!(reason(&with("sub", json!(null))), "it has no sub");
    assert!(reason(&with("nbf", json!(now + 10))).starts_with("its nbf is 10 seconds ahead"));
    assert_eq!(reason(&with("exp", json!(now - 100))), "it expired 100 seconds ago");
    assert_eq!(reason(&with("nonce", json!("x"))), "it has nonce: it is an ID token and no access token");
    assert_eq!(
        reason(&with("iss", json!("https://other.example"))),
        "its iss is neither this service nor the provider"
    );
    let unknown = Signer::new(Algorithm::ES256, "two");
    assert_eq!(reason(&unknown.sign(&claims(&provider.issuer, "api"))), "none of the 1 keys known has its kid");
    let foreign = Signer::new(Algorithm::ES256, "one");
    assert_eq!(reason(&foreign.sign(&claims(&provider.issuer, "api"))), "its signature is not that of the key");
    assert_eq!(reason("nonsense"), "it is no JSON Web Token of three parts");
}
