//! Errors, and the one table of problem types (RFC 9457) that says how a client is told.

mod allowed;
mod fault_codes;

pub use allowed::Allowed;
pub use fault_codes::{FAULT_CODES, FaultCode};

use std::collections::HashSet;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

/// One fault of an input: where it is, a code for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) to the faulty place in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/received_on")]
    pub pointer: Option<String>,
    /// Name of the faulty query or path parameter, or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// A code for what is wrong, for programs; explained at `/problems/codes/{fault_code}`.
    #[schema(value_type = FaultCode, example = "invalid_type")]
    pub code: String,
    /// A sentence for people: what is wrong and what would be right.
    #[schema(example = "is not a date; give one as YYYY-MM-DD")]
    pub detail: String,
    /// The same for who says it in another language; it is not sent.
    #[serde(skip)]
    pub allowed: Allowed,
}

impl Fault {
    /// A fault in the body, at a JSON Pointer.
    pub fn at(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        debug_assert!(FaultCode::find(code).is_some(), "{code} is not explained");
        let (code, detail, allowed) = (code.into(), detail.into(), Allowed::default());
        Fault { pointer: Some(pointer.into()), parameter: None, code, detail, allowed }
    }

    /// A fault of a query or path parameter, or of a header.
    pub fn of(parameter: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        debug_assert!(FaultCode::find(code).is_some(), "{code} is not explained");
        let (code, detail, allowed) = (code.into(), detail.into(), Allowed::default());
        Fault { pointer: None, parameter: Some(parameter.into()), code, detail, allowed }
    }

    /// The same with what would be right.
    pub fn allowing(self, allowed: Allowed) -> Self {
        Fault { allowed, ..self }
    }
}

/// The most faults of one input that are told.
pub const TOLD: usize = 100;

/// The most characters in the name of a faulty place; a longer one is no name of ours, and is not sent back whole.
const PLACE: usize = 300;

/// The faults of one input, each place once. Of many the first are told, and how many more there are: what is sent back
/// is bounded, whatever was sent.
#[derive(Clone, Debug, Default)]
pub struct FaultList {
    told: Vec<Fault>,
    places: HashSet<String>,
    more: usize,
    /// Set if some of the input was not looked at.
    is_partial: bool,
}

impl FaultList {
    /// Notes a fault, unless its place has one already.
    pub fn add(&mut self, mut fault: Fault) {
        let place = fault.pointer.as_mut().or(fault.parameter.as_mut());
        let Some(place) = place else { return };
        if let Some((end, _)) = place.char_indices().nth(PLACE) {
            place.truncate(end);
            place.push('…');
        }
        if !self.places.insert(place.clone()) {
            return;
        }
        match self.told.len() < TOLD {
            true => self.told.push(fault),
            false => self.more += 1,
        }
    }

    /// Notes the faults of another list, as `renamed` calls their places.
    pub fn take_in(&mut self, others: FaultList, renamed: impl Fn(Fault) -> Fault) {
        others.told.into_iter().map(renamed).for_each(|fault| self.add(fault));
        self.more += others.more;
        self.is_partial |= others.is_partial;
    }

    /// Notes that the rest of the input is not looked at.
    pub fn stop(&mut self) {
        self.is_partial = true;
    }

    /// The faults that are told.
    pub fn told_mut(&mut self) -> impl Iterator<Item = &mut Fault> {
        self.told.iter_mut()
    }

    /// True if there are no faults.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The faults that are told; the last says how many more there are.
    pub fn into_faults(mut self) -> Vec<Fault> {
        let rest = match (self.more, self.is_partial) {
            (0, false) => return self.told,
            (0, true) => "and there can be more: correct these first".to_owned(),
            (more, false) => format!("and {more} more"),
            (more, true) => format!("and {more} more at least"),
        };
        let by_parameter = self.told.first().is_some_and(|fault| fault.parameter.is_some());
        self.told.push(match by_parameter {
            true => Fault::of("query", MORE, rest),
            false => Fault::at("", MORE, rest),
        });
        self.told
    }
}

/// The code of what says how many more faults there are.
pub const MORE: &str = "more_faults";

/// A problem type: its URI reference, title and status (the table in [`PROBLEMS`]).
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// The last part of the type's URI reference: `/problems/{slug}`.
    pub slug: &'static str,
    /// The HTTP status it is sent with.
    pub status: u16,
    /// The same for every occurrence.
    pub title: &'static str,
    /// The advice to a client: what it can do about the problem.
    pub remedy: &'static str,
}

impl PartialSchema for ProblemType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri-reference".into())))
            .description(Some("A problem type: a URI reference that can be opened and explains what to do."))
            .enum_values(Some(PROBLEMS.iter().map(|problem| format!("/problems/{}", problem.slug))))
            .into()
    }
}

