import type { Plan } from "../../plan/plan.ts";
import { stringMap } from "../declared.ts";

const ALLOW_ORIGIN = /\.header\.access-control-allow-origin$/i;

/** The plan with the UI's declared origin replaced by the one that it has on this machine: in the MOCK's and the gateway's own responses. */
export function withUiOrigin(plan: Plan, origin: string): Plan {
  const resources = plan.resources.map((resource) => {
    const { responseParameters } = resource.inputs;
    if (!resource.type.startsWith("aws:apigateway/") || responseParameters === undefined) return resource;
    const entries = Object.entries(stringMap(responseParameters)).map(
      ([name, value]) => [name, ALLOW_ORIGIN.test(name) ? `'${origin}'` : value] as const,
    );
    // A method response only says which headers there are.
    if (!entries.length) return resource;
    return { ...resource, inputs: { ...resource.inputs, responseParameters: Object.fromEntries(entries) } };
  });
  return { ...plan, resources };
}
