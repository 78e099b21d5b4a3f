import type { HeaderList } from "../httpMessage.ts";

/** Headers about one connection. Source: RFC 9110, 7.6.1. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Request headers that API Gateway drops or sets itself. Source: API Gateway guide, "Amazon API Gateway important notes". */
const NOT_FORWARDED = new Set([
  ...HOP_BY_HOP,
  "content-encoding",
  "content-length",
  "expect",
  "host",
  "x-amzn-trace-id",
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
  // It would make one method out of another after the decision.
  "x-http-method-override",
]);

/** What proves the caller to the gateway is nothing that MLflow should see. */
const CREDENTIALS = new Set(["authorization", "x-amz-security-token"]);

/** Response headers that come back under another name. Source: as above. */
const REMAPPED = new Set(["authorization", "date", "server", "user-agent", "www-authenticate"]);

/** One spelling for all that a WSGI server can't tell apart. */
function spelling(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

function connectionHeaders(headers: HeaderList): ReadonlySet<string> {
  return new Set(
    headers
      .filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) => value.split(",").map((token) => token.trim().toLowerCase())),
  );
}

/**
 * Headers for the upstream: the client's, without those that end here, then what the gateway sets.
 *
 * INVARIANT: nobody names himself. No spelling of a name that the gateway sets survives from the client, whether or not the gateway has a value for it.
 */
export function forwardedHeaders(
  client: HeaderList,
  options: {
    readonly dropCredentials: boolean;
    /** undefined: the name is the gateway's own, but has no value in this request. */
    readonly own: readonly (readonly [name: string, value: string | undefined])[];
  },
): string[] {
  const owned = new Set(options.own.map(([name]) => spelling(name)));
  const connection = connectionHeaders(client);
  const passes = (name: string) =>
    !NOT_FORWARDED.has(spelling(name)) &&
    !owned.has(spelling(name)) &&
    !connection.has(name.toLowerCase()) &&
    !(options.dropCredentials && CREDENTIALS.has(spelling(name)));
  return [
    ...client.filter(([name]) => passes(name)),
    ...options.own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  ].flat();
}

/** Headers of the upstream's answer for the client. */
export function returnedHeaders(upstream: HeaderList): string[] {
  const connection = connectionHeaders(upstream);
  return upstream
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !connection.has(name.toLowerCase()))
    .flatMap(([name, value]) =>
      REMAPPED.has(name.toLowerCase()) ? [`x-amzn-Remapped-${name}`, value] : [name, value],
    );
}
