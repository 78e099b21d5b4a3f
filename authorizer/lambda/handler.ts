import { createSecretKey } from "node:crypto";
import type { Fetcher } from "aws-jwt-verify/https";
import type { Persona } from "../catalogue/personas.ts";
import { type AccessPolicy, DEPLOYED_ALONE, groupsOf, isRevoked, narrowed } from "../identity/accessPolicy.ts";
import { assertionExpiry, signAssertion } from "../identity/assertion.ts";
import { type Identity, tokenVerifier, UnauthorizedError, type UserPool } from "../identity/token.ts";
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
  /** What an administrator changed since the deployment; default nothing. */
  readonly accessPolicy?: (() => Promise<AccessPolicy>) | undefined;
}

/**
 * The authorizer of the `browser` door: access token → person → personas → what they may call, for the whole API.
 *
 * Throws exactly `Unauthorized` (401) for whatever is not a good token, answers a deny (403) that says why for a person without persona.
 */
export function authorizer(settings: HandlerSettings): (event: AuthorizerEvent) => Promise<AuthorizerAnswer> {
  const verify = tokenVerifier(settings.userPools, settings.fetchJwks);
  if (settings.assertionKey.length < 32) throw new Error("the assertion key is shorter than 32 characters");
  const assertionKey = createSecretKey(settings.assertionKey, "utf8");
  const accessPolicy = settings.accessPolicy ?? (() => Promise.resolve(DEPLOYED_ALONE));
  const access = accessByGroups(settings.personas);

  return async (event) => {
    const token = tokenOf(event);
    const stageArn = stageArnOf(event.methodArn);
    // API Gateway answers 401 to this exact message alone, and 500 to any other.
    if (token === undefined || stageArn === undefined) throw new Error("Unauthorized");
    let identity: Identity;
    try {
      identity = await verify(token);
    } catch (error) {
      throw error instanceof UnauthorizedError ? new Error("Unauthorized") : error;
    }
    const { person, groups } = identity;
    if (person === null) return denied(stageArn, "unknown", NO_PERSON);
    const policy = await accessPolicy();
    if (isRevoked(person, policy)) return denied(stageArn, person, REVOKED);
    const held = access(groups, stageArn, policy);
    if (!held) return denied(stageArn, person, noPersona(person, settings.personas));

    const exp = assertionExpiry(identity.expiry, Math.floor(Date.now() / 1000), settings.cacheSeconds);
    const { names: personas, document, shown, message } = held;
    const assertion = signAssertion({ sub: person, personas, groups, exp }, assertionKey);
    return { principalId: person, policyDocument: document, context: { person, personas: shown, message, assertion } };
  };
}

const NO_PERSON =
  "your user name can't stand for a person: ask an administrator of the user pool to create you with a lower-case name";

const REVOKED = "your access was revoked: ask the platform team";

/** What everybody in the same groups gets. */
interface Access {
  readonly names: readonly string[];
  readonly document: PolicyDocument;
  readonly shown: string;
  readonly message: string;
}

/** Combinations of groups that are kept; a directory has few. */
const COMBINATIONS = 1000;

/** The answer depends on the groups alone, so it is compiled once for each combination of them. */
function accessByGroups(all: readonly Persona[]) {
  const kept = new Map<string, Access | undefined>();
  return (groups: readonly string[], stageArn: string, policy: AccessPolicy): Access | undefined => {
    // A group's name has no line break. Source: Cognito API, `CreateGroup` → `GroupName`.
    const key = `${policy.item}\n${stageArn}\n${groups.join("\n")}`;
    if (kept.has(key)) return kept.get(key);
    if (kept.size >= COMBINATIONS) kept.clear();
    const access = accessOf(
      narrowed(all, policy).filter((persona) => groupsOf(persona, policy).some((group) => groups.includes(group))),
      stageArn,
    );
    kept.set(key, access);
    return access;
  };
}

function accessOf(personas: readonly Persona[], stageArn: string): Access | undefined {
  if (!personas.length) return undefined;
  const names = personas.map((persona) => persona.name);
  const document = browserDocument(personas, stageArn);
  return { names, document, shown: names.join(), message: `${names.join(" and ")} may not make this call` };
}

const SCHEME = "bearer ";

function tokenOf(event: AuthorizerEvent): string | undefined {
  const value = event.type === "REQUEST" ? singleHeader(event) : event.authorizationToken;
  if (typeof value !== "string") return undefined;
  // Source: RFC 9110, 11.1: the scheme is compared without regard to case.
  return value.slice(0, SCHEME.length).toLowerCase() === SCHEME ? value.slice(SCHEME.length) : undefined;
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
