import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { EngineError } from "../engine/command.ts";
import { NoPulumiError } from "../engine/pulumi.ts";
import type { Automation } from "../open.ts";
import { OrganizationError } from "../organization/errors.ts";
import type { ServiceSettings } from "../organization/schema.ts";
import { type Caller, type Role, tokenCheck } from "./auth.ts";
import { jobRoutes } from "./jobs.ts";
import { pageRoutes } from "./page.ts";
import { stackRoutes } from "./stacks.ts";
import { BusyError } from "./turns.ts";
import type { Worker } from "./worker.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a caller needs at least; `anyone` needs no token. A route that says nothing is closed to all. */
    role?: Role | "anyone";
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

const NOBODY: Caller = { name: "", roles: new Set(), until: 0 };

/** The HTTP service: who may what, how often, and what is answered when something is wrong. */
export async function serviceApp(
  automation: Automation,
  worker: Worker,
  settings: ServiceSettings,
): Promise<FastifyInstance> {
  const check = await tokenCheck(settings, automation.path);
  const app = fastify({ bodyLimit: 1 << 18, logger: false, trustProxy: false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // By caller, not by address: behind a proxy all come from one, and one of them could use up the calls of all.
  await app.register(rateLimit, {
    max: 240,
    timeWindow: "1 minute",
    hook: "preHandler",
    keyGenerator: (request: FastifyRequest) => request.caller.name || request.ip,
    errorResponseBuilder: tooMany,
  });
  await app.register(swagger, {
    openapi: {
      info: {
        title: "gatehouse automation",
        version: "1",
        description: "Deploys one central account and its consumers.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.decorateRequest("caller");
  app.addHook("onRequest", async (request, reply) => {
    request.caller = NOBODY;
    const { role } = request.routeOptions.config;
    if (role === "anyone" || request.is404) return;
    const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
    const caller = token === undefined ? null : await check(token).catch(() => null);
    if (!caller) return reply.code(401).header("www-authenticate", "Bearer").send({ error: "a valid token is needed" });
    if (role === undefined || !caller.roles.has(role))
      return reply.code(403).send({ error: `this needs the role ${role ?? "that nobody has"}` });
    request.caller = caller;
  });
  app.setErrorHandler((error, _, reply) => {
    const { status, text } = faultOf(error);
    if (status === 500) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return reply.code(status).send({ error: text });
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: "there is nothing here" }));
  await app.register(pageRoutes);
  await app.register(jobRoutes(automation, worker));
  await app.register(stackRoutes(automation));
  return app;
}

function tooMany(_: unknown, { after }: { readonly after: string }): Error {
  return Object.assign(new Error(`too many calls: try again in ${after}`), { statusCode: 429 });
}

/** What is wrong is said where the caller can mend it; nothing of our insides otherwise. */
function faultOf(error: unknown): { readonly status: number; readonly text: string } {
  if (hasZodFastifySchemaValidationErrors(error))
    return {
      status: 400,
      text: error.validation
        .map(({ instancePath, message }) => `${instancePath.slice(1).replaceAll("/", ".")}: ${message}`)
        .join("\n"),
    };
  if (error instanceof OrganizationError) return { status: 400, text: error.message };
  if (error instanceof EngineError) return { status: 409, text: error.message };
  if (error instanceof NoPulumiError || error instanceof BusyError) return { status: 503, text: error.message };
  const status = z.object({ statusCode: z.int().min(400).max(499) }).safeParse(error).data?.statusCode;
  return status === undefined
    ? { status: 500, text: "something is wrong here; the log says what" }
    : { status, text: (error as Error).message };
}
