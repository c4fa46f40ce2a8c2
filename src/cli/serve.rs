//! The service as it is run from the command line, and the question of its health.

use std::io::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{code, say};
use crate::admin::demo;
use crate::api::server::{self, Service};
use crate::auth::{Scope, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::{db, seal};

/// Runs the service until a signal ends it.
pub fn serve(config: Config, with_demo: bool) -> Result<ExitCode> {
    config.check()?;
    let clock = Clock::system();
    let tokens = Tokens::new(&config)?;
    match with_demo {
        true => fill(&config, &clock)?,
        // In development a database is made where there is none.
        false if tokens.development => {}
        false => {
            config.database.target()?.must_exist()?;
            config.database.access_log()?.must_exist()?;
            config.database.record_keys()?.map_or(Ok(()), |target| target.must_exist())?;
        }
    }
    let service = Service::start(config, clock.clone())?;
    say(&format!("aufsicht listens on http://{}/ (API document: /openapi.json)", service.address()))?;
    if tokens.development {
        welcome(&service, &tokens, &clock, with_demo)?;
    }
    stop_on_signal(&service)?;
    notify("READY=1");
    service.wait()?;
    Ok(ExitCode::SUCCESS)
}

/// Fills an empty database with the demonstration years and their figures, and publishes them where the statistics are public.
fn fill(config: &Config, clock: &Clock) -> Result<()> {
    if config.profile.directory.is_some() {
        let reason = "the demonstration years belong to the embedded profile; leave --demo or --profile-dir out";
        return Err(Error::Configuration(reason.into()));
    }
    // What cannot be served leaves no data behind.
    drop(server::listeners(config)?);
    let mut db = db::create(&config.database.target()?, &config.database)?;
    crate::registers::migrate(&mut db)?;
    db::prepare_record_keys(&config.database)?;
    let keys = seal::keys_for(&mut db, config)?;
    let profile = Profile::of(&config.profile)?;
    let Some(count) = demo::fill(&mut db, &profile.rules(clock.today()), &keys)? else {
        return say("The database has records already: nothing was added to it.");
    };
    say(&format!("Filled the database with {count} records of the years 2012 to 2017."))?;
    demo::enter_figures(&mut db, &keys, clock)?;
    let Some(name) = &config.public.layout else { return Ok(()) };
    profile.layouts.get(Some(name)).map_or(Ok(()), |layout| demo::publish(&mut db, &profile, layout, &keys, clock))
}

/// Starts the thread that follows signals, and stops the service when one asks for it.
fn stop_on_signal(service: &Service) -> Result<()> {
    let (stop, drain, reload) = (service.stopper(), service.drainer(), service.reloader());
    let failed = |error: std::io::Error| Error::Configuration(format!("cannot follow signals: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let mut signals = runtime.block_on(async { Signals::new() }).map_err(failed)?;
    let follow = move || {
        runtime.block_on(async move {
            if signals.end(&reload).await == StopRequest::Drained {
                let time = drain();
                log::info!("draining for {} ms: requests are still taken", time.as_millis());
                // Whoever asks a second time means at once.
                let _ = tokio::time::timeout(time, signals.end(&reload)).await;
            }
            notify("STOPPING=1");
            log::info!("stopping: finishing what runs");
            stop().await;
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(follow).map(drop).map_err(failed)
}

/// Tells whoever started the service how it is, where that is asked for: systemd with `Type=notify` (sd_notify(3)).
fn notify(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else { return };
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&socket),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        log::warn!("{state} was not told to {}: {error}", socket.display());
    }
}

/// The signals that a service follows.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

/// The way in which a service is told to end.
#[derive(PartialEq, Eq)]
enum StopRequest {
    /// At once: somebody sits before it.
    AtOnce,
    /// After the time in which others learn of it.
    Drained,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until one says that the service ends; one that asks for it has keys read anew meanwhile.
    async fn end(&mut self, reload: &impl Fn()) -> StopRequest {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return StopRequest::Drained,
                _ = self.interrupt.recv() => return StopRequest::AtOnce,
                _ = self.hangup.recv() => reload(),
            }
        }
    }
}

/// Prints what somebody who tries the service needs: a token and lines to paste.
fn welcome(service: &Service, tokens: &Tokens, clock: &Clock, with_demo: bool) -> Result<()> {
    let everything = tokens.issue("developer", Scope::ALL, Duration::from_secs(24 * 3600), clock.now())?;
    let base = format!("http://{}", service.address());
    let figures = if with_demo { "services?from=2012&to=2017" } else { "tables" };
    say(&format!(
        "\nDevelopment mode: no secret is configured, so the service listens on loopback only.\n\n\
         Swagger UI: {base}/swagger-ui/ (paste the token under Authorize)\n\n\
         A token with all scopes, valid for a day:\n\n  export TOKEN={everything}\n\n\
         Try:\n\n  \
         curl -H \"Authorization: Bearer $TOKEN\" '{base}/v1/statistics/{figures}'\n  \
         curl -H \"Authorization: Bearer $TOKEN\" '{base}/v1/cases?limit=3'\n  \
         curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \
         -d '{{\"title\":\"Videoüberwachung beim Schulhaus\"}}' '{base}/v1/cases'\n"
    ))
}

/// For container health checks, which have no curl.
pub fn health(config: &Config) -> Result<ExitCode> {
    use std::io::Read;
    use std::net::{IpAddr, Ipv4Addr, TcpStream};
    let failed = |error: std::io::Error| Error::Unavailable(error.to_string());
    let mut address = config.server.addresses()?[0];
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut stream = TcpStream::connect_timeout(&address, config.connections.pool_timeout).map_err(failed)?;
    stream.set_read_timeout(Some(config.database.timeout)).map_err(failed)?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let status = answer.lines().next().unwrap_or_default();
    say(status)?;
    Ok(code(status.starts_with("HTTP/1.1 200")))
}
