//! A request of a caller that the edge let in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::api::App;
use crate::auth::Caller;
use crate::error::{Error, Result};

/// A request, its caller, and the service that it is made to.
pub struct Call {
    /// The service.
    pub app: Data<App>,
    /// The caller that the edge has admitted.
    pub caller: Caller,
    /// The request.
    pub request: HttpRequest,
}

impl FromRequest for Call {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Caller>().cloned();
        let app = request.app_data::<Data<App>>().cloned();
        ready(match (app, caller) {
            (Some(app), Some(caller)) => Ok(Call { app, caller, request: request.clone() }),
            _ => Err(Error::Internal("the endpoint demands no scope".into())),
        })
    }
}
