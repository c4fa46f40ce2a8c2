//! The service: the list of all endpoints, the application made from it, and the running server.

use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactoryExt, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse, fn_service};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::web;
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    access_log, audit_trail, batch, calendar_feeds, changes, deadlines, export, external, fault_codes, oauth,
    public_publications, public_register, public_report, registers, reports, service_accounts, statistics, swagger_ui,
    vocabularies, webhooks, well_known,
};
use crate::api::body::BodyLimit;
use crate::api::connection::Connection;
use crate::api::cursor::Cursors;
use crate::api::elsewhere::elsewhere;
use crate::api::endpoint::Endpoint;
use crate::api::health;
use crate::api::idempotency::Running;
use crate::api::routing::Routing;
use crate::api::{App, Documents, Streams, document, document30, edge, pages};
use crate::audit::access_log::AccessLog;
use crate::audit::{anchors, siem};
use crate::auth::rate_limits::RateLimits;
use crate::auth::service_accounts::ServiceAccounts;
use crate::auth::{Scope, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::OperationContext;
use crate::db::{self, Database, Db};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::json::to_json;
use crate::metrics::Metrics;
use crate::outgoing::Trust;
use crate::profile::Profile;
use crate::records::projections::own_sets;
use crate::records::store::renaming;
use crate::seal;
use crate::seal::{KeyMeasures, Keys, Purpose, PurposeKeys};
use crate::spans::Spans;
use crate::statistics::own_sets::of_layouts as own_sets_of;
use crate::statistics::public;
use crate::webhooks::delivery;

/// All endpoints of the service, in the order in which their paths are tried: those of other systems before those of the
/// registers, whose `{id}` would take their paths.
pub fn endpoints(profile: &Profile) -> Vec<Endpoint> {
    let vocabulary = &profile.vocabulary;
    let of_other_systems = crate::registers::ALL.iter().flat_map(|register| {
        let [read, delete, write] = external::endpoints(register, vocabulary);
        [export::endpoint(register, vocabulary), batch::endpoint(register, vocabulary), read, write, delete]
    });
    let all: [Vec<Endpoint>; 20] = [
        of_other_systems.collect(),
        vec![changes::endpoint()],
        webhooks::endpoints(),
        registers::endpoints(vocabulary),
        vocabularies::endpoints(),
        deadlines::endpoints(),
        calendar_feeds::endpoints(),
        vec![public_register::endpoint(vocabulary)],
        public_publications::endpoints(),
        oauth::endpoints(),
        well_known::endpoints(),
        service_accounts::endpoints(),
        vec![access_log::endpoint()],
        audit_trail::endpoints(),
        statistics::endpoints(vocabulary),
        vec![reports::endpoint(), public_report::endpoint()],
        health::endpoints(),
        pages::endpoints(),
        fault_codes::endpoints(),
        swagger_ui::endpoints(),
    ];
    let languages = &profile.authority.languages;
    all.into_iter().flatten().map(|endpoint| endpoint.in_languages(languages)).collect()
}

/// The API document.
pub fn document(profile: &Profile) -> Value {
    document::document(&endpoints(profile), profile)
}

/// The API document for people who compare it with the one before.
pub fn document_bytes(profile: &Profile) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&document(profile))
        .map_err(|error| Error::Internal(format!("cannot write the API document: {error}")))?;
    text.push(b'\n');
    Ok(text)
}

/// The API document as it is sent, as OpenAPI 3.1 and as 3.0.
fn documents(profile: &Profile, provider: Option<&str>) -> Result<[Vec<u8>; 2]> {
    let mut document = document(profile);
    if let Some(issuer) = provider {
        document::offer_provider(&mut document, issuer);
    }
    Ok([to_json(&document)?, to_json(&document30::converted(&document))?])
}

/// The application: the same in production and in tests.
fn application(
    app: web::Data<App>,
    routing: &Routing,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let edge = app.clone();
    let limit = app.config.limits.body;
    actix_web::App::new()
        .app_data(app)
        .app_data(BodyLimit(limit))
        .wrap(from_fn(move |request, next| edge::wrap(edge.clone(), request, next)))
        .wrap(Compress::default())
        .configure(|config| routing.configure(config))
        .default_service(web::to(elsewhere))
}

/// The application over connections.
fn connections(
    app: web::Data<App>,
    routing: &Routing,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<> {
    let stopping = app.stopping.clone();
    let http = HttpService::build()
        // The connection minds the time of heads itself.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(Duration::from_secs(1))
        .graceful_shutdown_signal(move || {
            let mut stopping = stopping.subscribe();
            async move {
                // The sender is gone only when the whole service is.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            }
        })
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.exchange());
        })
        .h1(map_config(application(app, routing), |()| AppConfig::default()));
    fn_service(|stream: TcpStream| {
        let address = stream.peer_addr().ok();
        ready(Ok((Connection::new(stream), address)))
    })
    .and_then(http)
}

