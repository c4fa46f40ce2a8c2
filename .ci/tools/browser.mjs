// Swagger UI as a person uses it: node browser.mjs BASE CHROMIUM DIRECTORY, with the token in TOKEN.
import { chromium } from "playwright-core";

const [base, executablePath, directory] = process.argv.slice(2);
const complaints = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
page.on("request", (request) => {
  const { protocol, origin } = new URL(request.url());
  if (origin !== base && !["data:", "blob:"].includes(protocol)) complaints.push(`foreign host: ${request.url()}`);
});
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
});
page.on("pageerror", (error) => complaints.push(`page: ${error}`));
const picture = (name) => page.screenshot({ path: `${directory}/${name}.png` });

await page.goto(`${base}/?lang=en`);
await page.locator("svg.wide").waitFor();
await picture("start");
await page.getByRole("link", { name: "Try the API" }).click();
await page.locator("#operations-tag-cases").waitFor({ timeout: 60_000 });
if (await page.locator(".opblock-tag-section .opblock").count()) complaints.push("operations are open before anybody asks for them");
await page.locator(".operation-filter-input").fill("media");
await page.locator("#operations-tag-media-requests").waitFor();
if (await page.locator("#operations-tag-cases").count()) complaints.push("the filter finds what it should not");
await page.locator(".operation-filter-input").fill("");
await picture("swagger-ui");

await page.locator("button.authorize").first().click();
const bearer = page.locator(".auth-container").filter({ hasText: "bearer (http, Bearer)" });
await bearer.locator("input").fill(process.env.TOKEN);
await bearer.getByRole("button", { name: "Apply credentials" }).click();
await picture("authorised");
await page.locator(".dialog-ux .close-modal").click();

for (const [tag, operation, status] of [
  ["cases", "list_cases", "200"],
  ["cases", "create_case", "201"],
  ["statistics", "get_services_statistics", "200"],
]) {
  const block = page.locator(`#operations-${tag}-${operation}`);
  if (!(await block.count())) await page.locator(`#operations-tag-${tag}`).click();
  await block.waitFor();
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table .response .response-col_status").first();
  await answer.waitFor({ timeout: 30_000 });
  const given = (await answer.innerText()).trim().split(/\s/)[0];
  if (given !== status) complaints.push(`${operation}: ${given}, not ${status}: ${await block.locator(".live-responses-table").innerText()}`);
  await block.locator(".live-responses-table").scrollIntoViewIfNeeded();
  await picture(operation);
  console.log(`${operation}: ${given}`);
  await block.locator(".opblock-summary-control").click();
}
await browser.close();
if (complaints.length) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
console.log("no foreign host, no error in the console");
