import type { Door } from "../../authorizer/catalogue/types.ts";

/** One way to MLflow: a REST API whose every call is authorized in one manner. */
export interface DoorDefinition {
  readonly door: Door;
  readonly description: string;
  /** Who decides: the caller's IAM policies, or the Lambda authorizer by his token. */
  readonly authorization: "AWS_IAM" | "CUSTOM";
  /** Headers that tell MLflow who calls. A client's own copy never survives, so every door sets every one of them. */
  readonly identity: Readonly<Record<"X-Gatehouse-Caller" | "X-Gatehouse-Assertion", string>>;
  /** Browsers come from another origin: preflights and error answers carry CORS headers. */
  readonly browsers: boolean;
}

/** A fixed empty value in API Gateway's parameter mapping. */
const NOTHING = "''";

/** The doors of the gateway. A REST API has one authorizer per method and one endpoint, hence one each. */
export const DOOR_DEFINITIONS: readonly DoorDefinition[] = [
  {
    door: "code",
    description: "MLflow for code: SigV4 with a persona role",
    authorization: "AWS_IAM",
    identity: { "X-Gatehouse-Caller": "context.identity.userArn", "X-Gatehouse-Assertion": NOTHING },
    browsers: false,
  },
  {
    door: "browser",
    description: "MLflow for browsers: a token of the user pool",
    authorization: "CUSTOM",
    identity: { "X-Gatehouse-Caller": NOTHING, "X-Gatehouse-Assertion": "context.authorizer.assertion" },
    browsers: true,
  },
];

/** Header by which MLflow knows that a request came through the gateway. */
export const PROOF_HEADER = "X-Gatehouse-Proof";

/** The definition of one door. */
export function definitionOf(door: Door): DoorDefinition {
  const found = DOOR_DEFINITIONS.find((definition) => definition.door === door);
  if (!found) throw new Error(`the gateway has no door \`${door}\``);
  return found;
}

/**
 * Request parameters of an integration: the identity headers and the proof, with what the path needs.
 *
 * @param proof secret that MLflow asks for; letters and digits, since it stands in single quotes
 */
export function requestParameters(definition: DoorDefinition, proof: string, proxy: boolean): Record<string, string> {
  const headers = { [PROOF_HEADER]: `'${proof}'`, ...definition.identity };
  return {
    ...Object.fromEntries(
      Object.entries(headers).map(([name, source]) => [`integration.request.header.${name}`, source]),
    ),
    ...(proxy ? { "integration.request.path.proxy": "method.request.path.proxy" } : {}),
  };
}
