import { PlanFitError, type Resource, text } from "../../plan/plan.ts";
import { numberOf, stringMap, stringOf } from "../declared.ts";

export type Integration = HttpProxy | Mock;

export interface HttpProxy {
  readonly type: "HTTP_PROXY";
  /** Host header that MLflow sees. */
  readonly host: string;
  /** Path of the URI; `{name}` stands for what the parameter maps. undefined: the URI has none, so the request's own path is sent. */
  readonly pathTemplate: string | undefined;
  readonly pathParameters: Readonly<Record<string, Source>>;
  readonly headers: readonly { readonly name: string; readonly source: Source }[];
  /** Until the first byte. */
  readonly timeoutMs: number;
}

export interface Mock {
  readonly type: "MOCK";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where a mapped value comes from. Source: API Gateway guide, "Parameter mapping source reference". */
export type Source =
  | { readonly from: "static"; readonly value: string }
  | { readonly from: "context"; readonly name: string }
  | { readonly from: "path"; readonly name: string };

/** Source: API Gateway API, `PutIntegration` → `timeoutInMillis`. */
const DEFAULT_TIMEOUT_MS = 29_000;

/** The integration of a method. @throws when it has none, or one that the local gateway doesn't serve */
export function integrationOf(method: Resource, own: (type: string) => readonly Resource[]): Integration {
  const httpMethod = text(method, "httpMethod");
  const same = ({ inputs }: Resource) =>
    inputs.resourceId === method.inputs.resourceId && inputs.httpMethod === httpMethod;
  const integration = own("integration:Integration").find(same);
  if (!integration) throw new PlanFitError(`${method.name}: no integration is declared for it`);
  const { type } = integration.inputs;
  if (type === "MOCK") {
    return mockOf(
      integration,
      own("methodResponse:MethodResponse").filter(same),
      own("integrationResponse:IntegrationResponse").filter(same),
    );
  }
  if (type === "HTTP_PROXY") return httpProxyOf(integration);
  throw new PlanFitError(`${integration.name}: integrations of type ${String(type)} are not supported`);
}

function httpProxyOf(integration: Resource): HttpProxy {
  const { inputs, name } = integration;
  // Not `new URL`: that would encode the braces.
  const uri = /^https?:\/\/([^/?#]+)(\/[^?#]*)?$/.exec(text(integration, "uri"));
  if (!uri?.[1]) throw new PlanFitError(`${name}: the uri must be http(s)://host[/path], without query`);
  const headers: { name: string; source: Source }[] = [];
  const pathParameters: Record<string, Source> = {};
  for (const [target, value] of Object.entries(stringMap(inputs.requestParameters))) {
    const [, place, key] = /^integration\.request\.(header|path)\.([\w-]+)$/.exec(target) ?? [];
    if (!place || !key) throw new PlanFitError(`${name}: the request parameter ${target} is not supported`);
    const source = sourceOf(value, name);
    if (place === "header") headers.push({ name: key, source });
    else pathParameters[key] = source;
  }
  return {
    type: "HTTP_PROXY",
    host: uri[1],
    pathTemplate: uri[2],
    pathParameters,
    headers,
    timeoutMs: numberOf(inputs.timeoutMilliseconds) ?? DEFAULT_TIMEOUT_MS,
  };
}

function sourceOf(value: string, where: string): Source {
  const fixed = /^'([^'\r\n]*)'$/.exec(value)?.[1];
  if (fixed !== undefined) return { from: "static", value: fixed };
  const context = /^context\.([\w.]+)$/.exec(value)?.[1];
  if (context !== undefined) return { from: "context", name: context };
  const path = /^method\.request\.path\.(\w+)$/.exec(value)?.[1];
  if (path !== undefined) return { from: "path", name: path };
  throw new PlanFitError(`${where}: a request parameter maps a source that is not supported`);
}

function mockOf(
  { name, inputs }: Resource,
  methodResponses: readonly Resource[],
  integrationResponses: readonly Resource[],
): Mock {
  const template = stringMap(inputs.requestTemplates)["application/json"];
  const code = /"?statusCode"?\s*:\s*"?(\d{3})"?/.exec(template ?? "")?.[1];
  if (code === undefined)
    throw new PlanFitError(
      `${name}: a MOCK integration needs a request template for application/json with a statusCode`,
    );
  const selected =
    integrationResponses.find(({ inputs: { selectionPattern } }) => selectionPattern === code) ??
    integrationResponses.find(({ inputs: { selectionPattern } }) => !selectionPattern);
  if (!selected) throw new PlanFitError(`${name}: no integration response is declared for status ${code}`);
  const status = text(selected, "statusCode");
  const method = methodResponses.find(({ inputs: { statusCode } }) => statusCode === status);
  if (!method) throw new PlanFitError(`${name}: no method response is declared for status ${status}`);
  const promised = Object.keys(method.inputs.responseParameters ?? {});
  const prefix = "method.response.header.";
  const headers = Object.entries(stringMap(selected.inputs.responseParameters)).map(([target, value]) => {
    const fixed = /^'([^\r\n]*)'$/.exec(value)?.[1];
    if (!target.startsWith(prefix) || fixed === undefined)
      throw new PlanFitError(
        `${name}: a MOCK response may only set headers to fixed values, not ${target} to ${value}`,
      );
    if (!promised.includes(target)) throw new PlanFitError(`${name}: the method response doesn't declare ${target}`);
    return [target.slice(prefix.length), fixed] as const;
  });
  return {
    type: "MOCK",
    status: Number(status),
    headers: Object.fromEntries(headers),
    body: stringOf(stringMap(selected.inputs.responseTemplates)["application/json"]) ?? "",
  };
}
