// The generated TypeScript client against a running service: node client.js BASE, with the token in TOKEN.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: process.argv[2] ?? "",
  headers: { Authorization: `Bearer ${process.env["TOKEN"]}` },
});

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

type NewCase = components["schemas"]["NewCase"];
const asked: NewCase = { title: "Anfrage aus TypeScript", received_on: "2017-03-14", area: "IT" };
const created = await client.POST("/v1/cases", { body: asked });
must(created.data !== undefined, "create");
const path = { id: created.data.id };

const read = await client.GET("/v1/cases/{id}", { params: { path } });
must(read.data?.title === asked.title && read.data.area === "IT", "read");
const etag = read.response.headers.get("ETag");
must(etag === '"1"', `entity tag ${etag}`);

const patch = (tag: string, responsible: string) =>
  client.PATCH("/v1/cases/{id}", {
    params: { path, header: { "If-Match": tag } },
    body: { responsible },
    headers: { "Content-Type": "application/merge-patch+json" },
  });
const patched = await patch(etag, "RF");
must(patched.data?.revision === 2 && patched.data.responsible === "RF", "patch");
const stale = await patch(etag, "XY");
must(stale.error !== undefined, "stale patch");
const problem: components["schemas"]["Problem"] = stale.error;
must(problem.type === "/problems/stale-revision" && problem.status === 412 && problem.revision === 2, "typed problem");

const seen = new Set<string>();
let cursor: string | undefined;
do {
  const query = { year: [2017], limit: 200, ...(cursor === undefined ? {} : { cursor }) };
  const page = await client.GET("/v1/cases", { params: { query } });
  must(page.data !== undefined, "list");
  page.data.items.forEach((record) => seen.add(record.id));
  cursor = page.data.next ?? undefined;
} while (cursor !== undefined);
must(seen.size > 250 && seen.has(path.id), `list by pages: ${seen.size}`);

const table = await client.GET("/v1/statistics/services", { params: { query: { from: 2012, to: 2017 } } });
const line = table.data?.lines.find((line) => line.code === "cases.total");
must(line?.values.length === 6, "statistics");

const gone = await client.DELETE("/v1/cases/{id}", { params: { path, header: { "If-Match": '"2"' } } });
must(gone.response.status === 204, "delete");
console.log(`TypeScript: created, read, patched, refused, listed ${seen.size}, counted, deleted`);
