//! The public tables over HTTP.

use crate::api::App;
use crate::api::query::Query;
use crate::statistics::layout::Layout;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};

/// The layout that a request without a token asks for: there is the public one only.
pub fn read_layout<'a>(app: &'a App, query: &mut Query) -> Option<&'a Layout> {
    let public = app.profile.layouts.get(Some(&app.public.as_ref()?.layout))?;
    if query.one("layout").is_some_and(|name| name != public.name) {
        query.fault("layout", "invalid_value", &format!("must be {} without an access token", public.name));
    }
    Some(public)
}

/// Lets others keep a public answer for five minutes.
pub fn cacheable(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
