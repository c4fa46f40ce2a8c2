//! The way from a path to its endpoints.

use std::cmp::Reverse;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Resource, web};

use super::body::{BodyLimit, PlainBody};
use super::edge;
use super::elsewhere::KnownPaths;
use super::endpoint::Endpoint;

/// The endpoints of each path. Of many paths a request would be compared with one after the other, so those that begin alike
/// are tried together, in the order in which they are listed. All threads that serve share them.
pub struct Routing {
    branches: Vec<Branch>,
    known: web::Data<KnownPaths>,
}

/// The paths that begin with the same words.
struct Branch {
    head: String,
    /// The rests of paths behind the head, each with its endpoints.
    paths: Vec<(String, Vec<Arc<Endpoint>>)>,
}

/// The number of words that make a branch: `/v1/cases`.
const WORDS: usize = 2;

/// The first words of a path, before any parameter.
fn head(path: &str) -> &str {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
    let is_plain = |end: &usize| !path[..*end].contains('{');
    ends.take(WORDS).take_while(is_plain).last().map_or("", |end| &path[..end])
}

impl Routing {
    /// The routing to these endpoints.
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        let mut branches: Vec<Branch> = Vec::new();
        let mut known: Vec<String> = Vec::new();
        for endpoint in endpoints {
            let (head, rest) = endpoint.path.split_at(head(&endpoint.path).len());
            let at = branches.iter().position(|branch| branch.head == head).unwrap_or_else(|| {
                branches.push(Branch { head: head.to_owned(), paths: Vec::new() });
                branches.len() - 1
            });
            let paths = &mut branches[at].paths;
            let place = paths.iter().position(|(path, _)| path == rest).unwrap_or_else(|| {
                known.push(endpoint.path.clone());
                paths.push((rest.to_owned(), Vec::new()));
                paths.len() - 1
            });
            paths[place].1.push(Arc::new(endpoint.without_documentation()));
        }
        // One branch may begin as another does: the longer one is meant.
        branches.sort_by_key(|branch| Reverse(branch.head.len()));
        Routing { branches, known: web::Data::new(KnownPaths(known)) }
    }

    /// Serves one resource for each path.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        config.app_data(self.known.clone());
        for Branch { head, paths } in &self.branches {
            if let [(rest, endpoints)] = paths.as_slice()
                && rest.is_empty()
            {
                config.service(resource(head, endpoints));
                continue;
            }
            let scope = web::scope(head);
            config
                .service(paths.iter().fold(scope, |scope, (rest, endpoints)| scope.service(resource(rest, endpoints))));
        }
    }
}

/// The resource of a path, with the methods of its endpoints, HEAD where there is GET, and OPTIONS.
fn resource(path: &str, endpoints: &[Arc<Endpoint>]) -> Resource {
    let mut resource = web::resource(path);
    if let Some(limit) = endpoints.iter().find_map(|endpoint| endpoint.body_limit) {
        resource = resource.app_data(BodyLimit(limit));
    }
    if endpoints.iter().any(|endpoint| endpoint.plain_body) {
        resource = resource.app_data(PlainBody);
    }
    for endpoint in endpoints {
        let mut methods = vec![endpoint.method.clone()];
        if endpoint.method == Method::GET {
            methods.push(Method::HEAD);
        }
        for method in methods {
            let endpoint = endpoint.clone();
            let route = endpoint.route(method);
            resource =
                resource.route(route.wrap(from_fn(move |request, next| edge::admit(endpoint.clone(), request, next))));
        }
    }
    let allow = allowed_methods(endpoints);
    resource.default_service(web::to(move |method: Method| {
        let mut response = match method {
            Method::OPTIONS => HttpResponse::NoContent(),
            _ => HttpResponse::MethodNotAllowed(),
        };
        let response: HttpResponse<BoxBody> = response.insert_header((ALLOW, allow.clone())).finish();
        async move { response }
    }))
}

/// The methods of a path, as `Allow` names them.
fn allowed_methods(endpoints: &[Arc<Endpoint>]) -> String {
    let mut methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.insert(1, "HEAD");
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn a_branch_is_named_by_words() {
        let heads = [
            ("/", "/"),
            ("/metrics", "/metrics"),
            ("/health/live", "/health/live"),
            ("/v1/cases", "/v1/cases"),
            ("/v1/cases/{id}/history", "/v1/cases"),
            ("/problems/{type}", "/problems"),
            ("/{file}", ""),
        ];
        assert_eq!(heads.map(|(path, _)| head(path)), heads.map(|(_, head)| head));
    }
}
