import { z } from "zod";
import { newConsumerSchema } from "../organization/onboard.ts";

const state = z.enum(["waiting", "running", "done", "failed", "skipped", "cancelled", "interrupted"]);
const kind = z.enum(["preview", "deploy", "drift", "refresh", "destroy", "onboard"]);

export const stepShape = z.object({
  ordinal: z.int(),
  stage: z.int(),
  member: z.string(),
  stack: z.string(),
  action: z.string(),
  state,
  started: z.number().nullable(),
  finished: z.number().nullable(),
  attempts: z.int(),
  changes: z.record(z.string(), z.number()).nullable(),
  error: z.string().nullable(),
});

export const jobShape = z.object({
  id: z.string(),
  kind,
  only: z.array(z.string()),
  by: z.string(),
  state,
  created: z.number(),
  finished: z.number().nullable(),
});

export const jobWithSteps = jobShape.extend({ steps: z.array(stepShape) });
export const accepted = z.object({ job: z.string() });
export const fault = z.object({ error: z.string() });

export const stackShape = z.object({
  name: z.string(),
  stack: z.string(),
  account: z.string(),
  region: z.string(),
  last: stepShape.nullable(),
  drift: stepShape.nullable(),
});

export const jobBody = z.strictObject({
  kind: kind.exclude(["onboard"]),
  only: z.array(z.string()).max(1000).default([]),
  parallel: z.int().min(1).max(64).optional(),
  clearPending: z.boolean().optional(),
  /** Has to be `destroy` to destroy. */
  confirm: z.string().optional(),
});

/** What says where Pulumi reaches an account, and which state it takes for its own, is the file's alone: over the network it would redirect a deployment. */
export const consumerBody = newConsumerSchema.omit({ environment: true, deployRole: true, stack: true });
export const named = z.object({ name: z.string() });
export const identified = z.object({ id: z.string() });
