//! Connections to other systems: whose certificates they believe, and through which proxy they go.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::on_each;
use crate::support::{App, Backend, Client, ConnectProxy, Directory, Process, SECRET, TlsServer, aufsicht, database};

/// The names that lead nowhere, except through a proxy.
const PROVIDER: &str = "https://provider.invalid";
const RECEIVER: &str = "https://receiver.invalid/hook";

/// A server that a provider and a receiver of webhooks can be, and the file with its authority.
fn server(directory: &Directory, issuer: impl FnOnce(SocketAddr) -> String) -> (TlsServer, PathBuf) {
    let server = TlsServer::start(&["localhost", "provider.invalid", "receiver.invalid"], |address| {
        let issuer = issuer(address);
        json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "keys": []}).to_string()
    });
    let file = directory.0.join("authority.pem");
    std::fs::write(&file, &server.authority).unwrap();
    (server, file)
}

/// Subscribes an address and sends it a test event: how that went.
fn tried(client: &Client, url: &str) -> Value {
    let webhook = client.post("/v1/webhooks", &json!({"url": url})).expect(201).json();
    let path = format!("/v1/webhooks/{}/test", webhook["id"].as_str().unwrap());
    client.send("POST", &path, &[], None).expect(200).json()
}

/// The line in which `aufsicht check` tells of the provider.
fn checked(url: &str, directory: &Directory, settings: &[(&str, &str)]) -> String {
    let mut command = aufsicht(&directory.0);
    command.env("DATABASE_URL", url).env("AUFSICHT_JWT_SECRET", SECRET).envs(settings.iter().copied());
    let output = command.arg("check").stderr(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines().find(|line| line.contains("OpenID provider")).unwrap_or_else(|| panic!("{told}")).to_owned()
}

on_each! {
    an_authority_of_ones_own_is_believed_where_a_file_names_it
    what_goes_out_goes_through_the_proxy
}

fn an_authority_of_ones_own_is_believed_where_a_file_names_it(backend: Backend) {
    let directory = Directory::new();
    let (server, authority) = server(&directory, |address| format!("https://localhost:{}", address.port()));
    let address = format!("https://localhost:{}", server.address.port());
    for ca_file in [None, Some(authority.clone())] {
        let is_believed = ca_file.is_some();
        let app = App::start_with(backend, |config| {
            config.webhooks.hosts = vec!["localhost".into()];
            config.outgoing.ca_file = ca_file;
        });
        let expected = match is_believed {
            true => json!({"delivered": true, "status": 200}),
            false => {
                json!({"delivered": false, "error": "the receiver cannot be reached: its certificate is not believed"})
            }
        };
        assert_eq!(tried(&app.client, &format!("{address}/hook")), expected);
    }
    let (url, _database) = database(backend);
    let issuer = ("AUFSICHT_OIDC_ISSUER", address.as_str());
    let told = checked(&url, &directory, &[issuer]);
    assert!(told.starts_with("fault: ") && told.contains("AUFSICHT_CA_FILE names further authorities"), "{told}");
    let told = checked(&url, &directory, &[issuer, ("AUFSICHT_CA_FILE", authority.to_str().unwrap())]);
    assert_eq!(told, format!("ok: OpenID provider: 0 keys of {address}"));
}

fn what_goes_out_goes_through_the_proxy(backend: Backend) {
    let directory = Directory::new();
    let (server, authority) = server(&directory, |_| PROVIDER.to_owned());
    let proxy = ConnectProxy::before(server.address);
    let (url, _database) = database(backend);
    let through = format!("http://{}", proxy.address);
    let authority = ("AUFSICHT_CA_FILE", authority.to_str().unwrap());
    let settings = [authority, ("HTTPS_PROXY", through.as_str())];
    let service = Process::start(&url, &settings);
    assert_eq!(tried(&service.client, RECEIVER), json!({"delivered": true, "status": 200}));
    assert_eq!(proxy.asked(), ["CONNECT receiver.invalid:443 HTTP/1.1"]);
    let settings = [&settings[..], &[("AUFSICHT_OIDC_ISSUER", PROVIDER)]].concat();
    assert_eq!(checked(&url, &directory, &settings), format!("ok: OpenID provider: 0 keys of {PROVIDER}"));
    let asked = proxy.asked();
    assert!(!asked.is_empty() && asked.iter().all(|line| line == "CONNECT provider.invalid:443 HTTP/1.1"), "{asked:?}");
    // What the proxy is not for does not come to it.
    let told = checked(&url, &directory, &[&settings[..], &[("NO_PROXY", "provider.invalid")]].concat());
    assert!(told.starts_with("fault: "), "{told}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
}
