import { endpointsOf } from "../../authorizer/catalogue/index.ts";
import { type Persona, SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { arnPath, mayCall } from "../../authorizer/policy/compile.ts";
import { list, type Statement } from "../../authorizer/policy/document.ts";
import { allows, titleOf } from "../documents.ts";
import { given, type Rule } from "../rule.ts";

/** Name of a managed policy of a persona: `gatehouse-<persona>-<part>`. */
const NAME = /^gatehouse-(.+)-\d+$/;

export const personaStaysInCatalogue: Rule = {
  name: "persona-stays-in-catalogue",
  description:
    "A persona's policies grant calls of the catalogue alone, and a shipped persona no more than it ships with.",
  remedy:
    "Let the program compile the document; settings narrow a shipped persona (`mayNot`) or make a new one (`may`).",
  types: ["aws:iam/policy:Policy"],
  check: ({ props }) => {
    const persona = NAME.exec(String(given(props, "name")))?.[1];
    if (props.path !== "/gatehouse/" || persona === undefined) return [];
    const known = callable(SHIPPED_PERSONAS.find(({ name }) => name === persona));
    return allows(given(props, "policy")).flatMap((statement) => beyond(statement, persona, known));
  },
};

/** Ends of the ARNs that a persona may hold; of one that a stack made, whatever the catalogue knows. */
function callable(persona: Persona | undefined): ReadonlySet<string> {
  const endpoints = endpointsOf("code").filter((endpoint) =>
    persona ? mayCall(persona, endpoint) : endpoint.needs !== null,
  );
  return new Set(endpoints.map(arnPath));
}

function beyond(statement: Statement, persona: string, known: ReadonlySet<string>): readonly string[] {
  const actions = list(statement.Action).filter((action) => action !== "execute-api:Invoke");
  const calls = list(statement.Resource)
    .map((arn) => ({ arn, path: /^arn:[^:]+:execute-api:[^:]+:\d{12}:[^/]+\/[^/]+\/(.*)$/.exec(arn)?.[1] }))
    .filter(({ path }) => path === undefined || !known.has(path));
  return [
    ...actions.map((action) => `${titleOf(statement)} grants ${persona} the action ${action}`),
    ...calls.map(({ arn, path }) => `it lets ${persona} call ${path ?? arn}, which its permissions don't hold`),
  ];
}
