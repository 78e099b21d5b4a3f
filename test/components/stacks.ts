import { type Run, record, stackFile } from "./record.ts";

/** Settings of the central stack's file with some changed. */
export function centralRun(change: Readonly<Record<string, unknown>> = {}): Promise<Run> {
  return record({ ...stackFile("central"), ...change });
}

/** Outputs of the central stack that a consumer reads. */
export const CENTRAL_OUTPUTS = {
  trackingUri: "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/prod",
  region: "eu-west-1",
  personaRoleArns: {
    vision: Object.fromEntries(
      ["reader", "scientist", "approver", "admin"].map((persona) => [
        persona,
        `arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-${persona}`,
      ]),
    ),
  },
  consumerWorkspaces: { vision: ["vision", "shared"] },
  externalIds: { vision: null as string | null },
};

/** Settings of the consumer's file with some changed. */
export function consumerRun(
  change: Readonly<Record<string, unknown>> = {},
  central: Record<string, unknown> = CENTRAL_OUTPUTS,
): Promise<Run> {
  return record({ ...stackFile("datascience"), ...change }, { "organization/mlflow-gatehouse/central": central });
}

/** A policy document out of its JSON text. */
export function policy(text: unknown): { Version: string; Statement: Record<string, unknown>[] } {
  return JSON.parse(String(text)) as { Version: string; Statement: Record<string, unknown>[] };
}

/** Input of a resource that is an object. */
export function object(value: unknown): Record<string, unknown> {
  return value as Record<string, unknown>;
}