/// The most connections that wait to be taken; the kernel may allow fewer (`net.core.somaxconn`). `TcpListener::bind` keeps
/// 128, and a rush of more is reset before the service can tell anybody that it is too much.
const WAITING_CONNECTIONS: i32 = 2048;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // As `TcpListener::bind` does, so that a service that starts again gets its address back at once.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING_CONNECTIONS)?;
    Ok(socket.into())
}

/// Listens on the addresses of the settings, as far as they can be had; fails where none can.
pub fn listeners(config: &Config) -> Result<Vec<TcpListener>> {
    let (mut listeners, mut refused) = (Vec::new(), Vec::new());
    for address in config.server.addresses()? {
        match listen(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) => refused.push((address, error)),
        }
    }
    if listeners.is_empty() {
        let reason = refused.pop().map(|(_, error)| error.to_string()).unwrap_or_default();
        return Err(Error::Configuration(format!("cannot listen on {}: {reason}", config.server.listen)));
    }
    for (address, error) in refused {
        log::info!("cannot listen on {address}: {error}");
    }
    Ok(listeners)
}

/// Starts the workers beside the server.
fn workers(app: &App) -> Result<Vec<std::thread::JoinHandle<()>>> {
    let deliveries = delivery::DeliveryWorker {
        database: app.database.clone(),
        keys: app.keys.clone(),
        clock: app.clock.clone(),
        origin: app.event_origin(),
        settings: app.config.webhooks.clone(),
        spans: app.spans.clone(),
        trust: app.trust.clone(),
        stopping: app.stopping.subscribe(),
    };
    let mut workers = vec![delivery::start(deliveries)?];
    if let Some(file) = app.config.audit.anchor_file.clone() {
        let anchors = anchors::AnchorWorker {
            database: app.database.clone(),
            access_log: app.access_log.database().clone(),
            purposes: app.purposes.clone(),
            clock: app.clock.clone(),
            stopping: app.stopping.subscribe(),
        };
        workers.push(anchors::start(anchors, file)?);
    }
    if let Some(file) = app.config.audit.siem_file.clone() {
        workers.push(siem::start(siem::SiemWorker {
            database: app.database.clone(),
            access_log: app.access_log.database().clone(),
            file,
            progress: app.siem.clone(),
            stopping: app.stopping.subscribe(),
        })?);
    }
    Ok(workers)
}

/// Brings the database up to date, and returns the keys that its data is sealed with.
fn prepare_database(config: &Config, clock: &Clock, profile: &mut Profile) -> Result<(Keys, PurposeKeys)> {
    db::check_access_log(&config.database)?;
    let mut db = match config.database.no_migrate {
        true => db::connect(&config.database)?,
        false => {
            let mut db = db::create(&config.database.target()?, &config.database)?;
            crate::registers::migrate(&mut db)?;
            db
        }
    };
    db::prepare_record_keys(&config.database)?;
    let keys = seal::keys_for(&mut db, config)?;
    rename_held(&mut db, profile, &keys, clock)?;
    own_sets::keep(&mut db, &own_sets_of(&profile.layouts), |set| {
        log::info!("counting what a layout asks for from the records: {set}");
    })?;
    profile.remember(&mut db)?;
    let purposes = PurposeKeys::of(&mut db, &keys, clock.now())?;
    if config.has_development_seal_key() {
        log::warn!("personal data is sealed with a development key: set AUFSICHT_SEAL_KEY_FILE and keep the key apart");
    }
    Ok((keys, purposes))
}

/// Gives what records carry under former names those that the profile has now.
fn rename_held(db: &mut Db, profile: &Profile, keys: &Keys, clock: &Clock) -> Result<()> {
    let by = OperationContext {
        actor: Identity::system("profile"),
        request_id: Uuid::now_v7().to_string(),
        trace: None,
        at: clock.now(),
        keys: keys.clone(),
        registers: None,
    };
    let changed = renaming::rename_held(db, &profile.vocabulary, &by)?;
    if changed > 0 {
        log::info!("gave what {changed} records carry under former names those of the profile");
    }
    Ok(())
}

/// Tells the doubts about the profile that the records give. It looks at all of them, so nobody waits for it.
fn tell_doubts(app: &Arc<App>) -> Result<()> {
    let app = app.clone();
    let tell = move || -> Result<()> {
        let doubts = app.profile.doubts_of_records(&mut db::connect(&app.config.database)?, app.clock.today())?;
        doubts.iter().for_each(|doubt| log::warn!("{doubt}"));
        Ok(())
    };
    let tell =
        move || tell().unwrap_or_else(|error| log::warn!("the records were not compared with the profile: {error}"));
    std::thread::Builder::new()
        .name("profile".into())
        .spawn(tell)
        .map(drop)
        .map_err(|error| Error::Internal(error.to_string()))
}

/// The thread of the server, which ends with it.
type ServerThread = std::thread::JoinHandle<std::io::Result<()>>;

