import type { Run } from "../record.ts";

export const CODE = "gatehouse-code";
export const BROWSER = "gatehouse-browser";

export function proofOf(run: Run): string {
  const name = "gatehouse-mlflow-secret-gatehouse-proof";
  return String(run.one("aws:secretsmanager/secretVersion:SecretVersion", name).inputs.secretString);
}

/** Methods of an API: verb and authorization by name. */
export function methods(run: Run, api: string): Record<string, unknown> {
  const id = run.one("aws:apigateway/restApi:RestApi", api).state.id;
  const own = run.all("aws:apigateway/method:Method").filter(({ inputs }) => inputs.restApi === id);
  return Object.fromEntries(
    own.map(({ name, inputs }) => [name, `${String(inputs.httpMethod)} ${String(inputs.authorization)}`]),
  );
}
