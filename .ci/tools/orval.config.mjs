// The settings of orval: one file of functions over fetch, which ask the service at BASE.
export default {
  aufsicht: {
    input: "../openapi.json",
    output: {
      target: "generated/aufsicht.ts",
      client: "fetch",
      mode: "single",
      headers: true,
      baseUrl: process.env.BASE,
      // Its usual suffix is that of the enumerations of parameters.
      override: { components: { parameters: { suffix: "Argument" } } },
    },
  },
};
