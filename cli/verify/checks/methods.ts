import { DOORS } from "../../../authorizer/catalogue/types.ts";
import { type Check, findings, shown } from "../check.ts";

const PATH = {
  code: "/api/2.0/mlflow/registered-models/search?max_results=1",
  browser: "/ajax-api/2.0/mlflow/registered-models/search?max_results=1",
};
const HEADERS = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "_method"];
const METHODS_OF_NO_ROUTE = ["HEAD", "TRACE", "PROPFIND", "LOCK"];

/** A path that answers GET alone: whoever believes a header that says DELETE answers differently. */
export const METHODS: Check = {
  name: "methods",
  about: "the method is the one of the request line, whatever a header or parameter says",
  async run({ callers, send }) {
    const { found, add } = findings(this.name);
    for (const door of DOORS) {
      const [first] = callers(door);
      if (!first) {
        add("skipped", door, null, "nobody is given who comes here");
        continue;
      }
      const { caller } = first;
      const get = (more: string, headers: readonly (readonly [string, string])[] = []) =>
        send(door, caller, { method: "GET", path: `${PATH[door]}${more}`, headers });
      const plain = await get("");
      if (plain.status !== 200) {
        add("broken", door, caller, `GET ${PATH[door]}: ${shown(plain)}, must be let through`);
        continue;
      }
      const before = found.length;
      for (const method of ["DELETE", "POST", "PATCH"]) {
        for (const name of HEADERS) {
          const answer = await get("", [[name, method]]);
          if (answer.status !== 200) add("hole", door, caller, `GET with ${name}: ${method}: ${shown(answer)}`);
        }
        const answer = await get(`&_method=${method}`);
        if (answer.status !== 200) add("hole", door, caller, `GET with _method=${method}: ${shown(answer)}`);
      }
      for (const method of [...METHODS_OF_NO_ROUTE, ...(door === "code" ? ["OPTIONS"] : [])]) {
        // Cut off is as good as refused.
        const answer = await send(door, caller, { method, path: PATH[door] }).catch(() => undefined);
        if (answer && answer.status < 400) add("hole", door, caller, `${method}: ${shown(answer)}, must be refused`);
      }
      if (found.length === before) add("ok", door, caller, "no override changes the answer; other methods are refused");
    }
    return found;
  },
};
