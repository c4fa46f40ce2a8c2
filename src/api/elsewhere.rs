//! The address that was probably meant, for an answer where there is nothing.

use actix_web::http::Method;
use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::App;
use crate::error::{Error, Result};
use crate::source::did_you_mean;

/// The paths of the service, with `{parameters}`.
pub struct KnownPaths(pub Vec<String>);

impl KnownPaths {
    /// The path that was probably meant. Nothing of what was asked is said again but the names of the service's own.
    fn meant(&self, asked: &str) -> Option<&str> {
        let asked = asked.to_lowercase();
        let asked: Vec<&str> = asked.split('/').filter(|part| !part.is_empty()).collect();
        let below = asked.strip_prefix(&["v1"]).unwrap_or(&asked);
        let versioned = [&["v1"], below].concat();
        self.found(&versioned).or_else(|| self.found(&asked)).or_else(|| self.alike(below.first()?))
    }

    /// The path of these parts.
    fn found(&self, asked: &[&str]) -> Option<&str> {
        let fits = |known: &&str| {
            let known: Vec<&str> = known.split('/').skip(1).collect();
            let same = |(asked, known): (&&str, &&str)| asked == known || known.starts_with('{');
            known.len() == asked.len() && asked.iter().zip(&known).all(same)
        };
        self.0.iter().map(String::as_str).find(fits)
    }

    /// The list whose name is like this one.
    fn alike(&self, asked: &str) -> Option<&str> {
        let names = || self.0.iter().filter_map(|path| path.strip_prefix("/v1/")).filter(|name| !name.contains('/'));
        let meant = did_you_mean(asked, names());
        let name = names().find(|name| meant == format!("; did you mean {name}?"))?;
        self.0.iter().map(String::as_str).find(|path| path.strip_prefix("/v1/") == Some(name))
    }
}

/// True for the question of a browser if a page that may call here may send its request: refused, it would hide from the page that
/// there is nothing.
fn is_preflight(request: &HttpRequest) -> bool {
    let app = request.app_data::<Data<App>>();
    let is_allowed = app.is_some_and(|app| app.allowed_origin(request.headers().get(ORIGIN)).is_some());
    is_allowed && request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers where there is nothing; `OPTIONS *` asks about the service as a whole (RFC 9110, section 9.3.7).
pub async fn elsewhere(request: HttpRequest) -> Result<HttpResponse> {
    if is_preflight(&request) {
        return Ok(HttpResponse::NoContent().finish());
    }
    if (request.method(), request.path()) == (&Method::OPTIONS, "*") {
        let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        return Ok(HttpResponse::NoContent().insert_header((ALLOW, methods)).finish());
    }
    let paths = request.app_data::<Data<KnownPaths>>();
    let meant = paths.and_then(|paths| Some(format!("; did you mean {}?", paths.meant(request.path())?)));
    Err(Error::NotFound(format!("there is no such address{}", meant.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_was_meant_is_named() {
        let paths = ["/", "/v1/cases", "/v1/cases/{id}", "/v1/cases/{id}/history", "/v1/projects", "/health/live"];
        let paths = KnownPaths(paths.map(str::to_owned).to_vec());
        for (asked, meant) in [
            ("/v1/cases/", Some("/v1/cases")),
            ("//v1//cases", Some("/v1/cases")),
            ("/V1/Cases", Some("/v1/cases")),
            ("/cases", Some("/v1/cases")),
            ("/v1/case", Some("/v1/cases")),
            ("/v1/case/7", Some("/v1/cases")),
            ("/v1/cases/7/", Some("/v1/cases/{id}")),
            ("/health/live/", Some("/health/live")),
            ("/v1/xyz", None),
            ("/wp-login.php", None),
        ] {
            assert_eq!(paths.meant(asked), meant, "{asked}");
        }
    }
}
