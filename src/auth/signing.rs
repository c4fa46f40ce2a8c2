//! The keys that the service signs its own access tokens with: secrets (HS256), and private keys from a file, whose
//! public halves anybody may have. They follow their files, so that they rotate without a restart.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{Config, Secrets};
use crate::error::{Error, Result};

/// The shortest RSA key that is taken, in bytes of its modulus.
const RSA_BYTES: usize = 2048 / 8;

/// A key that tokens are checked with.
pub struct VerificationKey {
    /// Its id; a secret has none.
    pub id: Option<String>,
    /// The one algorithm that it is for.
    pub algorithm: Algorithm,
    /// The key.
    pub key: DecodingKey,
}

/// Public keys as they are published (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct PublicKeys {
    /// The keys.
    #[schema(value_type = Vec<Object>)]
    pub keys: Vec<Jwk>,
}

/// The service's own keys.
pub struct SigningKey {
    header: Header,
    key: EncodingKey,
    /// All keys whose tokens are taken.
    pub accepted: Vec<VerificationKey>,
    /// The public keys as they are published (RFC 7517).
    pub published: PublicKeys,
}

impl SigningKey {
    /// The keys of the settings: the first one of the file of private keys signs, or else the first secret.
    pub fn read(config: &Config) -> Result<Self> {
        let Secrets { signing, former, .. } = config.secrets()?;
        let mut own = SigningKey {
            header: Header::new(Algorithm::HS256),
            key: EncodingKey::from_secret(signing.as_bytes()),
            accepted: std::iter::once(&signing).chain(&former).map(|secret| of_secret(secret)).collect(),
            published: PublicKeys { keys: Vec::new() },
        };
        let Some(file) = &config.tokens.key_file else {
            return Ok(own);
        };
        let failed = |why: &str| Error::Configuration(format!("AUFSICHT_JWT_KEY_FILE: {}: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| failed(&format!("cannot be read: {error}")))?;
        let keys = blocks(&text).map(private_key).collect::<Option<Vec<_>>>();
        let keys = keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
            failed("must hold private keys in PEM (PKCS #8): RSA of 2048 bits or more, P-256, or Ed25519")
        })?;
        for (place, (algorithm, key, jwk)) in keys.into_iter().enumerate() {
            let checking = checking(&jwk).ok_or_else(|| failed("has a key that cannot be used"))?;
            if place == 0 {
                own.header = Header::new(algorithm);
                own.header.kid.clone_from(&checking.id);
                own.key = key;
            }
            own.accepted.push(checking);
            own.published.keys.push(jwk);
        }
        Ok(own)
    }

    /// Signs claims.
    pub fn sign(&self, claims: &impl serde::Serialize) -> Result<String> {
        jsonwebtoken::encode(&self.header, claims, &self.key)
            .map_err(|error| Error::Internal(format!("cannot sign a token: {error}")))
    }
}

fn of_secret(secret: &str) -> VerificationKey {
    VerificationKey { id: None, algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret.as_bytes()) }
}

/// The PEM blocks of a text.
fn blocks(text: &str) -> impl Iterator<Item = String> {
    text.split_inclusive("-----END PRIVATE KEY-----").filter_map(|part| {
        let begin = part.find("-----BEGIN")?;
        Some(part[begin..].to_owned())
    })
}

/// A private key with its algorithm and its public half, named by its thumbprint (RFC 7638).
fn private_key(pem: String) -> Option<(Algorithm, EncodingKey, Jwk)> {
    let pem = pem.as_bytes();
    let (algorithm, key) = EncodingKey::from_rsa_pem(pem)
        .map(|key| (Algorithm::RS256, key))
        .or_else(|_| EncodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
        .or_else(|_| EncodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key)))
        .ok()?;
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).ok()?;
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).ok()?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Some((algorithm, key, jwk))
}

/// Returns the verification key of a published key: RS256, ES256 or EdDSA, by its kind. `None` for all others, also for
/// secrets, for encryption, and for RSA keys that are too short.
pub fn checking(jwk: &Jwk) -> Option<VerificationKey> {
    use jsonwebtoken::jwk::{EllipticCurve, KeyAlgorithm};
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            use base64::Engine;
            let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            let length = modulus.iter().skip_while(|byte| **byte == 0).count();
            (length >= RSA_BYTES).then_some((Algorithm::RS256, KeyAlgorithm::RS256))?
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let fits = jwk.common.key_algorithm.is_none_or(|given| given == name);
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| for_signatures && fits)?;
    Some(VerificationKey { id: jwk.common.key_id.clone(), algorithm, key })
}
