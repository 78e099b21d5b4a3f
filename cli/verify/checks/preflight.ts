import { type Check, findings, shown } from "../check.ts";

const PATH = "/ajax-api/2.0/mlflow/runs/create";
const FOREIGN = "https://evil.example";

/** The one method without login, and what a page of another origin may read. */
export const PREFLIGHT: Check = {
  name: "preflight",
  about: "the browser door tells the UI's origin that it may call, and no other; the code door tells nobody",
  async run({ target, send }) {
    const { found, add } = findings(this.name);
    const { origin } = target;
    const preflight = (from: string, door: "code" | "browser" = "browser") =>
      send(door, null, {
        method: "OPTIONS",
        path: door === "code" ? PATH.replace("/ajax-api", "/api") : PATH,
        headers: [
          ["origin", from],
          ["access-control-request-method", "POST"],
          ["access-control-request-headers", "authorization,content-type,x-mlflow-workspace"],
        ],
      });
    if (origin === null) add("skipped", "browser", null, "the stack has no origin of a UI");
    else {
      const answer = await preflight(origin);
      const allowed = (answer.headers["access-control-allow-headers"] ?? "").toLowerCase().split(",");
      const missing = ["authorization", "content-type", "x-mlflow-workspace"].filter((name) => !allowed.includes(name));
      if (answer.status >= 300) add("broken", "browser", null, `OPTIONS of ${origin}: ${shown(answer)}`);
      else if (answer.headers["access-control-allow-origin"] !== origin)
        add(
          "broken",
          "browser",
          null,
          `allows the origin ${answer.headers["access-control-allow-origin"] ?? "none"}, not ${origin}`,
        );
      else if (missing.length) add("broken", "browser", null, `does not allow the headers ${missing.join(", ")}`);
      else add("ok", "browser", null, `allows ${origin}`);
      const refused = await send("browser", null, { method: "GET", path: PATH, headers: [["origin", origin]] });
      const readable = refused.headers["access-control-allow-origin"] === origin;
      add(readable ? "ok" : "broken", "browser", null, `the UI can${readable ? "" : "not"} read a refusal`);
    }
    for (const from of [FOREIGN, "null", ...(origin === null ? [] : [`${origin}.evil.example`])]) {
      const answer = await preflight(from);
      const said = answer.headers["access-control-allow-origin"];
      const wide = said === from || said === "*";
      add(wide ? "hole" : "ok", "browser", null, `answers ${from} with ${said ?? "no origin"}`);
      if (answer.headers["access-control-allow-credentials"] === "true")
        add("hole", "browser", null, "lets other pages send cookies");
    }
    const code = await preflight(origin ?? FOREIGN, "code");
    const closed = code.byGateway && code.headers["access-control-allow-origin"] === undefined;
    add(closed ? "ok" : "hole", "code", null, `OPTIONS: ${shown(code)}`);
    return found;
  },
};
