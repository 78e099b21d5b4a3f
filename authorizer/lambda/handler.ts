import type { Fetcher } from "aws-jwt-verify/https";
import type { Persona } from "../catalogue/personas.ts";
import { assertionExpiry, signAssertion } from "../identity/assertion.ts";
import { tokenVerifier, UnauthorizedError, type UserPool } from "../identity/token.ts";
import { browserDocument } from "../policy/compile.ts";
import type { PolicyDocument } from "../policy/document.ts";

/** What API Gateway sends. Source: API Gateway guide, "Input to an API Gateway Lambda authorizer". */
export interface AuthorizerEvent {
  readonly type?: unknown;
  /** TOKEN authorizers. */
  readonly authorizationToken?: unknown;
  /** REQUEST authorizers. */
  readonly headers?: unknown;
  readonly multiValueHeaders?: unknown;
  readonly methodArn?: unknown;
}

/** What API Gateway takes; context values are strings alone. Source: API Gateway guide, "Output from an API Gateway Lambda authorizer". */
export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: PolicyDocument;
  readonly context: {
    readonly person: string;
    /** Comma-separated, for the access log. */
    readonly personas: string;
    /** What a refused call is told. */
    readonly message: string;
    /** Signed identity for MLflow; absent where nothing is allowed. */
    readonly assertion?: string;
  };
}

export interface HandlerSettings {
  readonly userPools: readonly UserPool[];
  readonly personas: readonly Persona[];
  readonly assertionKey: string;
  /** How long API Gateway keeps an answer. */
  readonly cacheSeconds: number;
  /** How key sets are fetched; default HTTPS. */
  readonly fetchJwks?: Fetcher | undefined;
}

/**
 * The authorizer of the `browser` door: access token → person → personas → what they may call, for the whole API.
 *
 * Throws exactly `Unauthorized` (401) for whatever is not a good token, answers a deny (403) that says why for a person without persona.
 */
export function authorizer(settings: HandlerSettings): (event: AuthorizerEvent) => Promise<AuthorizerAnswer> {
  const verify = tokenVerifier(settings.userPools, settings.fetchJwks);
  if (settings.assertionKey.length < 32) throw new Error("the assertion key is shorter than 32 characters");
  const documents = new Map<string, PolicyDocument>();

  return async (event) => {
    const token = tokenOf(event);
    const stageArn = stageArnOf(event.methodArn);
    // API Gateway answers 401 to this exact message alone, and 500 to any other.
    if (token === undefined || stageArn === undefined) throw new Error("Unauthorized");
    const identity = await verify(token).catch((error: unknown) => {
      if (error instanceof UnauthorizedError) throw new Error("Unauthorized");
      throw error;
    });
    const personas = settings.personas.filter((persona) => identity.groups.includes(persona.group));
    if (identity.person === null)
      return denied(
        stageArn,
        "unknown",
        "your user name can't stand for a person: ask an administrator of the user pool to create you with a lower-case name",
      );
    if (!personas.length) return denied(stageArn, identity.person, noPersona(identity.person, settings.personas));

    const names = personas.map((persona) => persona.name);
    const key = `${stageArn} ${names.join()}`;
    const document = documents.get(key) ?? browserDocument(personas, stageArn);
    documents.set(key, document);
    const exp = assertionExpiry(identity.expiry, Math.floor(Date.now() / 1000), settings.cacheSeconds);
    return {
      principalId: identity.person,
      policyDocument: document,
      context: {
        person: identity.person,
        personas: names.join(),
        message: `${names.join(" and ")} may not make this call`,
        assertion: signAssertion(
          { sub: identity.person, personas: names, groups: identity.groups, exp },
          settings.assertionKey,
        ),
      },
    };
  };
}

function tokenOf(event: AuthorizerEvent): string | undefined {
  const value = event.type === "REQUEST" ? singleHeader(event) : event.authorizationToken;
  return typeof value === "string" ? /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(value)?.[1] : undefined;
}

/** The one Authorization header; undefined when there are several, whose order two readers might see differently. */
function singleHeader(event: AuthorizerEvent): unknown {
  const values = [...named(event.multiValueHeaders), ...named(event.headers)];
  const flat = new Set(values.flat());
  return flat.size === 1 ? [...flat][0] : undefined;
}

function named(headers: unknown): unknown[] {
  if (typeof headers !== "object" || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]) => (name.toLowerCase() === "authorization" ? [value] : []));
}

/** `arn:…:<api id>/<stage>` of a method's ARN. */
function stageArnOf(methodArn: unknown): string | undefined {
  if (typeof methodArn !== "string") return undefined;
  return /^arn:[a-z-]+:execute-api:[a-z0-9-]+:\d{12}:[a-z0-9]+\/[\w-]+(?=\/)/.exec(methodArn)?.[0];
}

function denied(stageArn: string, person: string, message: string): AuthorizerAnswer {
  return {
    principalId: person,
    policyDocument: browserDocument([], stageArn),
    context: { person, personas: "", message },
  };
}

function noPersona(person: string, personas: readonly Persona[]): string {
  const groups = personas.map((persona) => persona.group).join(", ");
  return `${person} is in no group that may use MLflow: ask an administrator of the user pool for one of ${groups}`;
}
