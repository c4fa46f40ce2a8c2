// The pages that people read, in Chromium: in each language, wide and on a phone, light and dark. axe-core finds nothing, no letter
// is too small, and nothing is cut. A picture of each lands in the folder.
// usage: node pages.mjs BASE TOKEN YEAR LANGUAGES FOLDER
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [base, token, year, languages, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const headers = { Authorization: `Bearer ${token}` };
const faults = [];
mkdirSync(folder, { recursive: true });

// What the smallest letters may measure.
const SMALLEST = 9;

// The pages by their names, and the status that each has.
const pages = (lang) => [
  ["report", `/v1/reports/${year}?lang=${lang}`, 200],
  ["start", `/?lang=${lang}`, 200],
  ["statistics", `/statistics?lang=${lang}`, 200],
  ["publications", `/publications?lang=${lang}`, 200],
  ["register", `/data-collections?lang=${lang}`, 200],
  ["search", `/data-collections?lang=${lang}&q=gesund&view=full`, 200],
  ["nowhere", `/nowhere?lang=${lang}`, 404],
  ["refused", `/data-collections?lang=${lang}&limit=0`, 400],
];

// What is wrong with the letters of a page: those that are too small, and those that lie outside of what is shown.
function misprints(smallest) {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const edge = document.documentElement.clientWidth + 1;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    // What only readers of the screen hear is not looked at.
    if (!text || !element.checkVisibility() || element.closest("style, title, desc, .hidden, .repeated, .skip")) continue;
    const svg = element.closest("svg");
    const size = parseFloat(getComputedStyle(element).fontSize) * (svg ? element.getScreenCTM().a : 1);
    if (size < smallest) found.push(`too small (${size.toFixed(1)} px): ${text}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = svg ? [element.getBoundingClientRect()] : [...range.getClientRects()];
    // What is scrolled is reached.
    if (!element.closest(".scroll") && rects.some(({ left, right }) => left < -1 || right > edge)) found.push(`outside: ${text}`);
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const clips = ["hidden", "clip"].includes(getComputedStyle(box).overflowX) && !(box instanceof SVGElement);
      if (clips && box.scrollWidth > box.clientWidth + 1) found.push(`cut: ${text}`);
    }
    if (svg) {
      const frame = svg.getBoundingClientRect();
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const inside = left >= frame.left - 1 && right <= frame.right + 1 && top >= frame.top - 1 && bottom <= frame.bottom + 1;
      if (!inside) found.push(`cut by its drawing: ${text}`);
    }
  }
  // The names of rows stay in sight while a table is scrolled.
  for (const scrolled of document.querySelectorAll(".scroll")) {
    const name = scrolled.querySelector("tbody th");
    if (!name || scrolled.scrollWidth <= scrolled.clientWidth) continue;
    for (const place of [0, scrolled.scrollWidth, -scrolled.scrollWidth]) {
      scrolled.scrollLeft = place;
      const { left, right } = name.getBoundingClientRect();
      if (left < -1 || right > edge) found.push(`out of sight: ${name.textContent}`);
    }
    scrolled.scrollLeft = 0;
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push("the page is wider than the screen");
  return [...new Set(found)];
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let looked = 0;
for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ bypassCSP: true, viewport, colorScheme, extraHTTPHeaders: headers });
  for (const lang of languages.split(",")) {
    for (const [name, path, status] of pages(lang)) {
      const page = await context.newPage();
      const answer = await page.goto(`${base}${path}`);
      const told = (what) => faults.push(`${path} at ${width} px: ${what}`);
      if (answer.status() !== status) told(`${answer.status()}`);
      if ((await page.locator("html").getAttribute("lang")) !== lang) told("is in another language");
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => window.axe.run());
      for (const { id, help, nodes } of violations) told(`${id}: ${help}: ${nodes[0].html}`);
      if (passes.length < 15) told(`axe looked at ${passes.length} rules only`);
      (await page.evaluate(misprints, SMALLEST)).forEach(told);
      await page.screenshot({ path: `${folder}/${name}-${lang}-${width}.png`, fullPage: true });
      if (name === "report" && width === 1280) {
        const printed = await page.pdf({ format: "A4", preferCSSPageSize: true });
        if (!printed.subarray(0, 5).equals(Buffer.from("%PDF-"))) told("does not print");
      }
      looked += 1;
      await page.close();
    }
  }
  await context.close();
}
await browser.close();
for (const fault of faults) console.error(fault);
if (faults.length) process.exit(1);
console.log(`${looked} pages: axe finds nothing, nothing is cut, no letter is below ${SMALLEST} px`);