/// Serves in threads of its own, and returns the handle that stops the server.
fn serve(app: &Arc<App>, listeners: Vec<TcpListener>) -> Result<(ServerHandle, ServerThread)> {
    let (data, routing) = (web::Data::from(app.clone()), Arc::new(Routing::new(endpoints(&app.profile))));
    let (threads, shutdown) = (app.config.server.workers, app.config.server.shutdown_timeout);
    let (send, receive) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("server".into())
        .spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let mut server = Server::build()
                    .workers(usize::from(threads))
                    .shutdown_timeout(shutdown.as_secs())
                    .disable_signals();
                for listener in listeners {
                    let (data, routing) = (data.clone(), routing.clone());
                    server = server.listen("http", listener, move || connections(data.clone(), &routing))?;
                }
                let server = server.run();
                // The other side is gone only when the whole process is.
                let _ = send.send(server.handle());
                server.await
            })
        })
        .map_err(|error| Error::Configuration(format!("cannot start the server's thread: {error}")))?;
    let handle = receive.recv().map_err(|_| Error::Internal("the server did not start".into()))?;
    Ok((handle, thread))
}

/// A running service.
pub struct Service {
    addresses: Vec<SocketAddr>,
    app: Arc<App>,
    handle: ServerHandle,
    thread: Option<ServerThread>,
    workers: Vec<std::thread::JoinHandle<()>>,
}

impl Service {
    /// Brings the database up to date, binds the address and serves in threads of its own.
    pub fn start(config: Config, clock: Clock) -> Result<Service> {
        config.check()?;
        let (mut profile, doubts) = Profile::reviewed(&config.profile)?;
        doubts.iter().for_each(|doubt| log::warn!("{doubt}"));
        let public = public::suppression(&config.public, &profile.layouts)?;
        let (keys, purposes) = prepare_database(&config, &clock, &mut profile)?;
        let profile = Arc::new(profile);
        config.server.addresses()?;
        let provider = config.provider.issuer.clone();
        let database = Database::open(&config)?;
        let access_log = Database::open_access_log(&config)?;
        let record_keys = Database::open_record_keys(&config)?;
        let (trust, measures) = (Trust::of(&config.outgoing)?, KeyMeasures::default());
        let app = Arc::new(App {
            tokens: Tokens::new(&config)?,
            spans: Spans::start(&trust)?,
            trust,
            cursors: Cursors::new(purposes.key(Purpose::Cursor))?,
            purposes: purposes.clone(),
            profile: profile.clone(),
            public,
            documents: Documents::new(move || documents(&profile, provider.as_deref())),
            database: database.clone(),
            access_log: AccessLog::new(access_log.clone(), clock.clone(), config.audit.retention),
            keys: keys.in_service(record_keys.clone(), &measures),
            clients: ServiceAccounts::new(database.clone(), purposes.clone(), clock.clone())?,
            limits: RateLimits::new(&config.limits),
            answers: Default::default(),
            running: Running::default(),
            streams: Streams::new(&config),
            metrics: Metrics::new(&database, &access_log, record_keys.as_ref().map(|keys| (keys, &measures))),
            record_keys,
            backups: Mutex::default(),
            siem: Arc::default(),
            draining: AtomicBool::new(false),
            stopping: watch::Sender::new(false),
            clock,
            config,
        });
        let workers = workers(&app)?;
        let listeners = listeners(&app.config)?;
        let addresses: Vec<SocketAddr> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        tell_doubts(&app)?;
        let (handle, thread) = serve(&app, listeners)?;
        Ok(Service { addresses, app, handle, thread: Some(thread), workers })
    }

    /// The address it can be reached at.
    pub fn address(&self) -> SocketAddr {
        self.addresses.first().copied().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// A token with scopes (separated by spaces), valid for an hour.
    pub fn token(&self, scopes: &str) -> Result<String> {
        let scopes: Vec<Scope> = scopes.split_ascii_whitespace().filter_map(Scope::parse).collect();
        self.app.tokens.issue("service", &scopes, Duration::from_secs(3600), self.app.clock.now())
    }

    /// Stops accepting, finishes what runs, and waits for the end.
    pub fn stop(mut self) -> Result<()> {
        self.app.stopping.send_replace(true);
        drop(self.handle.stop(true));
        self.join()
    }

    /// Stops the service from another thread, as [`Service::stop`] does.
    pub fn stopper(&self) -> impl AsyncFnOnce() + Send + 'static {
        let (app, handle) = (self.app.clone(), self.handle.clone());
        async move || {
            app.stopping.send_replace(true);
            handle.stop(true).await;
        }
    }

    /// Lets readiness say no from now on, while requests are still taken; and returns for how long that goes on.
    pub fn drainer(&self) -> impl FnOnce() -> Duration + Send + 'static {
        let app = self.app.clone();
        move || {
            app.draining.store(true, Ordering::Relaxed);
            app.config.server.drain
        }
    }

    /// Reads the keys anew when it is called: those of tokens, and those that personal data is sealed with.
    pub fn reloader(&self) -> impl Fn() + Send + 'static {
        let app = self.app.clone();
        move || {
            app.tokens.reload();
            app.keys.reload();
        }
    }

    /// Waits until the service has ended.
    pub fn wait(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let ended = thread.join();
        self.app.stopping.send_replace(true);
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
        self.app.spans.stop();
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::Internal(format!("the server failed: {error}"))),
            Err(_) => Err(Error::Internal("the server's thread panicked".into())),
        }
    }
}