impl ToSchema for ProblemType {}

macro_rules! problems {
    ($($name:ident = $status:literal $slug:literal, $title:literal, $remedy:literal;)*) => {
        $(#[doc = $title] pub const $name: ProblemType =
            ProblemType { slug: $slug, status: $status, title: $title, remedy: $remedy };)*
        /// Every problem type that the service can send.
        pub const PROBLEMS: &[ProblemType] = &[$($name),*];
    };
}

problems! {
    MALFORMED_REQUEST = 400 "malformed-request", "The request cannot be read",
        "Send well-formed HTTP and JSON in UTF-8, as the API document describes. An address has each ü, and whatever else is not ASCII, percent-encoded: %C3%BC.";
    INVALID_PARAMETER = 400 "invalid-parameter", "A parameter is not valid",
        "Correct the parameters that `errors` names; unknown ones are refused so that a mistyped filter cannot give wrong figures.";
    UNAUTHENTICATED = 401 "unauthenticated", "A valid access token is needed",
        "Send `Authorization: Bearer <token>` with a token that is valid now.";
    INVALID_GRANT = 400 "invalid-grant", "The token request is not valid",
        "Send `grant_type=client_credentials` and scopes that the service account has.";
    INVALID_CLIENT = 401 "invalid-client", "The service account or its secret is wrong",
        "Check both; the secret was shown once only. Ask the authority for another one if it is lost.";
    MISSING_SCOPE = 403 "missing-scope", "The access token lacks a scope",
        "Ask the authority for a token with the scope that `scope` names.";
    OTHER_REGISTER = 403 "other-register", "The service account is bound to other registers",
        "Use the registers that the account is bound to.";
    NOT_FOUND = 404 "not-found", "There is nothing here",
        "Check the address and the id; what is there is listed in /openapi.json.";
    METHOD_NOT_ALLOWED = 405 "method-not-allowed", "The method is not allowed here",
        "Use one of the methods that the `Allow` header lists.";
    NOT_ACCEPTABLE = 406 "not-acceptable", "No acceptable format",
        "Accept one of the media types that the API document lists for this answer.";
    REQUEST_TIMEOUT = 408 "request-timeout", "The request took too long to arrive",
        "Send the whole request again, faster.";
    CONFLICT = 409 "conflict", "Another record is in the way",
        "Look at the record that `record` names and decide which of the two is right.";
    STALE_VERSION = 409 "stale-version", "A newer version is held already",
        "Nothing needs to be done: `version` is what is held. Deliver again only what is newer.";
    DELETED = 409 "deleted", "The matter was deleted here",
        "Nothing needs to be done: `version` is the one that was deleted, and what is no newer does not come back. A newer version makes the matter anew.";
    REQUEST_IN_PROGRESS = 409 "request-in-progress", "The same request is still running",
        "Wait a moment and send the request again with the same `Idempotency-Key`.";
    GONE = 410 "gone", "The change feed does not reach back so far",
        "Read the lists anew, then follow the feed from where it begins now: ask without `after`.";
    STALE = 412 "stale-revision", "The record has changed in the meantime",
        "Read the record again, apply the change to what it says now, and send the new `ETag` in `If-Match`.";
    TOO_LARGE = 413 "content-too-large", "The body is too large",
        "Send a smaller body; the API document states the limits.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type", "The media type is not supported",
        "Send one of the media types that the API document lists for this operation.";
    VALIDATION_FAILED = 422 "validation-failed", "The record is not valid",
        "Correct every fault that `errors` lists and send the request again.";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused", "The key was used for another request",
        "Give each request a key of its own; repeat a key only with the very same request.";
    ROLLED_BACK = 424 "rolled-back", "Another line of the batch failed",
        "Correct the lines that failed and send the whole batch again; nothing of it was kept.";
    PRECONDITION_REQUIRED = 428 "precondition-required", "The request must say what it expects to find",
        "Send `If-Match` with the `ETag` of the record as you last read it.";
    TOO_MANY_REQUESTS = 429 "too-many-requests", "Too many requests",
        "Wait for the seconds that `Retry-After` gives.";
    HEADERS_TOO_LARGE = 431 "headers-too-large", "The header fields are too large",
        "Send fewer or shorter header fields.";
    INTERNAL = 500 "internal", "The service failed",
        "Try again later; if it goes on, tell the operator the request id.";
    UNAVAILABLE = 503 "unavailable", "The service cannot answer now",
        "Try again after the seconds that `Retry-After` gives.";
    OUTCOME_UNKNOWN = 503 "outcome-unknown", "Nobody knows whether the change was kept",
        "The database was lost while it kept the change. Repeat the request under its `Idempotency-Key`, or the delivery under its key in the other system: it is done once. Without either read whether it is there before you send it again.";
}

