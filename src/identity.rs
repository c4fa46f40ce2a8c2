//! Identities: who acts, of which kind, and who vouches for it. A name alone tells nobody from another: a service account,
//! a subject of the OpenID provider and the operator may be called alike, and so may two service accounts.

use crate::digest;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The kind of an identity. `SERVICE_ACCOUNT`: a service account of this service. `USER`: a subject of the external
    /// OpenID provider. `TOKEN`: the subject of a token that was signed here without an account, as `aufsicht token` prints
    /// them. `OPERATOR`: a command at the machine itself. `SYSTEM`: a connector or the service, of itself.
    ActorKind {
        ServiceAccount = "SERVICE_ACCOUNT",
        User = "USER",
        Token = "TOKEN",
        Operator = "OPERATOR",
        System = "SYSTEM",
    }
}

impl ActorKind {
    /// As it is told and kept.
    pub fn as_str(self) -> &'static str {
        Self::VALUES[self as usize]
    }
}

/// Somebody who acts. Two of them are the same only if all of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The kind.
    pub kind: ActorKind,
    /// The name, which others may bear too.
    pub name: String,
    /// The issuer of the token that vouches for the name; none where there was no token.
    pub issuer: Option<String>,
    /// The id of the service account, if it is one.
    pub client: Option<String>,
    /// The subject of the provider's token, where the name is another one: names can change hands.
    subject: Option<String>,
}

impl Identity {
    /// The subject of a token of the service's own: a service account where the token names one.
    pub fn of_own_token(name: String, issuer: &str, client: Option<String>) -> Self {
        let kind = if client.is_some() { ActorKind::ServiceAccount } else { ActorKind::Token };
        Identity { kind, name, issuer: Some(issuer.to_owned()), client, subject: None }
    }

    /// A subject of the external provider. What that calls a client is none of the service accounts.
    /// Its name in histories is `name` where there is one.
    pub fn of_provider(subject: String, name: Option<String>, issuer: &str) -> Self {
        let (kind, issuer) = (ActorKind::User, Some(issuer.to_owned()));
        let name = name.unwrap_or_else(|| subject.clone());
        Identity { kind, name, issuer, client: None, subject: Some(subject) }
    }

    /// The operator.
    pub fn operator() -> Self {
        Identity::command("operator")
    }

    /// A command at the machine itself that bears a name of its own.
    pub fn command(name: &str) -> Self {
        Identity { kind: ActorKind::Operator, name: name.to_owned(), issuer: None, client: None, subject: None }
    }

    /// A connector or the service, of itself.
    pub fn system(name: &str) -> Self {
        Identity { kind: ActorKind::System, name: name.to_owned(), issuer: None, client: None, subject: None }
    }

    /// A key that no other identity has. A digest, for what an issuer calls somebody can be an address.
    pub fn key(&self) -> String {
        let who = self.client.as_ref().or(self.subject.as_ref()).unwrap_or(&self.name);
        digest::of(&[self.kind.as_str(), &digest::optional(self.issuer.as_deref()), who])
    }
}

/// The digest of what is kept of an identity besides its name: its kind, and what vouches for it.
pub fn digest(kind: &str, kept: &[&Option<String>]) -> String {
    let kept: Vec<String> = kept.iter().map(|part| digest::optional(part.as_deref())).collect();
    let mut parts = vec![kind];
    parts.extend(kept.iter().map(String::as_str));
    digest::of(&parts)
}

#[cfg(test)]
mod tests {
    use crate::identity::*;

    #[test]
    fn no_two_identities_have_one_key() {
        let client = |id: &str| Identity::of_own_token("RF".into(), "aufsicht", Some(id.into()));
        let all = [
            client("1"),
            client("RF"),
            Identity::of_own_token("RF".into(), "aufsicht", None),
            Identity::of_own_token("RF".into(), "other", None),
            Identity::of_provider("RF".into(), None, "aufsicht"),
            Identity::of_provider("RF".into(), None, "https://provider.example"),
            Identity::of_provider("f3b1".into(), Some("RF".into()), "https://provider.example"),
            Identity::command("RF"),
            Identity::system("RF"),
        ];
        let keys: std::collections::BTreeSet<String> = all.iter().map(Identity::key).collect();
        assert_eq!(keys.len(), all.len());
    }
}
