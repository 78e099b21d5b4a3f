import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door } from "../authorizer/catalogue/types.ts";
import type { PolicyDocument } from "../authorizer/policy/document.ts";
import { ofType, type Plan, PlanFitError, type Resource, text } from "./plan.ts";

/** The access documents that a central stack declares, taken from the resources themselves. */
export interface DeclaredAccess {
  readonly personas: readonly Persona[];
  /** `arn:…:<api id>/<stage>` of each door. */
  readonly stageArns: Readonly<Record<Door, string>>;
  /** What a session with these personas holds at a door. */
  readonly documents: (door: Door, personas: readonly Persona[]) => readonly PolicyDocument[];
  /** The resource policy of the `code` API. */
  readonly resourcePolicy: PolicyDocument | undefined;
}

/**
 * Reads the documents of both doors: the managed policies of each persona, and the answer of the declared authorizer bundle itself.
 *
 * @throws PlanFitError when the stack declares no access path, as a consumer's doesn't
 */
export async function declaredAccess(plan: Plan): Promise<DeclaredAccess> {
  const apis = restApis(plan);
  const files = authorizerArchive(plan);
  const bundle = await loadBundle(files["index.mjs"]);
  const personas = JSON.parse(files["personas.json"]) as readonly Persona[];
  const policies = new Map(ofType(plan, "aws:iam/policy:Policy").map((policy) => [policy.state.arn, policy]));
  const attached = plan.outputs.personaPolicyArns as Readonly<Record<string, readonly string[]>> | undefined;
  if (!attached) throw new PlanFitError(`the stack ${plan.stack} has no output \`personaPolicyArns\``);
  const managed = new Map(
    personas.map((persona) => [
      persona.name,
      (attached[persona.name] ?? []).map((arn) => document(policies.get(arn), arn)),
    ]),
  );
  const resourcePolicy = ofType(plan, "aws:apigateway/restApiPolicy:RestApiPolicy").find(
    (policy) => policy.state.restApiId === apis.code.id,
  );
  // Asked for again and again: the bundle compiles its answer each time.
  const answers = new Map<string, readonly PolicyDocument[]>();
  const browser = (held: readonly Persona[]) => {
    const key = held.map((persona) => persona.name).join();
    const answer = answers.get(key) ?? [bundle.browserDocument(held, stageArns.browser)];
    answers.set(key, answer);
    return answer;
  };
  const stageArns = { code: stageArn(plan, apis.code), browser: stageArn(plan, apis.browser) };
  return {
    personas,
    stageArns,
    documents: (door, held) =>
      door === "browser" ? browser(held) : held.flatMap((persona) => managed.get(persona.name) ?? []),
    resourcePolicy: resourcePolicy && (JSON.parse(text(resourcePolicy, "policy")) as PolicyDocument),
  };
}

/** The REST API of each door, told apart by what its methods ask for. */
export function restApis(plan: Plan): Readonly<Record<Door, Resource>> {
  const methods = ofType(plan, "aws:apigateway/method:Method");
  const withAuthorization = (authorization: string) => {
    const apis = ofType(plan, "aws:apigateway/restApi:RestApi").filter((api) =>
      methods.some((method) => method.state.restApi === api.id && method.state.authorization === authorization),
    );
    const [api] = apis;
    if (apis.length === 1 && api) return api;
    throw new PlanFitError(
      apis.length
        ? `the stack ${plan.stack} declares ${apis.length} REST APIs with authorization ${authorization}, not one`
        : `the stack ${plan.stack} declares no door (no REST API with authorization ${authorization}): name a central stack`,
    );
  };
  return { code: withAuthorization("AWS_IAM"), browser: withAuthorization("CUSTOM") };
}

/** Files of the Lambda function behind the `browser` door's authorizer. */
export function authorizerArchive(plan: Plan): Readonly<Record<"index.mjs" | "personas.json", string>> {
  const code = authorizerFunction(plan).state.code as { archive?: Record<string, string> } | undefined;
  const { "index.mjs": index, "personas.json": personas } = code?.archive ?? {};
  if (!index || !personas) throw new PlanFitError("the authorizer's function has no index.mjs and personas.json");
  return { "index.mjs": index, "personas.json": personas };
}

/** The Lambda function behind the `browser` door's authorizer. */
export function authorizerFunction(plan: Plan): Resource {
  const [authorizer] = ofType(plan, "aws:apigateway/authorizer:Authorizer");
  const found = ofType(plan, "aws:lambda/function:Function").find(
    (candidate) => authorizer && candidate.state.invokeArn === authorizer.state.authorizerUri,
  );
  if (!found) throw new PlanFitError(`the stack ${plan.stack} declares no authorizer function`);
  return found;
}

function stageArn(plan: Plan, api: Resource): string {
  const stage = ofType(plan, "aws:apigateway/stage:Stage").find((candidate) => candidate.state.restApi === api.id);
  if (!stage) throw new PlanFitError(`the REST API ${api.name} has no stage`);
  return text(stage, "executionArn");
}

function document(policy: Resource | undefined, arn: string): PolicyDocument {
  if (!policy) throw new PlanFitError(`the persona policy ${arn} is not declared`);
  return JSON.parse(text(policy, "policy")) as PolicyDocument;
}

interface Bundle {
  readonly browserDocument: (personas: readonly Persona[], stageArn: string) => PolicyDocument;
}

/** The bundle has no imports but Node's own, so it loads from its text. */
async function loadBundle(index: string): Promise<Bundle> {
  return (await import(`data:text/javascript;base64,${Buffer.from(index).toString("base64")}`)) as Bundle;
}
