import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { openStack, shownOutputs, shownUpdate } from "../engine/operations.ts";
import type { Automation } from "../open.ts";
import { chosen } from "../organization/members.ts";
import { release } from "../release.ts";
import { statusOf } from "../status.ts";
import { named, stackShape } from "./schemas.ts";

/** Stacks: what was done to them, and what Pulumi keeps of them. */
export function stackRoutes(automation: Automation): FastifyPluginAsyncZod {
  const open = async (name: string) => {
    const organization = automation.organization();
    const [member] = chosen(organization.members, [name]);
    if (!member) throw new Error(name);
    return openStack(await automation.engine(organization), member);
  };
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
      async ({ params }) => shownOutputs(await (await open(params.name)).outputs()),
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
      async ({ params }) => (await (await open(params.name)).history(20, 1)).map(shownUpdate),
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
