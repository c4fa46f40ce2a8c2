//! The public tables over HTTP.

use crate::api::App;
use crate::api::query::Query;
use crate::statistics::layout::Layout;

/// The layout that a request without a token asks for: there is the public one only.
pub fn read_layout<'a>(app: &'a App, query: &mut Query) -> Option<&'a Layout> {
    let public = app.profile.layouts.get(Some(&app.public.as_ref()?.layout))?;
    if query.one("layout").is_some_and(|name| !public.is_called(&name)) {
        query.fault("layout", "invalid_value", &format!("must be {} without an access token", public.name));
    }
    Some(public)
}
