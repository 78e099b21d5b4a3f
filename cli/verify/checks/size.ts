import { DOORS } from "../../../authorizer/catalogue/types.ts";
import { type Check, findings, shown } from "../check.ts";

/** What API Gateway takes. Source: API Gateway guide, "Quotas for configuring and running a REST API", payload size. */
const LIMIT = 10 * 1024 * 1024;
const PATH = {
  code: "/api/2.0/mlflow-artifacts/artifacts/gatehouse-verify/x.bin",
  browser: "/ajax-api/2.0/mlflow-artifacts/artifacts/gatehouse-verify/x.bin",
};

/** A body just below the limit reaches MLflow, which refuses it for its path; one above doesn't get there. */
export const SIZE: Check = {
  name: "size",
  about: "a request of up to 10 MB passes, a larger one is refused with 413 before MLflow reads it",
  async run({ one, send }) {
    const { found, add } = findings(this.name);
    for (const door of DOORS) {
      const caller = one(door, "PUT", PATH[door], true);
      if (!caller) {
        add("skipped", door, null, "nobody is given who may write artifacts");
        continue;
      }
      const put = (size: number) =>
        send(door, caller, { method: "PUT", path: PATH[door], body: Buffer.alloc(size, 1) });
      const above = await put(LIMIT + 1024);
      add(above.status === 413 ? "ok" : "hole", door, caller, `10 MB and 1 kB: ${shown(above)}`);
      const below = await put(LIMIT - 1024);
      const passed = !below.byGateway && below.status !== 413 && below.status < 500;
      add(passed ? "ok" : "broken", door, caller, `10 MB less 1 kB: ${shown(below)}`);
    }
    return found;
  },
};
