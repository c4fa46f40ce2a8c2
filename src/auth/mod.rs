//! Access rights: scopes, access tokens and the caller of a request. The rule that they follow is [`RULE`]; how much of
//! a record an answer shows is decided by [`Caller::view`] alone.

pub mod calendar_feeds;
mod caller;
mod claims;
mod oidc_provider;
pub mod rate_limits;
pub mod service_accounts;
mod signing;
mod token;
mod token_cache;

pub use caller::{Caller, restrict_registers};
pub use signing::PublicKeys;
pub use token::{RefusedToken, Tokens};

use serde::Serialize;
use std::fmt;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

/// The rule of who sees what, for the API document too.
pub const RULE: &str = "Who sees what. An answer tells what the scopes of its token allow to read, whatever was asked, and \
    by whichever way: its body, its headers, a refusal, the result of a write, of a repeated request or of a trial. Records \
    need `register:read`; the personal data in them needs `personal:read` besides; which record was changed and how \
    (the feed, the deliveries of webhooks) needs `register:read`; figures need `statistics:read`, and those of single \
    matters and single members of staff `register:read` too. Who may write and not read is told the id, the number and \
    the revision of what was written. Each answer that shows personal data, or confirms it, stands in the access log \
    before it goes out, the one to HEAD like the one to GET; tags of what may hold personal data are digests with a \
    secret key. What is kept is never refused for that: when the log cannot be written, the answer to a write leaves \
    personal data out, and a read is refused.";

macro_rules! scopes {
    ($($name:ident = $text:literal, $what:literal;)*) => {
        /// A permission that a token gives; no scope includes another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum Scope { $(#[doc = $what] #[serde(rename = $text)] $name),* }

        impl Scope {
            /// All scopes.
            pub const ALL: &[Scope] = &[$(Scope::$name),*];

            /// As it stands in a token.
            pub fn as_str(self) -> &'static str {
                match self { $(Scope::$name => $text),* }
            }

            /// Returns the description of what the scope allows, for the API document.
            pub fn description(self) -> &'static str {
                match self { $(Scope::$name => $what),* }
            }
        }
    };
}

scopes! {
    RegisterRead = "register:read", "Read the registers, without personal data";
    RegisterWrite = "register:write", "Create, change and delete records";
    PersonalRead = "personal:read", "See personal data in the records one may read";
    StatisticsRead = "statistics:read", "Read the statistics";
    StatisticsPublish = "statistics:publish", "Publish the figures of a year";
    WebhooksManage = "webhooks:manage", "Manage webhooks";
    AccessLogRead = "access-log:read", "Read the log of disclosures of personal data and the audit trail";
    Admin = "admin", "Manage service accounts";
}

impl Scope {
    /// The scope of that name.
    pub fn parse(text: &str) -> Option<Scope> {
        Scope::ALL.iter().copied().find(|scope| scope.as_str() == text)
    }
}

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        let names = Scope::ALL.iter().map(|scope| scope.as_str());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for Scope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
