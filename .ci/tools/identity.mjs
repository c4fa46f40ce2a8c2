// The service with a real OpenID provider: node identity.mjs BINARY CHROMIUM DIRECTORY.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as openid from "openid-client";
import { chromium } from "playwright-core";
import { ACCOUNT, AUDIENCE, BRIEF, ELSEWHERE, PROGRAM, provider } from "./provider.mjs";

const [binary, executablePath, pictures] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "identity-"));

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// A port that is free; the provider must know where the service will be before it starts.
async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

const base = `http://127.0.0.1:${await freePort()}`;
const home = `${base}/health/live`;
const at = await provider([home, `${base}/swagger-ui/oauth2-redirect.html`]);

const service = spawn(resolve(binary), ["serve"], {
  cwd: directory,
  env: {
    PATH: process.env.PATH,
    AUFSICHT_LISTEN: new URL(base).host,
    AUFSICHT_OIDC_ISSUER: at.issuer,
    AUFSICHT_OIDC_AUDIENCE: AUDIENCE,
    AUFSICHT_OIDC_LEEWAY: "1s",
  },
});
const told = [];
service.stdout.on("data", (text) => told.push(text));
service.stderr.on("data", (text) => told.push(text));
const log = () => told.join("");

// The status that a list is answered with.
async function status(token) {
  const answer = await fetch(`${base}/v1/cases`, { headers: { Authorization: `Bearer ${token}` } });
  return answer.status;
}

// Waits for a refusal in the log, which alone tells the reason.
async function refused(token, reason) {
  const before = log().length;
  must((await status(token)) === 401, `taken, but: ${reason}`);
  await pause(100);
  const line = log().slice(before).split("\n").find((line) => line.includes("a token is refused"));
  must(line?.includes(reason), `the log says: ${line}`);
}

async function byServiceAccount() {
  const authentication = openid.ClientSecretBasic(ACCOUNT.secret);
  const insecure = { execute: [openid.allowInsecureRequests] };
  const account = await openid.discovery(new URL(at.issuer), ACCOUNT.id, {}, authentication, insecure);
  return async (resource, scope = "register:read") =>
    (await openid.clientCredentialsGrant(account, { scope, resource })).access_token;
}

// Logs in as a person does: name and password, then what the program asks for.
async function logIn(page) {
  await page.locator("input[name=login]").fill("ruth.frei");
  await page.locator("input[name=password]").fill("anything");
  await page.locator("button[type=submit]").click();
  await page.locator("button[type=submit]", { hasText: "Continue" }).click();
}

async function byPerson(browser) {
  const insecure = { execute: [openid.allowInsecureRequests] };
  const program = await openid.discovery(new URL(at.issuer), PROGRAM, {}, openid.None(), insecure);
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const address = openid.buildAuthorizationUrl(program, {
    redirect_uri: home,
    scope: "openid register:read",
    resource: AUDIENCE,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const page = await (await browser.newContext()).newPage();
  await page.goto(address.href);
  await logIn(page);
  await page.waitForURL(`${home}?**`);
  const tokens = await openid.authorizationCodeGrant(program, new URL(page.url()), { pkceCodeVerifier });
  must((await status(tokens.access_token)) === 200, "a person's token");
  must((await status(tokens.id_token)) === 401, "the token that says who somebody is gives no access");
}

// Swagger UI finds the provider in the document, sends people there and brings their token back.
async function bySwaggerUi(browser) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 } })).newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`${error}`));
  await page.goto(`${base}/swagger-ui/`);
  await page.locator("button.authorize").first().click();
  const offered = page.locator(".auth-container").filter({ hasText: "provider (OAuth2, authorization_code with PKCE)" });
  await offered.locator("input[data-name=clientId]").fill(PROGRAM);
  for (const scope of ["register:read", "register:write"]) {
    await offered.locator(`label[for^="${scope}-"]`).click();
  }
  await page.screenshot({ path: `${pictures}/provider.png` });
  const opened = page.waitForEvent("popup");
  await offered.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  const popup = await opened;
  const closed = popup.waitForEvent("close");
  await logIn(popup);
  await closed;
  await offered.getByRole("button", { name: "Remove authorization" }).waitFor();
  await page.screenshot({ path: `${pictures}/provider-authorised.png` });
  await page.locator(".dialog-ux .close-modal").click();
  await page.locator("#operations-tag-cases").click();
  const block = page.locator("#operations-cases-list_cases");
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table .response .response-col_status").first();
  await answer.waitFor({ timeout: 30_000 });
  must((await answer.innerText()).trim().startsWith("200"), await block.locator(".live-responses-table").innerText());
  await page.screenshot({ path: `${pictures}/provider-list.png` });
  must(complaints.length === 0, complaints.join("\n"));
}

// The provider changes its key: the new one counts as soon as a token names it, and the former for a minute more at most.
async function rotated(token) {
  const former = await token(AUDIENCE);
  must((await status(former)) === 200, "the former key");
  at.rotate();
  must((await status(await token(AUDIENCE))) === 200, "the new key is taken at once");
  const begun = Date.now();
  while ((await status(former)) !== 401) {
    must(Date.now() - begun < 75_000, "the former key is withdrawn after a minute");
    await pause(1000);
  }
  return Math.round((Date.now() - begun) / 1000);
}

async function all(browser) {
  for (let tries = 0; !log().includes("listens on"); tries++) {
    must(tries < 300 && service.exitCode === null, log());
    await pause(100);
  }
  const token = await byServiceAccount();
  must((await status(await token(AUDIENCE))) === 200, "a service account's token");
  must((await status(await token(AUDIENCE, "statistics:read"))) === 403, "a scope that is not enough");
  await refused(await token(ELSEWHERE), "its aud is not");
  const brief = await token(BRIEF);
  await pause(3000);
  await refused(brief, "it expired");
  console.log("openid-client, service account: taken; another audience, too few scopes, expired: refused");
  await byPerson(browser);
  console.log("openid-client, authorization code with PKCE in Chromium: taken; the ID token: refused");
  await bySwaggerUi(browser);
  console.log("Swagger UI: logged in at the provider with PKCE, list_cases 200, nothing in the console");
  console.log(`another key of the provider: taken at once, the former refused after ${await rotated(token)} s`);
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  await all(browser);
} catch (error) {
  console.error(log());
  throw error;
} finally {
  await browser.close();
  service.kill();
  at.close();
  rmSync(directory, { recursive: true, force: true });
}
