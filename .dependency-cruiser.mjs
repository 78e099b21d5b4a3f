// Arrows point from machinery to knowledge, never back.
const rooms = "authorizer|components|plan|local|automation|cli|policy|tools|test|bench";
const only = (from, to, why) => ({
  name: `${from} imports ${to || "nothing of ours"} alone`,
  comment: why,
  severity: "error",
  from: { path: `^${from}/` },
  to: { path: `^(?:${rooms})/|^index\\.ts$`, pathNot: `^(?:${[from, to].filter(Boolean).join("|")})/` },
});
const never = (from, packages, why) => ({
  name: `${from} knows no ${packages}`,
  comment: why,
  severity: "error",
  from: { path: `^${from}/` },
  to: { path: `node_modules/(?:${packages})/` },
});

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no circles", severity: "error", from: {}, to: { circular: true } },
    only("authorizer/catalogue", "", "the catalogue is knowledge: whoever needs it imports it"),
    only("authorizer/policy", "authorizer/catalogue", "documents come from the catalogue"),
    only("authorizer", "", "every decision is pure and stands alone"),
    never("authorizer", "@pulumi|@aws-sdk", "a decision knows neither Pulumi nor the cloud"),
    only("components", "authorizer", "components declare resources and decide nothing"),
    only("plan", "authorizer", "the program is a black box in a folder"),
    only("local", "authorizer|plan", "the local run reads what is declared, not the program"),
    only("policy", "authorizer", "guard rails read what is declared"),
    only("automation", "authorizer|plan", "the service deploys the program as a black box in a folder"),
    only("cli", "authorizer|plan|local|automation", "commands put the rooms together"),
    {
      name: "plan, local and automation know no resource classes",
      severity: "error",
      from: { path: "^(?:plan|local|automation)/" },
      to: { path: "node_modules/@pulumi/(?:aws|awsx|random)/" },
    },
    {
      name: "index.ts is a table of contents",
      severity: "error",
      from: { path: "^index\\.ts$" },
      to: { path: `^(?:${rooms})/`, pathNot: "^components/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(?:\\.venv|\\.gatehouse|ui/dist[^/]*)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
