import { ENDPOINTS } from "../../../authorizer/catalogue/index.ts";
import { DOORS } from "../../../authorizer/catalogue/types.ts";
import { examplePath } from "../../../plan/matrix.ts";
import { type Check, findings, reached, shown } from "../check.ts";
import { inParallel } from "../parallel.ts";

/** What is asked and changes nothing: a search is a POST, too. */
const HARMLESS = /:(?:read)$/;

/**
 * Every route as every persona at both doors. What is refused must be refused by the gateway; of what is allowed only reads are called, so that nothing
 * is changed. A hole is hit with ids that don't exist and an empty body, which MLflow answers with an error.
 */
export const PERSONAS: Check = {
  name: "personas",
  about: "each persona is let through to what the program declares, at both doors, and to nothing else",
  async run({ callers, expected, send }) {
    const { found, add } = findings(this.name);
    for (const door of DOORS) {
      for (const { caller, persona } of callers(door)) {
        let right = 0;
        await inParallel(ENDPOINTS, async (endpoint) => {
          const path = examplePath(endpoint);
          const allowed = expected.allows(door, persona, endpoint.method, path);
          if (allowed && !HARMLESS.test(String(endpoint.needs))) return;
          const answer = await send(door, caller, {
            method: endpoint.method,
            path,
            headers: [["content-type", "application/json"]],
            body: endpoint.method === "GET" ? "" : "{}",
          });
          const call = `${endpoint.method} ${endpoint.path}: ${shown(answer)}`;
          if (!allowed && (reached(answer) || answer.status !== 403))
            add("hole", door, caller, `${call}, must be refused`);
          else if (allowed && !reached(answer)) add("broken", door, caller, `${call}, must be let through`);
          else right++;
        });
        add("ok", door, caller, `${right} calls answered as declared`);
      }
      for (const { name } of expected.personas)
        if (!callers(door).some(({ persona }) => persona.name === name))
          found.push({
            check: this.name,
            door,
            persona: name,
            outcome: "skipped",
            said: `nobody is given who comes as ${name}`,
          });
    }
    return found;
  },
};
