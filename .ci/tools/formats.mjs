// Readers of the formats that run in Node: axe-core in Chromium for pages, jsonstat-toolkit for JSON-stat.
// usage: node formats.mjs BASE TOKEN
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import JSONstat from "jsonstat-toolkit";

const [base, token] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const headers = { Authorization: `Bearer ${token}` };
const faults = [];

// What the smallest letters of a drawing may measure.
const SMALLEST = 9;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const languages = ["de", "fr", "it", "en"];
const paths = languages.flatMap((lang) => [
  `/v1/reports/2017?lang=${lang}`, `/?lang=${lang}`, `/statistics?lang=${lang}`, `/publications?lang=${lang}`,
  `/data-collections?lang=${lang}`, `/data-collections?lang=${lang}&q=gesund&view=full`, `/nowhere?lang=${lang}`,
]);
let looked = 0;
for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ bypassCSP: true, viewport, colorScheme, extraHTTPHeaders: headers });
  for (const path of paths) {
    const page = await context.newPage();
    const answer = await page.goto(`${base}${path}`);
    const name = `${path} at ${width} px`;
    if (answer.ok() === path.startsWith("/nowhere")) faults.push(`${name}: ${answer.status()}`);
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    for (const { id, help, nodes } of violations) faults.push(`${name}: ${id}: ${help}: ${nodes[0].html}`);
    if (passes.length < 15) faults.push(`${name}: axe looked at ${passes.length} rules only`);
    const { over, small } = await page.evaluate((smallest) => {
      const letters = [...document.querySelectorAll("svg text")].filter((text) => text.getClientRects().length);
      const size = (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
      const root = document.documentElement;
      const outside = (text) => text.getBoundingClientRect().right > root.clientWidth + 1 || text.getBoundingClientRect().left < -1;
      return {
        over: root.scrollWidth > root.clientWidth || letters.some(outside),
        small: letters.filter((text) => size(text) < smallest).map((text) => `${text.textContent} ${size(text)}`),
      };
    }, SMALLEST);
    if (over) faults.push(`${name}: something is wider than the screen`);
    if (small.length) faults.push(`${name}: letters are too small: ${small[0]}`);
    if (path.startsWith("/v1/reports")) {
      const printed = await page.pdf({ format: "A4", preferCSSPageSize: true });
      if (!printed.subarray(0, 5).equals(Buffer.from("%PDF-"))) faults.push(`${name}: does not print`);
    }
    looked += 1;
    await page.close();
  }
  await context.close();
}
await browser.close();
console.log(`axe: ${looked} pages, nothing cut, no letters of drawings below ${SMALLEST} px`);

const get = async (path) => (await fetch(`${base}${path}`, { headers })).json();
const counts = await get("/v1/statistics/counts?by=year,area&register=cases");
const stat = JSONstat(await get("/v1/statistics/counts?by=year,area&register=cases&format=json-stat"));
for (const { year, area, count } of counts.items) {
  const { value } = stat.Data({ year: String(year), area: area ?? "NONE" });
  if (value !== count) faults.push(`JSON-stat: ${year} ${area}: ${value} is not ${count}`);
}
console.log(`JSON-stat: ${counts.items.length} counts`);

let cells = 0;
for (const name of ["services", "channels", "media-requests"]) {
  const path = `/v1/statistics/${name}?from=2012&to=2017`;
  const { lines, years } = await get(path);
  const table = JSONstat(await get(`${path}&format=json-stat`));
  for (const line of lines) {
    for (const [index, year] of years.entries()) {
      const { value } = table.Data({ line: line.code, year: String(year) });
      if (value !== line.values[index]) faults.push(`JSON-stat: ${line.code} ${year}: ${value} is not ${line.values[index]}`);
      cells += 1;
    }
    const label = table.Dimension("line").Category(line.code).label;
    if (label !== line.label) faults.push(`JSON-stat: ${line.code} is called ${label}`);
  }
}
console.log(`JSON-stat: ${cells} cells of tables`);

for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);
