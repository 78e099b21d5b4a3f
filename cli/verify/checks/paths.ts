import { DOORS } from "../../../authorizer/catalogue/types.ts";
import { type Check, findings, shown } from "../check.ts";

const READ = { code: "/api/2.0/mlflow/experiments/search", browser: "/ajax-api/2.0/mlflow/experiments/search" };
const WRITE = { code: "/api/2.0/mlflow/experiments/create", browser: "/ajax-api/2.0/mlflow/experiments/create" };

/** Spellings of a path that some server between a client and MLflow takes for the plain one. */
export function spellings(path: string): readonly string[] {
  const [, surface = "", ...rest] = path.split("/");
  const tail = rest.join("/");
  const last = path.slice(path.lastIndexOf("/") + 1);
  const front = path.slice(0, path.lastIndexOf("/"));
  const hex = (char: string, upper = true) => {
    const code = char.charCodeAt(0).toString(16).padStart(2, "0");
    return `%${upper ? code.toUpperCase() : code}`;
  };
  return [
    `/${path}`,
    `//${path}`,
    `/${surface}//${tail}`,
    `${front}//${last}`,
    `${path}/`,
    `/.${path}`,
    `/${surface}/./${tail}`,
    `/x/..${path}`,
    `${front}/x/../${last}`,
    `${front}/x/%2E%2E/${last}`,
    `${front}/x/%2e%2e/${last}`,
    `/${surface}%2F${tail}`,
    `/${surface}%2f${tail}`,
    `${front}%2F${last}`,
    `${front}%5C${last}`,
    `${front}\\${last}`,
    `${front}/${hex(last[0] ?? "")}${last.slice(1)}`,
    `${front}/%25${hex(last[0] ?? "").slice(1)}${last.slice(1)}`,
    `/${hex(surface[0] ?? "", false)}${surface.slice(1)}/${tail}`,
    `${path}%00`,
    `${path}%20`,
    `${path}%0A`,
    `${path};a=b`,
    `${front};a=b/${last}`,
    `/${surface.toUpperCase()}/${tail}`,
    `${path}%3Fx=1`,
    `${path}%23`,
    `${path}.`,
    `${path}.json`,
  ];
}

/** Odd spellings of what a caller may do, and of what he may not. */
export const PATHS: Check = {
  name: "paths",
  about: "only the plain spelling of a path is served: no `//`, dots, encodings, or a stage too many",
  async run({ one, send, target }) {
    const { found, add } = findings(this.name);
    for (const door of DOORS) {
      const caller = one(door, "POST", WRITE[door], false);
      if (!caller) {
        add("skipped", door, null, "nobody is given who reads and doesn't write");
        continue;
      }
      const plain = await send(door, caller, asked(`${READ[door]}?max_results=1`, "GET"));
      if (plain.status !== 200) add("broken", door, caller, `GET ${READ[door]}: ${shown(plain)}, must be let through`);
      let tried = 0;
      const attempt = async (path: string, method: string, base?: string) => {
        tried++;
        // A client or server that can't send or read it has refused it.
        const answer = await send(door, caller, { ...asked(path, method), ...(base ? { base } : {}) }).catch(
          () => undefined,
        );
        if (!answer) return;
        const where = base === undefined ? path : `${base}${path}`;
        if (answer.status < 400) add("hole", door, caller, `${method} ${where}: ${shown(answer)}, must be refused`);
        else if (method === "POST" && understood(answer.body))
          add("hole", door, caller, `${method} ${where}: MLflow takes it for the plain path`);
        else if (answer.status >= 500) add("broken", door, caller, `${method} ${where}: ${shown(answer)}`);
      };
      for (const path of spellings(READ[door])) await attempt(`${path}?max_results=1`, "GET");
      for (const path of spellings(WRITE[door])) await attempt(path, "POST");
      const { origin, pathname } = new URL(target.urls[door]);
      for (const prefix of stagePrefixes(pathname))
        for (const [path, method] of [
          [`${READ[door]}?max_results=1`, "GET"],
          [WRITE[door], "POST"],
        ] as const)
          await attempt(path, method, `${origin}${prefix}`);
      if (!found.some((each) => each.door === door && each.outcome === "hole"))
        add("ok", door, caller, `${tried} spellings are refused`);
    }
    return found;
  },
};

/** Paths before the API's own that are not its stage: none, twice the stage, one slash too many, another, another case. */
export function stagePrefixes(stage: string): readonly string[] {
  const plain = stage.replace(/\/$/, "");
  return ["", `${plain}${plain}`, `/${plain}`, "/test", plain.toUpperCase()].filter((prefix) => prefix !== plain);
}

/** MLflow answered as the handler of `experiments/create`, which misses the name. */
function understood(body: string): boolean {
  return /Missing value for required parameter 'name'|"error_code":\s*"INVALID_PARAMETER_VALUE"/.test(body);
}

function asked(path: string, method: string) {
  return {
    method,
    path,
    ...(method === "POST" ? { headers: [["content-type", "application/json"]] as const, body: "{}" } : {}),
  };
}
