// The client that hey-api generates, against a running service: node client.js BASE, with the token in TOKEN.
import { client } from "./generated/client.gen.js";
import { createCase, deleteCase, getCase, getServicesStatistics, listCases, updateCase } from "./generated/index.js";
import type { Case, NewCase, Problem, Table } from "./generated/index.js";

client.setConfig({ baseUrl: process.argv[2] ?? "", auth: () => process.env["TOKEN"] ?? "" });

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const asked: NewCase = { title: "Anfrage an hey-api", received_on: "2017-03-14", area: "IT" };
const created = await createCase({ body: asked });
must(created.data !== undefined, "create");
const path = { id: created.data.id };

const read = await getCase({ path });
const record: Case | undefined = read.data;
must(record?.title === asked.title && record.area === "IT", "read");
const etag = read.response?.headers.get("ETag");
must(etag === '"1"', `entity tag ${etag}`);

const patch = (tag: string, responsible: string) =>
  updateCase({ path, headers: { "If-Match": tag }, body: { responsible } });
const patched = await patch(etag, "RF");
must(patched.data?.revision === 2 && patched.data.responsible === "RF", "patch");
const stale = await patch(etag, "XY");
must(stale.error !== undefined, "stale patch");
const problem: Problem = stale.error;
must(problem.type === "/problems/stale-revision" && problem.status === 412 && problem.revision === 2, "typed problem");

const seen = new Set<string>();
let cursor: string | undefined;
do {
  const page = await listCases({ query: { year: [2017], limit: 200, ...(cursor === undefined ? {} : { cursor }) } });
  must(page.data !== undefined, "list");
  page.data.items.forEach((record) => seen.add(record.id));
  cursor = page.data.next ?? undefined;
} while (cursor !== undefined);
must(seen.size > 250 && seen.has(path.id), `list by pages: ${seen.size}`);

const answer = await getServicesStatistics({ query: { from: 2012, to: 2017, format: "json" } });
const table = answer.data as Table | undefined;
const line = table?.lines.find((line) => line.code === "cases.total");
must(line?.values.length === 6, "statistics");

const gone = await deleteCase({ path, headers: { "If-Match": '"2"' } });
must(gone.response?.status === 204, "delete");
console.log(`hey-api: created, read, patched, refused, listed ${seen.size}, counted, deleted`);
