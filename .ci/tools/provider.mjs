// An OpenID provider for tests, made of oidc-provider: a service account, a program for people without a secret, and keys
// that can be changed while it runs.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

// The audience of the service, another one, and a name of the service whose tokens live for a second only.
export const AUDIENCE = "https://aufsicht.example";
export const ELSEWHERE = "https://elsewhere.example";
export const BRIEF = "https://brief.example";
export const ACCOUNT = { id: "gever:dms", secret: "a secret with a / and a : in it, as long as it must be" };
export const PROGRAM = "browser";

const SCOPES = "register:read register:write statistics:read";

export function newKey() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "ES256" };
}

function settings(redirects, key) {
  return {
    clients: [
      {
        client_id: ACCOUNT.id,
        client_secret: ACCOUNT.secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: PROGRAM,
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: redirects,
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["a key for the cookies of tests"] },
    scopes: ["openid", ...SCOPES.split(" ")],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    clientBasedCORS: () => true,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    pkce: { required: () => true },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: SCOPES,
          audience: resource === BRIEF ? AUDIENCE : resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: resource === BRIEF ? 1 : 600,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  };
}

// A provider at a port that it keeps. Its audiences are those above, and `rotate` gives it another key and takes the former.
export async function provider(redirects) {
  const server = createServer((request, response) => answer(request, response));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let answer;
  const rotate = () => {
    answer = new Provider(issuer, settings(redirects, newKey())).callback();
  };
  rotate();
  return { issuer, rotate, close: () => server.close() };
}
