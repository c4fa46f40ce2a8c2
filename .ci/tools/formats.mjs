// Readers of the formats that run in Node: jsonstat-toolkit for JSON-stat.
// usage: node formats.mjs BASE TOKEN
import JSONstat from "jsonstat-toolkit";

const [base, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const faults = [];

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