/// A key of a record that some work needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    /// The key that something of a record is sealed with, by its name.
    Opening {
        /// The record.
        record: String,
        /// The name of the key.
        key: String,
    },
    /// A key for a revision of a record that was erased up to an earlier one; it is made where there is none.
    Sealing {
        /// The record.
        record: String,
        /// The last revision that was erased; 0 if none was.
        erased: i64,
        /// The revision.
        revision: i64,
    },
}

impl KeyNeed {
    /// The record.
    pub fn record(&self) -> &str {
        let (KeyNeed::Opening { record, .. } | KeyNeed::Sealing { record, .. }) = self;
        record
    }
}

/// Everything that a request, a command or the start of the service can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: not HTTP or JSON as they must be; the text says what is wrong.
    #[error("{0}")]
    Malformed(String),
    /// 400: query or path parameters that are unknown or not valid.
    #[error("invalid parameters: {0:?}")]
    Parameters(Vec<Fault>),
    /// 401: no access token, or one that is not valid; the text says why.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// 403: the token lacks this scope.
    #[error("the scope {0} is missing")]
    MissingScope(&'static str),
    /// 400: a token request that is not valid: the code of RFC 6749, and what is wrong.
    #[error("{1}")]
    InvalidGrant(&'static str, String),
    /// 401: no such service account, or a wrong secret.
    #[error("the service account or its secret is wrong")]
    InvalidClient,
    /// 403: the service account is bound to other registers.
    #[error("the service account is bound to other registers")]
    OtherRegister,
    /// 429: too many requests; to be repeated after these seconds.
    #[error("too many requests; wait {0} seconds")]
    TooManyRequests(u64),
    /// 404: no such record, line or address.
    #[error("{0}")]
    NotFound(String),
    /// 409: `record` (where it is known) has what must be unique.
    #[error("{detail}")]
    Conflict {
        /// The text that says what is in the way.
        detail: String,
        /// The id of the record in the way.
        record: Option<String>,
        /// Its register.
        register: Option<String>,
    },
    /// 412: the record's revision is not the one expected.
    #[error("the record has revision {held}")]
    Stale {
        /// The revision that the record has now; 0 when there is none.
        held: i64,
    },
    /// 409: a delivery from another system is older than what is held.
    #[error("version {version} is held")]
    StaleVersion {
        /// The record, where it may be told.
        record: Option<String>,
        /// Its register.
        register: Option<String>,
        /// The version held.
        version: i64,
    },
    /// 409: a delivery from another system is no newer than what was deleted here.
    #[error("version {version} was deleted here")]
    Deleted {
        /// The record that was deleted, if there was one that may be told.
        record: Option<String>,
        /// Its register.
        register: Option<String>,
        /// The version that was deleted.
        version: i64,
    },
    /// 409: a request with the same idempotency key is still running.
    #[error("a request with this Idempotency-Key is still running")]
    InProgress,
    /// 422: the idempotency key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// 503: keys of records that are not at hand: who runs the work fetches them, and runs it again. Nothing was written.
    #[error("keys of records are needed")]
    KeysNeeded(Vec<KeyNeed>),
    /// 410: the entries after this place of the change feed were removed, or it is none of this history.
    #[error("the entries after this cursor were removed, or it is from before the database was restored")]
    Gone,
    /// 424: a line of a batch that was taken back because of another.
    #[error("nothing of the batch was kept")]
    RolledBack,
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// 413: the body is larger than the limit in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// 413: a batch has more lines than these.
    #[error("a batch has {0} lines at the most")]
    TooManyLines(usize),
    /// 406: none of the accepted media types can be given; the text lists those that can.
    #[error("available: {0}")]
    NotAcceptable(String),
    /// 415: the body's media type is not supported; the text lists those that are.
    #[error("supported: {0}")]
    UnsupportedMediaType(&'static str),
    /// 422: faults in the body.
    #[error("invalid body: {0:?}")]
    Validation(Vec<Fault>),
    /// 428: `If-Match` is missing.
    #[error("If-Match is missing")]
    PreconditionRequired,
    /// 503: the database cannot be reached, or the service is too busy. The text goes to the log only.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 503: parts of the service that keep it from being ready. The reasons go to the log only.
    #[error("not ready: {reasons}")]
    NotReady {
        /// The parts, by the names that the readiness has for them.
        parts: Vec<&'static str>,
        /// The reason of each.
        reasons: String,
    },
    /// 503: a write that may be kept or not: the database was lost at its commit, or does not come back. The text goes to the
    /// log only.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
    /// 500: a fault of the service itself. The text goes to the log only.
    #[error("internal: {0}")]
    Internal(String),
    /// 500: something kept cannot be read or was altered, as `verify` tells. The text goes to the log only.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// A setting or a file that stops the start of a command; the text is for the operator.
    #[error("{0}")]
    Configuration(String),
}

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The problem type a client is told.
    pub fn problem_type(&self) -> &'static ProblemType {
        match self {
            Error::Malformed(_) => &MALFORMED_REQUEST,
            Error::Parameters(_) => &INVALID_PARAMETER,
            Error::Unauthenticated(_) => &UNAUTHENTICATED,
            Error::MissingScope(_) => &MISSING_SCOPE,
            Error::InvalidGrant(..) => &INVALID_GRANT,
            Error::InvalidClient => &INVALID_CLIENT,
            Error::OtherRegister => &OTHER_REGISTER,
            Error::TooManyRequests(_) => &TOO_MANY_REQUESTS,
            Error::NotFound(_) => &NOT_FOUND,
            Error::Conflict { .. } => &CONFLICT,
            Error::Stale { .. } => &STALE,
            Error::StaleVersion { .. } => &STALE_VERSION,
            Error::Deleted { .. } => &DELETED,
            Error::InProgress => &REQUEST_IN_PROGRESS,
            Error::KeyReused => &IDEMPOTENCY_KEY_REUSED,
            Error::Gone => &GONE,
            Error::RolledBack => &ROLLED_BACK,
            Error::BodyTimeout => &REQUEST_TIMEOUT,
            Error::TooLarge(_) | Error::TooManyLines(_) => &TOO_LARGE,
            Error::NotAcceptable(_) => &NOT_ACCEPTABLE,
            Error::UnsupportedMediaType(_) => &UNSUPPORTED_MEDIA_TYPE,
            Error::Validation(_) => &VALIDATION_FAILED,
            Error::PreconditionRequired => &PRECONDITION_REQUIRED,
            Error::Unavailable(_) | Error::NotReady { .. } | Error::KeysNeeded(_) => &UNAVAILABLE,
            Error::OutcomeUnknown(_) => &OUTCOME_UNKNOWN,
            Error::Internal(_) | Error::Corrupt(_) | Error::Configuration(_) => &INTERNAL,
        }
    }

    /// True if the cause lies in the service or its database, so that the error belongs into the log.
    pub fn is_ours(&self) -> bool {
        self.problem_type().status >= 500
    }
}

