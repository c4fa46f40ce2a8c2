//! Access tokens: the service's own, and those of an external provider.

use std::path::PathBuf;
use std::time::Duration;

use super::duration::duration;

/// The issuer where nobody names another.
pub const ISSUER: &str = "aufsicht";

/// The tokens of the service's own.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Access tokens")]
pub struct TokenSettings {
    /// Secret that signs and checks access tokens (HS256), 32 bytes or more. Without it: development mode, on loopback only
    #[arg(id = "JWT_SECRET", long = "jwt-secret", env = "AUFSICHT_JWT_SECRET", hide_env_values = true, global = true)]
    pub secret: Option<String>,

    /// File with the secret, instead of the setting above; a line for each: the first signs, all are accepted
    #[arg(id = "JWT_SECRET_FILE", long = "jwt-secret-file", env = "AUFSICHT_JWT_SECRET_FILE", global = true)]
    pub secret_file: Option<PathBuf>,

    /// File with private keys in PEM (PKCS #8: RSA, P-256 or Ed25519) that sign tokens in place of the secret: the first
    /// signs, all are accepted. It is read anew when it changes; the public keys are at /.well-known/jwks.json
    #[arg(id = "JWT_KEY_FILE", long = "jwt-key-file", env = "AUFSICHT_JWT_KEY_FILE", global = true)]
    pub key_file: Option<PathBuf>,

    /// Issuer (`iss`) that tokens carry and must carry
    #[arg(
        id = "JWT_ISSUER",
        long = "jwt-issuer",
        env = "AUFSICHT_JWT_ISSUER",
        default_value = ISSUER,
        global = true
    )]
    pub issuer: String,

    /// Audience (`aud`) that tokens carry and must carry
    #[arg(
        id = "JWT_AUDIENCE",
        long = "jwt-audience",
        env = "AUFSICHT_JWT_AUDIENCE",
        default_value = "aufsicht",
        global = true
    )]
    pub audience: String,
}

/// The external provider of tokens.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "OpenID provider")]
pub struct ProviderSettings {
    /// Issuer of an external OpenID provider whose tokens are taken too, as it stands in their `iss`
    #[arg(id = "OIDC_ISSUER", long = "oidc-issuer", env = "AUFSICHT_OIDC_ISSUER", global = true)]
    pub issuer: Option<String>,

    /// Audience that the provider's tokens must carry (default: that of our own)
    #[arg(id = "OIDC_AUDIENCE", long = "oidc-audience", env = "AUFSICHT_OIDC_AUDIENCE", global = true)]
    pub audience: Option<String>,

    /// Place of the provider's public keys: a URL, asked once a minute, or a file, which is followed; keys that cannot be
    /// read anew are believed for an hour (default: what its discovery document names)
    #[arg(id = "OIDC_JWKS", long = "oidc-jwks", env = "AUFSICHT_OIDC_JWKS", global = true)]
    pub jwks: Option<String>,

    /// Claims of the provider's tokens that scopes follow from, separated by commas: each by its name, or by its path, as in
    /// realm_access.roles; it holds words, a text or a list of texts
    #[arg(
        id = "OIDC_SCOPE_CLAIM",
        long = "oidc-scope-claim",
        env = "AUFSICHT_OIDC_SCOPE_CLAIM",
        default_value = "scope",
        value_delimiter = ',',
        global = true
    )]
    pub scope_claims: Vec<String>,

    /// Scopes that a value of these claims allows, as value=scope scope, or claim:value=scope scope for one of the claims,
    /// separated by commas (default: scopes of the same name)
    #[arg(
        id = "OIDC_SCOPES",
        long = "oidc-scopes",
        env = "AUFSICHT_OIDC_SCOPES",
        value_delimiter = ',',
        global = true
    )]
    pub scopes: Vec<String>,

    /// Claim of the provider's tokens with the name that stands in histories and logs, such as preferred_username; `sub`
    /// where a token has none. Limits and repeated requests go by `sub` all the same
    #[arg(
        id = "OIDC_NAME_CLAIM",
        long = "oidc-name-claim",
        env = "AUFSICHT_OIDC_NAME_CLAIM",
        default_value = "sub",
        global = true
    )]
    pub name_claim: String,

    /// Claim of the provider's tokens with the registers that they are bound to, in words or a list; `*` stands for all,
    /// and who has no such claim is bound to none (default: nobody is bound)
    #[arg(
        id = "OIDC_REGISTERS_CLAIM",
        long = "oidc-registers-claim",
        env = "AUFSICHT_OIDC_REGISTERS_CLAIM",
        global = true
    )]
    pub registers_claim: Option<String>,

    /// Type that the provider's tokens must name in their header: at+jwt, where it tells access tokens from others so (RFC
    /// 9068) (default: any that access tokens have)
    #[arg(id = "OIDC_TOKEN_TYPE", long = "oidc-token-type", env = "AUFSICHT_OIDC_TOKEN_TYPE", value_parser = ["at+jwt", "JWT"], global = true)]
    pub token_type: Option<String>,

    /// Longest time that the clocks of provider and service may differ, e.g. 30s
    #[arg(id = "OIDC_LEEWAY", long = "oidc-leeway", env = "AUFSICHT_OIDC_LEEWAY", default_value = "5s", value_parser = leeway, global = true)]
    pub leeway: Duration,
}

/// Reads how far clocks may differ: more than some minutes is no difference of clocks.
fn leeway(text: &str) -> std::result::Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(300);
    let leeway = duration(text)?;
    if leeway > MOST { Err(format!("\"{text}\" is more than 5 minutes (5m)")) } else { Ok(leeway) }
}
