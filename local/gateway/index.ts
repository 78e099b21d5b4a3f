import type { IncomingMessage, ServerResponse } from "node:http";
import { Pool } from "undici";
import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Sts } from "../sts/index.ts";
import { apiOf } from "./api.ts";
import { exchange } from "./exchange.ts";
import type { AuthorizerFunction } from "./lambda.ts";
import { AWS_LIMITS, bodyReader, type Limits } from "./limits.ts";
import type { GatewayLogRecord } from "./log.ts";
import { tokenBucket } from "./throttle.ts";
import { tokenDoor } from "./tokenDoor.ts";
import { withUiOrigin } from "./uiOrigin.ts";

export { type AuthorizerFunction, loadAuthorizer } from "./lambda.ts";
export { GATEWAY_SERVER_OPTIONS, type Limits } from "./limits.ts";
export type { GatewayLogRecord } from "./log.ts";

export interface GatewaySettings {
  /** The stack that declares the REST API. */
  readonly plan: Plan;
  /** Name (in the program or in AWS) or id of the REST API. */
  readonly api: string;
  /** What the log calls it; default its name in the program. */
  readonly door?: string;
  /** Origin of the MLflow server. */
  readonly upstream: URL;
  readonly sts: Pick<Sts, "credentialFor" | "organizations">;
  /** From `loadAuthorizer`; needed where a method's authorization is CUSTOM. */
  readonly authorizer?: AuthorizerFunction;
  readonly log?: (record: GatewayLogRecord) => void;
  /** Default those of API Gateway. */
  readonly limits?: Partial<Limits>;
  /** Accepts a `+` of the query that was signed as sent. */
  readonly lenientSigv4?: boolean;
  /** Origin of the UI on this machine, in place of the declared one (`Access-Control-Allow-Origin`). */
  readonly uiOrigin?: string;
  /** Condition keys that only a network in AWS would give, such as `aws:SourceVpce`. */
  readonly requestContext?: RequestContext;
  /** The persona that a central role's name stands for, for the log; default its tag `gatehouse:persona`. */
  readonly personaOf?: (roleName: string) => string | undefined;
  /** Milliseconds; default the clock. */
  readonly now?: () => number;
}

/** Serves one REST API as declared. @throws when the API needs what the local gateway doesn't have */
export function createGateway(settings: GatewaySettings) {
  const plan = settings.uiOrigin === undefined ? settings.plan : withUiOrigin(settings.plan, settings.uiOrigin);
  const api = apiOf(plan, settings.api);
  const now = settings.now ?? Date.now;
  const limits = { ...AWS_LIMITS, ...settings.limits };
  const upstream = new Pool(settings.upstream.origin, {
    connections: CONNECTIONS,
    headersTimeout: 0,
    bodyTimeout: STREAM_IDLE_MS,
  });
  const parts = {
    api,
    door: settings.door ?? api.name,
    now,
    limits,
    upstream,
    sts: settings.sts,
    lenient: settings.lenientSigv4 ?? false,
    requestContext: settings.requestContext ?? {},
    readBody: bodyReader(limits),
    admit: api.throttle ? tokenBucket(api.throttle, now) : () => true,
    identify: tokenDoor(settings.authorizer ?? missingAuthorizer, now),
    personaOf: settings.personaOf ?? (() => undefined),
    log: settings.log ?? (() => undefined),
  };
  return {
    id: api.id,
    stage: api.stage,
    /** Handler for `node:http`; create the server with `GATEWAY_SERVER_OPTIONS`. */
    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> => exchange(request, response, parts),
    /** Ends the connections to MLflow, at once. */
    close: (): Promise<void> => upstream.destroy(),
  };
}

export type Gateway = ReturnType<typeof createGateway>;

/** Source: API Gateway guide, "Stream the integration response", idle timeout of regional APIs. */
const STREAM_IDLE_MS = 300_000;

/** To MLflow; further requests wait. */
const CONNECTIONS = 128;

function missingAuthorizer(): Promise<never> {
  return Promise.reject(new Error("the local gateway was started without the authorizer of this API"));
}
