import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plan, Resource } from "../../plan/plan.ts";
import { ofType, PlanFitError } from "../../plan/plan.ts";
import { declared, oneOf, stringMap } from "../declared.ts";

/** What API Gateway sends to a TOKEN authorizer. */
export interface TokenEvent {
  readonly type: "TOKEN";
  readonly authorizationToken: string;
  readonly methodArn: string;
}

export type AuthorizerFunction = (event: TokenEvent) => Promise<unknown>;

interface JwksFetcher {
  fetch(uri: string): Promise<ArrayBuffer>;
}

interface Bundle {
  readonly createHandler?: (options: { readonly fetchJwks: JwksFetcher }) => AuthorizerFunction;
}

export interface LambdaSettings {
  readonly plan: Plan;
  /** Name or id of the REST API whose authorizer it is. */
  readonly api: string;
  /** Where the deployment package is unpacked. */
  readonly directory: string;
  /** What Lambda itself would set: region, credentials, addresses of services. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Stands for the fetch of the user pool's key set. */
  readonly fetchJwks: JwksFetcher;
}

/** Starts the very bundle that the program declares for an API's authorizer. @throws when there is none, or it doesn't start */
export async function loadAuthorizer(settings: LambdaSettings): Promise<AuthorizerFunction> {
  const api = oneOf(settings.plan, "aws:apigateway/restApi:RestApi", settings.api);
  const authorizer = ofType(settings.plan, "aws:apigateway/authorizer:Authorizer").find(
    ({ inputs }) => inputs.restApi === api.id,
  );
  if (!authorizer) throw new PlanFitError(`${api.name}: no authorizer is declared`);
  const lambda = ofType(settings.plan, "aws:lambda/function:Function").find((candidate) =>
    isTarget(authorizer, candidate),
  );
  if (!lambda) throw new PlanFitError(`${authorizer.name}: the function that its authorizerUri names is not declared`);
  const files = stringMap(declared(lambda.inputs.code).archive);
  if (files["index.mjs"] === undefined) throw new PlanFitError(`${lambda.name}: its package holds no index.mjs`);

  // A folder for each version: a module that was imported once stays.
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const folder = join(settings.directory, `authorizer-${digest}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (!/^[\w.-]+$/.test(name)) throw new PlanFitError(`${lambda.name}: unexpected file name in its package: ${name}`);
    writeFileSync(join(folder, name), content);
  }
  const bundle = (await import(pathToFileURL(join(folder, "index.mjs")).href)) as Bundle;
  if (!bundle.createHandler) throw new PlanFitError(`${lambda.name}: index.mjs exports no createHandler`);
  const { createHandler } = bundle;
  const environment = { ...settings.environment, ...stringMap(declared(lambda.inputs.environment).variables) };
  return withEnvironment(environment, () => createHandler({ fetchJwks: settings.fetchJwks }));
}

/** `arn:…:lambda:path/2015-03-31/functions/<function ARN>/invocations` names the function. */
function isTarget(authorizer: Resource, { state }: Resource): boolean {
  const uri = String(authorizer.inputs.authorizerUri);
  return (
    uri === state.invokeArn || (typeof state.arn === "string" && uri.includes(`/functions/${state.arn}/invocations`))
  );
}

/** The function reads its environment once, when it starts; afterwards its secrets are gone from this process's own. */
function withEnvironment<T>(variables: Readonly<Record<string, string>>, run: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
