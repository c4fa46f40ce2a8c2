//! The claims of an external provider's token: their places differ from provider to provider, and so do their forms.

use serde_json::Value;

use super::Scope;
use crate::config::ProviderSettings;
use crate::error::{Error, Result};
use crate::registers;

/// Stands for all registers.
const ALL: &str = "*";

/// The scopes that a value allows, in one of the claims or in all of them.
struct Rule {
    claim: Option<String>,
    value: String,
    scopes: Vec<Scope>,
}

/// The places of claims, and what they allow here.
pub struct ClaimRules {
    scope_claims: Vec<String>,
    rules: Vec<Rule>,
    name_claim: String,
    registers_claim: Option<String>,
}

/// The claim of that name: literally, as addresses and names with dots are, or by a path that leads inward.
fn find<'v>(claims: &'v Value, name: &str) -> Option<&'v Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut inward = name.match_indices('.').map(|(dot, _)| (&name[..dot], &name[dot + 1..]));
    inward.find_map(|(outer, rest)| find(claims.get(outer)?, rest))
}

/// The values of a claim: the elements of a list; of a text the whole of it, which can be one name with blanks, and its
/// words.
fn values(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(text)) => {
            let words = text.split_ascii_whitespace().filter(|word| *word != text);
            std::iter::once(text.as_str()).chain(words).collect()
        }
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

impl ClaimRules {
    /// The rules of the settings.
    pub fn of(settings: &ProviderSettings) -> Result<ClaimRules> {
        let claims = &settings.scope_claims;
        Ok(ClaimRules {
            scope_claims: claims.clone(),
            rules: settings.scopes.iter().map(|entry| Rule::read(entry, claims)).collect::<Result<_>>()?,
            name_claim: settings.name_claim.clone(),
            registers_claim: settings.registers_claim.clone(),
        })
    }

    /// The scopes that the claims of a token give here.
    pub fn scopes(&self, claims: &Value) -> Vec<Scope> {
        let of_claim = |name: &String| -> Vec<Scope> {
            let values = values(find(claims, name));
            let mut rules = self.rules.iter().filter(|rule| rule.claim.as_ref().is_none_or(|of| of == name)).peekable();
            if rules.peek().is_none() {
                return values.into_iter().filter_map(Scope::parse).collect();
            }
            let allowed = rules.filter(|rule| values.contains(&rule.value.as_str()));
            allowed.flat_map(|rule| rule.scopes.clone()).collect()
        };
        let mut all: Vec<Scope> = Vec::new();
        for scope in self.scope_claims.iter().flat_map(of_claim) {
            if !all.contains(&scope) {
                all.push(scope);
            }
        }
        all
    }

    /// The name that stands in histories and logs, where the token has one besides its subject.
    pub fn name<'v>(&self, claims: &'v Value) -> Option<&'v str> {
        find(claims, &self.name_claim)?.as_str()
    }

    /// The registers that a token is bound to; none for all of them.
    pub fn registers(&self, claims: &Value) -> Option<Vec<String>> {
        let named = values(find(claims, self.registers_claim.as_ref()?));
        let known = named.iter().filter(|name| registers::find(name).is_some()).map(|name| (*name).to_owned());
        (!named.contains(&ALL)).then(|| known.collect())
    }
}

impl Rule {
    /// Reads `value=scope scope` or `claim:value=scope scope`.
    fn read(entry: &str, claims: &[String]) -> Result<Rule> {
        let refused = || {
            Error::Configuration(format!(
                "AUFSICHT_OIDC_SCOPES: \"{entry}\" must be value=scope, or claim:value=scope, with several scopes apart by \
                 spaces"
            ))
        };
        // Names of scopes have no equals sign, and values can.
        let (value, scopes) = entry.rsplit_once('=').ok_or_else(refused)?;
        let scopes: Option<Vec<Scope>> = scopes.split_ascii_whitespace().map(Scope::parse).collect();
        let of_claim = |claim: &String| Some((claim.clone(), value.trim().strip_prefix(claim)?.strip_prefix(':')?));
        let (claim, value) = match claims.iter().find_map(of_claim) {
            Some((claim, value)) => (Some(claim), value),
            None => (None, value.trim()),
        };
        let scopes = scopes.filter(|scopes| !scopes.is_empty() && !value.is_empty()).ok_or_else(refused)?;
        Ok(Rule { claim, value: value.to_owned(), scopes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(claims: &[&str], scopes: &[&str]) -> ClaimRules {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let claims = texts(claims);
        let rules = scopes.iter().map(|entry| Rule::read(entry, &claims).unwrap()).collect();
        let registers_claim = Some("registers".into());
        ClaimRules { scope_claims: claims, rules, name_claim: "preferred_username".into(), registers_claim }
    }

    #[test]
    fn claims_are_found_by_their_names_and_by_paths() {
        const ADFS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
        for (name, claims) in [
            (ADFS, json!({ADFS: "register:read"})),
            ("https://aufsicht.example/roles", json!({"https://aufsicht.example/roles": ["register:read"]})),
            ("realm_access.roles", json!({"realm_access": {"roles": ["register:read"]}})),
            (
                "resource_access.aufsicht.example.ch.roles",
                json!({"resource_access": {"aufsicht.example.ch": {"roles": ["register:read"]}}}),
            ),
        ] {
            assert_eq!(rules(&[name], &[]).scopes(&claims), [Scope::RegisterRead], "{name}");
            assert_eq!(rules(&[name], &[]).scopes(&json!({"scope": "register:read"})), [], "{name}");
        }
    }

    #[test]
    fn a_role_with_blanks_is_one_as_text_and_in_a_list() {
        let rules = rules(&["role"], &["DSB Lesen=register:read statistics:read"]);
        for role in [json!("DSB Lesen"), json!(["Andere", "DSB Lesen"])] {
            assert_eq!(rules.scopes(&json!({"role": role})), [Scope::RegisterRead, Scope::StatisticsRead]);
        }
        for role in [json!("Lesen"), json!("DSB Lesen Andere"), json!(1), json!(null)] {
            assert_eq!(rules.scopes(&json!({"role": role})), [], "{role}");
        }
    }

    #[test]
    fn each_claim_can_have_rules_of_its_own() {
        let rules = rules(&["roles", "scp"], &["roles:Admin=admin", "scp:Admin=register:read"]);
        assert_eq!(rules.scopes(&json!({"roles": ["Admin"]})), [Scope::Admin]);
        assert_eq!(rules.scopes(&json!({"scp": "openid Admin"})), [Scope::RegisterRead]);
        assert_eq!(rules.scopes(&json!({"scp": "Admin", "roles": "Admin"})), [Scope::Admin, Scope::RegisterRead]);
        assert!(Rule::read("Admin=", &[]).is_err() && Rule::read("=admin", &[]).is_err());
    }

    #[test]
    fn who_is_bound_to_no_register_has_none() {
        let rules = rules(&["scope"], &[]);
        for (claim, right) in [
            (json!(["cases", "nonsense"]), Some(vec!["cases".to_owned()])),
            (json!("cases events"), Some(vec!["cases".to_owned(), "events".to_owned()])),
            (json!(null), Some(vec![])),
            (json!("*"), None),
        ] {
            assert_eq!(rules.registers(&json!({"registers": claim})), right, "{claim}");
        }
    }
}
