//! Service accounts and tokens from the command line.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::{act, done, say};
use crate::auth::{Scope, Tokens, service_accounts};
use crate::clock::Clock;
use crate::config::Config;
use crate::db;
use crate::error::{Error, Result};
use crate::sync::reason;
use crate::text;
use crate::webhooks::subscriptions;

/// The commands on service accounts.
#[derive(Subcommand)]
pub enum ClientCommand {
    /// Create a service account and print its id and secret, which is shown once only
    Add {
        /// Name of the service account
        #[arg(long)]
        name: String,
        /// Scopes, separated by spaces
        #[arg(long)]
        scope: String,
        /// Registers that it is bound to, separated by commas; all of them when absent
        #[arg(long, value_delimiter = ',')]
        registers: Option<Vec<String>>,
    },
    /// List the service accounts
    List,
    /// Give a service account another secret and print it
    Rotate {
        /// Its id
        id: String,
    },
    /// Revoke a service account
    Remove {
        /// Its id
        id: String,
    },
}

/// Prints an access token.
pub fn token(config: &Config, scope: &str, subject: &str, ttl: Duration) -> Result<ExitCode> {
    let scopes = scopes(scope)?;
    let refused = |why: String| Error::Configuration(format!("--subject {why}"));
    let subject = text::line(subject).map_err(|why| refused(why.to_string()))?;
    if subject.is_empty() {
        return Err(refused("must not be blank".into()));
    }
    config.check_development_secret()?;
    done(&Tokens::own_only(config)?.issue(&subject, &scopes, ttl, Clock::system().now())?)
}

/// Runs a command on service accounts.
pub fn client(command: ClientCommand, config: &Config) -> Result<ExitCode> {
    let mut db = db::connect(&config.database)?;
    let by = act(&mut db, config)?;
    let told = |client: &service_accounts::ServiceAccount, secret: &str| {
        say(&format!("client_id={}\nclient_secret={secret}", client.id))
    };
    match command {
        ClientCommand::Add { name, scope, registers } => {
            let scopes: Vec<&str> = scopes(&scope)?.iter().map(|scope| scope.as_str()).collect();
            let body = serde_json::json!({"name": name, "scopes": scopes, "registers": registers});
            let new = service_accounts::NewClient::read(body).map_err(|error| Error::Configuration(reason(&error)))?;
            let secret = service_accounts::random_secret();
            told(&db::exclusively(&mut db, |tx| service_accounts::create(tx, new, &secret, &by))?, &secret)?;
        }
        ClientCommand::List => {
            for client in service_accounts::list(&mut db)? {
                let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.as_str()).collect();
                let registers = client.registers.as_ref().map_or_else(|| "all registers".into(), |list| list.join(","));
                let state = if client.is_active() { "active" } else { "revoked" };
                say(&format!("{}  {state}  {}  {}  {registers}", client.id, client.name, scopes.join(" ")))?;
            }
        }
        ClientCommand::Rotate { id } => {
            let secret = service_accounts::random_secret();
            told(&db::exclusively(&mut db, |tx| service_accounts::rotate(tx, &id, &secret, &by))?, &secret)?;
        }
        ClientCommand::Remove { id } => db::exclusively(&mut db, |tx| subscriptions::revoke_account(tx, &id, &by))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn scopes(text: &str) -> Result<Vec<Scope>> {
    let known = || Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    let scopes: Result<Vec<Scope>> = text
        .split_ascii_whitespace()
        .map(|name| {
            Scope::parse(name)
                .ok_or_else(|| Error::Configuration(format!("--scope: \"{name}\" is not known; there are {}", known())))
        })
        .collect();
    match scopes {
        Ok(list) if list.is_empty() => Err(Error::Configuration(format!("--scope: name one at least of {}", known()))),
        scopes => scopes,
    }
}
