import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Automation } from "../open.ts";
import { addConsumer } from "../organization/onboard.ts";
import type { Role } from "./auth.ts";
import { sendEvents } from "./events.ts";
import { accepted, consumerBody, fault, identified, jobBody, jobShape, jobWithSteps } from "./schemas.ts";
import type { Worker } from "./worker.ts";

/** Connections on which one caller may follow jobs at once. */
const FOLLOWING = 20;

const KEY = z.object({ "idempotency-key": z.string().min(8).max(128).optional() });

/** Jobs: ask for one, look at it, follow it, stop it. */
export function jobRoutes({ store, path }: Automation, worker: Worker): FastifyPluginAsyncZod {
  const answers = { 202: accepted, 400: fault, 401: fault, 403: fault };
  const following = new Map<string, number>();
  return async (app) => {
    app.post(
      "/jobs",
      {
        config: { role: "planner" },
        schema: {
          summary: "Preview, deploy, look for drift or destroy",
          body: jobBody,
          headers: KEY,
          response: answers,
        },
      },
      async (request, reply) => {
        const { confirm, ...asked } = request.body;
        const needed: Role = asked.kind === "preview" || asked.kind === "drift" ? "planner" : "deployer";
        if (!request.caller.roles.has(needed)) return reply.code(403).send({ error: `this needs the role ${needed}` });
        if (asked.kind === "destroy" && confirm !== "destroy")
          return reply.code(400).send({ error: 'destroy deletes what these stacks hold: say "confirm": "destroy"' });
        const { id } = worker.submit(asked, request.caller.name, keyOf(request));
        return reply.code(202).header("location", `/jobs/${id}`).send({ job: id });
      },
    );

    app.post(
      "/consumers",
      {
        config: { role: "deployer" },
        schema: {
          summary: "Onboard an account: add it to the organization file, preview and deploy both sides",
          body: consumerBody,
          headers: KEY,
          response: answers,
        },
      },
      async (request, reply) => {
        // As it was sent: defaults don't belong into the file.
        addConsumer(path, JSON.parse(JSON.stringify(request.body)) as typeof request.body);
        const { id } = worker.submit(
          { kind: "onboard", only: [request.body.name] },
          request.caller.name,
          keyOf(request),
        );
        return reply.code(202).header("location", `/jobs/${id}`).send({ job: id });
      },
    );

    app.get(
      "/jobs",
      { config: { role: "viewer" }, schema: { summary: "The newest 50 jobs", response: { 200: z.array(jobShape) } } },
      async () => [...store.jobs().map((job) => ({ ...job, only: [...job.only] }))],
    );

    app.get(
      "/jobs/:id",
      {
        config: { role: "viewer" },
        schema: { summary: "A job and its steps", params: identified, response: { 200: jobWithSteps, 404: fault } },
      },
      async (request, reply) => {
        const job = store.job(request.params.id);
        if (!job) return reply.code(404).send({ error: "no such job" });
        return {
          ...job,
          only: [...job.only],
          steps: store.steps(job.id).map((step) => ({ ...step, changes: step.changes && { ...step.changes } })),
        };
      },
    );

    app.get(
      "/jobs/:id/events",
      {
        config: { role: "viewer" },
        schema: { summary: "What happens, as server-sent events; Last-Event-ID goes on after one", params: identified },
      },
      async (request, reply) => {
        const job = store.job(request.params.id);
        if (!job) return reply.code(404).send({ error: "no such job" });
        if ((following.get(request.caller.name) ?? 0) >= FOLLOWING)
          return reply.code(429).send({ error: `you follow ${FOLLOWING} jobs already` });
        const after = Number(request.headers["last-event-id"] ?? 0);
        reply.hijack();
        const { name, until } = request.caller;
        const open = following.get(name) ?? 0;
        following.set(name, open + 1);
        reply.raw.on("close", () => following.set(name, (following.get(name) ?? 1) - 1));
        sendEvents(store, job.id, { after: Number.isSafeInteger(after) ? after : 0, until }, reply.raw);
        return reply;
      },
    );

    app.post(
      "/jobs/:id/cancel",
      {
        config: { role: "deployer" },
        schema: {
          summary: "Stop a job: pulumi ends what it has begun",
          params: identified,
          response: { 202: accepted, 404: fault },
        },
      },
      async (request, reply) => {
        const job = store.job(request.params.id);
        if (!job) return reply.code(404).send({ error: "no such job" });
        store.cancel(job.id);
        return reply.code(202).send({ job: job.id });
      },
    );
  };
}

/** A key is its caller's own: nobody gets another one's job by guessing it. */
function keyOf(request: { readonly headers: unknown; readonly caller: { readonly name: string } }): string | null {
  const { "idempotency-key": key } = request.headers as { "idempotency-key"?: string };
  return key === undefined ? null : JSON.stringify([request.caller.name, key]);
}