impl From<DieselError> for Error {
    /// A database error that no repository has named: lost connections and full disks pass, all else is our fault.
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => Error::Unavailable(error.to_string()),
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)
                if TRANSIENT.iter().any(|text| information.message().contains(text)) =>
            {
                Error::Unavailable(error.to_string())
            }
            _ => Error::Internal(error.to_string()),
        }
    }
}

impl Error {
    /// The error of a commit that failed. What the database says that it refused is not kept; else nobody knows, as with a
    /// connection that is lost on the way.
    pub fn of_commit(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        // SQLite takes back what it cannot write.
        const REFUSED: [&str; 5] = [
            "database is locked",
            "disk is full",
            "disk I/O error",
            "could not extend file",
            "canceling statement due to",
        ];
        let error = match error {
            DieselError::RollbackErrorOnCommit { commit_error, .. } => *commit_error,
            error => error,
        };
        match &error {
            DieselError::DatabaseError(
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation
                | Kind::SerializationFailure
                | Kind::ReadOnlyTransaction,
                _,
            ) => error.into(),
            DieselError::DatabaseError(_, information)
                if REFUSED.iter().any(|text| information.message().contains(text)) =>
            {
                error.into()
            }
            DieselError::DatabaseError(..) => Error::OutcomeUnknown(error.to_string()),
            _ => error.into(),
        }
    }
}

/// Messages of SQLite and libpq for faults that pass; neither gives Diesel a code for them.
const TRANSIENT: &[&str] = &[
    "database is locked",
    "disk is full",
    "disk I/O error",
    "unable to open database file",
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "canceling statement due to",
    "no connection to the server",
    "connection to server",
    "could not receive data from server",
    "could not send data to server",
    "could not extend file",
];

/// The reason why a file cannot be read or written, in words.
pub fn reason_of(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let known = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::PermissionDenied => "permission is denied",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is no folder",
        ErrorKind::AlreadyExists => "it is there already",
        _ => "",
    };
    match known {
        // The number that the operating system has for it says nothing more.
        "" => error.to_string().split(" (os error ").next().unwrap_or_default().to_owned(),
        known => known.to_owned(),
    }
}
