import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { historyOf, outputsOf } from "../engine/reading.ts";
import { look } from "../look.ts";
import type { Automation } from "../open.ts";
import { release } from "../release.ts";
import { statusOf } from "../status.ts";
import { named, stackShape } from "./schemas.ts";
import { turnsOf } from "./turns.ts";

/** `pulumi` that look at stacks at once, and calls that wait for one. */
const [LOOKING, WAITING] = [2, 20];

/** Stacks: what was done to them, and what Pulumi keeps of them. */
export function stackRoutes(automation: Automation): FastifyPluginAsyncZod {
  const turn = turnsOf(LOOKING, WAITING);
  return async (app) => {
    app.get(
      "/stacks",
      {
        config: { role: "viewer" },
        schema: { summary: "Every stack, and what was last done to it", response: { 200: z.array(stackShape) } },
      },
      async () => structuredClone(statusOf(automation)) as z.infer<typeof stackShape>[],
    );
    app.get(
      "/stacks/:name/outputs",
      {
        config: { role: "viewer" },
        schema: {
          summary: "Outputs; secrets stay covered",
          params: named,
          response: { 200: z.record(z.string(), z.unknown()) },
        },
      },
      ({ params }) => turn(() => look(automation, params.name, outputsOf)),
    );
    app.get(
      "/stacks/:name/history",
      {
        config: { role: "viewer" },
        schema: {
          summary: "The newest 20 updates",
          params: named,
          response: { 200: z.array(z.record(z.string(), z.unknown())) },
        },
      },
      async ({ params }) =>
        (await turn(() => look(automation, params.name, historyOf))).map((update) => ({ ...update })),
    );
    app.post(
      "/stacks/:name/release",
      {
        config: { role: "deployer" },
        schema: {
          summary: "Take away the lock of a pulumi that was killed",
          params: named,
          response: { 200: z.object({ said: z.array(z.string()) }) },
        },
      },
      async ({ params }) => ({ said: [...(await release(automation, [params.name]))] }),
    );
  };
}
