// The settings of hey-api: types and functions over fetch, as modules that Node takes as they are.
export default {
  input: "../openapi.json",
  output: { path: "generated", module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
