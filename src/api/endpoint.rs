//! An endpoint: one operation with its route, its scope and its documentation, declared in one place.
//!
//! The router, the check of scopes, the refusal of unknown parameters, the `Allow` header and the API document are all
//! made from these declarations, so that they cannot say different things.

pub use super::content::{Content, JSON, MERGE_PATCH};
use super::query::Parameter;
use crate::auth::{Caller, Scope};
use crate::error::{self, ProblemType};
use crate::messages::Lang;
use crate::registers;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
/// An answer that succeeds.
#[derive(Clone)]
pub struct ResponseSpec {
    /// The status.
    pub status: u16,
    /// The meaning of the answer.
    pub description: String,
    /// The headers it carries, by the names of the document's components.
    pub headers: Vec<&'static str>,
    /// The body, in each media type that it is given in.
    pub content: Vec<Content>,
}

/// The registers that an operation tells of, or needs. An endpoint under a register's tag tells of that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any of them, or all together, as figures do: nothing for a service account that is bound to registers. So is
    /// every operation that says nothing else.
    All,
    /// The registers that the caller may see: the handler narrows what it gives.
    Narrowed,
    /// None.
    Nothing,
}

/// One operation.
#[derive(Clone)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path with `{parameters}`.
    pub path: String,
    /// The operation's id in the API document.
    pub id: String,
    /// The tag it is listed under.
    pub tag: String,
    /// The action of the operation, in a few words.
    pub summary: String,
    /// The text for clients: all that they must know.
    pub description: String,
    /// The scope that it needs; `None` when no token is needed.
    pub scope: Option<Scope>,
    /// The registers that the operation tells of, where it is not listed under one.
    pub reach: Reach,
    /// Set if no token is needed where the statistics are public.
    pub public_statistics: bool,
    /// Set if the answer follows from the database, the question, the day and the caller's rights alone: see
    /// [`super::response_cache`].
    pub figures: bool,
    /// Set if the notes on the figures are a resource of their own, below this one.
    pub has_notes: bool,
    /// Set if callers without that scope are let in too, and see what is published.
    pub open: bool,
    /// The query parameters.
    pub query: Vec<Parameter>,
    /// The header parameters, by the names of the document's components.
    pub headers: Vec<&'static str>,
    /// The body that it takes, in each media type.
    pub body: Vec<Content>,
    /// The answers that it gives when it succeeds.
    pub answers: Vec<ResponseSpec>,
    /// The problems that it can answer with besides those that follow from the declarations above.
    pub problems: Vec<&'static ProblemType>,
    /// Set if the address is a secret that stands for a token: the answer is not everybody's, though no token is needed.
    pub secret_address: bool,
    /// Set if a service account logs in here, by Basic authentication.
    pub client_credentials: bool,
    /// The largest body that it takes, in bytes, where it is not the usual one.
    pub body_limit: Option<usize>,
    /// Set if the body must not be packed.
    pub plain_body: bool,
    /// The schemas that it refers to.
    pub schemas: BTreeMap<String, Value>,
    /// Set if the API document leaves the endpoint out, because it serves files and is no operation.
    pub undocumented: bool,
    /// Set if it passes over parameters that it does not know, for others add their own.
    pub any_query: bool,
    route: Arc<dyn Fn(Route) -> Route + Send + Sync>,
}

