// The client that orval generates, against a running service: node client.js, with the token in TOKEN.
import { createCase, deleteCase, getCase, getServicesStatistics, listCases, updateCase } from "./generated/aufsicht.js";
import type { NewCase, Problem, Table } from "./generated/aufsicht.js";

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const Authorization = `Bearer ${process.env["TOKEN"]}`;
const signed = { headers: { Authorization } };

const asked: NewCase = { title: "Anfrage an orval", received_on: "2017-03-14", area: "IT" };
const created = await createCase(asked, {}, signed);
must(created.status === 201, `create: ${created.status}`);
const { id } = created.data;

const read = await getCase(id, undefined, {}, signed);
must(read.status === 200 && read.data.title === asked.title && read.data.area === "IT", "read");
const etag = read.headers.get("ETag");
must(etag === '"1"', `entity tag ${etag}`);

const patch = (tag: string, responsible: string) => updateCase(id, { responsible }, { "If-Match": tag }, signed);
const patched = await patch(etag, "RF");
must(patched.status === 200 && patched.data.revision === 2 && patched.data.responsible === "RF", "patch");
const stale = await patch(etag, "XY");
must(stale.status === 412, `stale patch: ${stale.status}`);
const problem: Problem = stale.data;
must(problem.type === "/problems/stale-revision" && problem.revision === 2, "typed problem");

const seen = new Set<string>();
let cursor: string | undefined;
do {
  const query = { year: [2017], limit: 200, ...(cursor === undefined ? {} : { cursor }) };
  const page = await listCases(query, {}, signed);
  must(page.status === 200, `list: ${page.status}`);
  page.data.items.forEach((record) => seen.add(record.id));
  cursor = page.data.next ?? undefined;
} while (cursor !== undefined);
must(seen.size > 250 && seen.has(id), `list by pages: ${seen.size}`);

const answer = await getServicesStatistics({ from: 2012, to: 2017, format: "json" }, {}, signed);
must(answer.status === 200, `statistics: ${answer.status}`);
// Where an answer has several formats, orval hands over a file.
const file: unknown = answer.data;
must(file instanceof Blob, "a file");
const table: Table = JSON.parse(await file.text());
must(table.lines.find((line) => line.code === "cases.total")?.values.length === 6, "statistics");

const gone = await deleteCase(id, { "If-Match": '"2"' }, signed);
must(gone.status === 204, `delete: ${gone.status}`);
console.log(`orval: created, read, patched, refused, listed ${seen.size}, counted, deleted`);
