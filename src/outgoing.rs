//! Connections to other systems: whom they believe, and what is told of their failures.

use std::sync::Arc;

use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

use crate::config::OutgoingSettings;
use crate::error::{Error, Result, reason_of};

/// The certificates that connections believe.
#[derive(Clone, Debug)]
pub struct Trust(RootCerts);

impl Trust {
    /// The authorities of the machine and of `AUFSICHT_CA_FILE`; those that are built in where there are none.
    pub fn of(settings: &OutgoingSettings) -> Result<Trust> {
        let found = rustls_native_certs::load_native_certs();
        let mut all: Vec<Certificate<'static>> =
            found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        if let Some(file) = &settings.ca_file {
            let wrong = |why: &str| Error::Configuration(format!("AUFSICHT_CA_FILE: {} {why}", file.display()));
            let text = std::fs::read(file).map_err(|error| wrong(&format!("cannot be read: {}", reason_of(&error))))?;
            let before = all.len();
            for item in parse_pem(&text) {
                if let PemItem::Certificate(certificate) = item.map_err(|_| wrong("is no file in PEM"))? {
                    all.push(certificate);
                }
            }
            if all.len() == before {
                return Err(wrong("has no certificate in PEM"));
            }
        }
        Ok(Trust(if all.is_empty() { RootCerts::WebPki } else { RootCerts::Specific(Arc::new(all)) }))
    }

    /// The settings of an agent that believes them. Nobody is followed elsewhere, for what is sent is meant for one alone.
    pub fn agent(&self) -> ConfigBuilder<AgentScope> {
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder().root_certs(self.0.clone()).unversioned_rustls_crypto_provider(crypto).build();
        ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent("aufsicht")
    }
}

/// The reason of a failure, without what could name addresses inside.
pub fn reason(error: &ureq::Error) -> &'static str {
    const UNKNOWN_AUTHORITY: &str = "its certificate is not believed; AUFSICHT_CA_FILE names further authorities";
    match error {
        ureq::Error::Timeout(_) => "it takes too long",
        ureq::Error::HostNotFound => "its host is not found",
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::Io(_)
            if error.to_string().contains("certificate") =>
        {
            UNKNOWN_AUTHORITY
        }
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => "TLS fails",
        ureq::Error::ConnectProxyFailed(_) => "the proxy does not connect",
        ureq::Error::Io(_) => "the connection breaks",
        _ => "it cannot be reached",
    }
}