impl Endpoint {
    /// An operation that a handler answers.
    pub fn new<H, Arguments>(method: Method, path: impl Into<String>, handler: H) -> Self
    where
        H: Handler<Arguments> + Send + Sync,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Endpoint {
            method,
            path: path.into(),
            id: String::new(),
            tag: String::new(),
            summary: String::new(),
            description: String::new(),
            scope: None,
            reach: Reach::All,
            public_statistics: false,
            figures: false,
            has_notes: false,
            open: false,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            answers: Vec::new(),
            problems: Vec::new(),
            secret_address: false,
            client_credentials: false,
            body_limit: None,
            plain_body: false,
            schemas: BTreeMap::new(),
            undocumented: false,
            any_query: false,
            route: Arc::new(move |route| route.to(handler.clone())),
        }
    }

    /// A reading operation.
    pub fn get<H, Arguments>(path: impl Into<String>, handler: H) -> Self
    where
        H: Handler<Arguments> + Send + Sync,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        Self::new(Method::GET, path, handler)
    }

    /// Names the operation.
    pub fn named(mut self, id: impl Into<String>, tag: &str, summary: impl Into<String>) -> Self {
        self.id = id.into();
        self.tag = tag.to_owned();
        self.summary = summary.into();
        self
    }

    /// Leaves it out of the API document.
    pub fn undocumented(mut self) -> Self {
        self.undocumented = true;
        self
    }

    /// Passes over parameters that it does not know.
    pub fn any_query(mut self) -> Self {
        self.any_query = true;
        self
    }

    /// Says what a client must know.
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Returns the endpoint with what is needed to answer, without what the API document says.
    pub fn without_documentation(mut self) -> Self {
        let contents = self.answers.iter_mut().flat_map(|answer| &mut answer.content).chain(&mut self.body);
        contents.for_each(|content| {
            (content.schema, content.example) = (Value::Null, Value::Null);
            content.components = BTreeMap::new();
        });
        for parameter in &mut self.query {
            (parameter.schema, parameter.example) = (Value::Null, Value::Null);
            parameter.description = String::new();
        }
        self.schemas = BTreeMap::new();
        self.description = String::new();
        self
    }

    /// Demands a scope.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Tells of these registers only.
    pub fn reaches(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// True if the endpoint lets a caller in as far as the registers are concerned that the caller is bound to.
    pub fn is_for(&self, caller: &Caller) -> bool {
        match (registers::find(&self.tag), self.reach) {
            (Some(register), _) => caller.can_access(register.name),
            (None, Reach::All) => caller.registers.is_none(),
            (None, Reach::Narrowed | Reach::Nothing) => true,
        }
    }

    /// Needs no token where the statistics are public.
    pub fn public_statistics(mut self) -> Self {
        self.public_statistics = true;
        self
    }

    /// Answers with figures, which are the same until something is written.
    pub fn figures(mut self) -> Self {
        self.figures = true;
        self
    }

    /// Has notes of its own below it, if so, which the answer links to.
    pub fn with_notes(mut self, has_notes: bool) -> Self {
        self.has_notes = has_notes;
        self
    }

    /// Lets everybody in, if so: those without the scope see what is published.
    pub fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    /// Takes query parameters.
    pub fn query(mut self, parameters: Vec<Parameter>) -> Self {
        self.query = parameters;
        self
    }

    /// Takes one of these languages where it takes one at all.
    pub fn in_languages(mut self, languages: &[Lang]) -> Self {
        let codes: Vec<&str> = languages.iter().map(|lang| lang.code()).collect();
        for parameter in self.query.iter_mut().filter(|parameter| parameter.name == "lang") {
            parameter.schema = json!({"type": "string", "enum": codes});
            parameter.example = if parameter.example.is_null() { Value::Null } else { json!(codes.first()) };
        }
        self
    }

    /// Takes header parameters, by the names of the document's components.
    pub fn headers(mut self, names: &[&'static str]) -> Self {
        self.headers.extend(names);
        self
    }

    /// Takes a body.
    pub fn body(mut self, content: Vec<Content>) -> Self {
        self.refer(&content);
        self.body = content;
        self
    }

    /// Is reached at secret addresses.
    pub fn at_secret_address(mut self) -> Self {
        self.secret_address = true;
        self
    }

    /// Is where a service account logs in.
    pub fn with_client_credentials(mut self) -> Self {
        self.client_credentials = true;
        self
    }

    /// Takes a body of this size in bytes at the most, in place of the usual limit.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Takes no packed body: nothing is unpacked for who has not said who they are.
    pub fn plain_body(mut self) -> Self {
        self.plain_body = true;
        self
    }

    /// Succeeds in this way.
    pub fn answers(mut self, status: u16, description: &str, headers: &[&'static str], content: Vec<Content>) -> Self {
        self.refer(&content);
        self.answers.push(ResponseSpec { status, description: description.into(), headers: headers.to_vec(), content });
        self
    }

    /// Can fail in these ways, besides those that follow from the rest.
    pub fn problems(mut self, problems: &[&'static ProblemType]) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Refers to the components that contents refer to.
    fn refer(&mut self, contents: &[Content]) {
        self.schemas.extend(contents.iter().flat_map(|content| content.components.clone()));
    }

    /// Refers to a schema that is no type's.
    pub fn schema_value(mut self, name: impl Into<String>, schema: Value) -> Self {
        self.schemas.insert(name.into(), schema);
        self
    }

    /// The route for one of the operation's methods.
    pub fn route(&self, method: Method) -> Route {
        (self.route)(Route::new().method(method))
    }

    /// The names of the path's parameters.
    pub fn path_parameters(&self) -> Vec<&str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    /// The media types that it can answer with, the usual one first.
    pub fn media_types(&self) -> Vec<&'static str> {
        self.answers.iter().flat_map(|answer| &answer.content).map(|content| content.media_type).collect()
    }

    /// True if the endpoint heeds `If-Match` or `If-None-Match`.
    pub fn has_preconditions(&self) -> bool {
        self.headers.iter().any(|name| ["IfMatch", "IfMatchOptional", "IfNoneMatch"].contains(name))
    }

    /// Every problem that it can answer with.
    pub fn all_problems(&self) -> Vec<&'static ProblemType> {
        // Every operation refuses unknown query parameters, whether it has parameters or not.
        let mut all: Vec<&'static ProblemType> =
            vec![&error::INVALID_PARAMETER, &error::TOO_MANY_REQUESTS, &error::INTERNAL, &error::UNAVAILABLE];
        if self.method != Method::GET {
            all.push(&error::OUTCOME_UNKNOWN);
        }
        all.extend(self.problems_of_access());
        // PUT makes what is not there, and there is every year.
        if self.path_parameters().iter().any(|name| *name != "year") && self.method != Method::PUT {
            all.push(&error::NOT_FOUND);
        }
        all.extend(self.problems_of_body());
        if !self.media_types().is_empty() {
            all.push(&error::NOT_ACCEPTABLE);
        }
        if self.headers.contains(&"IfMatch") {
            all.extend([&error::STALE, &error::PRECONDITION_REQUIRED]);
        }
        if self.headers.contains(&"IfMatchOptional") {
            all.push(&error::STALE);
        }
        if self.headers.contains(&"IdempotencyKey") {
            all.extend([&error::REQUEST_IN_PROGRESS, &error::IDEMPOTENCY_KEY_REUSED]);
        }
        all.extend(&self.problems);
        all.sort_by_key(|problem| (problem.status, problem.slug));
        all.dedup();
        all
    }

    /// The problems of who may not ask this.
    fn problems_of_access(&self) -> Vec<&'static ProblemType> {
        let mut all: Vec<&'static ProblemType> = Vec::new();
        if self.scope.is_some() {
            all.push(&error::UNAUTHENTICATED);
            if !self.open {
                all.push(&error::MISSING_SCOPE);
            }
            if registers::find(&self.tag).is_some() || (self.reach == Reach::All && !self.open) {
                all.push(&error::OTHER_REGISTER);
            }
        }
        all
    }

    /// The problems of a body that cannot be taken.
    fn problems_of_body(&self) -> Vec<&'static ProblemType> {
        if self.body.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<&'static ProblemType> =
            vec![&error::MALFORMED_REQUEST, &error::REQUEST_TIMEOUT, &error::TOO_LARGE, &error::UNSUPPORTED_MEDIA_TYPE];
        // A token request is refused in the words of RFC 6749, and a batch is told the faults of each line.
        if self.body.iter().any(|content| [JSON, MERGE_PATCH].contains(&content.media_type)) {
            all.push(&error::VALIDATION_FAILED);
        }
        all
    }
}
