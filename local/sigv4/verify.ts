import { headerValues, splitTarget } from "../httpMessage.ts";
import { ALGORITHM, type Authorization, basicDate, parseAuthorization, parseDate } from "./authorization.ts";
import { canonicalRequest, canonicalS3Path, type PlusForm, type SignedRequest, sha256 } from "./canonical.ts";
import { sameSignature, signatureOf, signingKey } from "./key.ts";

/** What is known of an access key, or why it is no good. */
export type Credential<P> =
  | { readonly ok: true; readonly secret: string; readonly principal: P }
  | { readonly ok: false; readonly reason: "invalid" | "expired"; readonly cause: string };

export interface SigV4Options<P> {
  readonly service: string;
  /** Regions that the scope may name; the first is the service's own. */
  readonly regions: readonly string[];
  /** Milliseconds. */
  readonly now: number;
  readonly credentialFor: (accessKeyId: string, sessionToken: string | undefined) => Credential<P>;
  /** Also accepts a `+` of the query that was signed as sent; AWS refuses it. */
  readonly lenient?: boolean | undefined;
}

/** Names as `x-amzn-ErrorType` has them. */
export type SigV4ErrorType =
  | "MissingAuthenticationTokenException"
  | "IncompleteSignatureException"
  | "InvalidSignatureException"
  | "UnrecognizedClientException"
  | "ExpiredTokenException";

export type SigV4Result<P> =
  | { readonly ok: true; readonly accessKeyId: string; readonly principal: P }
  | {
      readonly ok: false;
      readonly status: 403;
      readonly type: SigV4ErrorType;
      /** What AWS tells the client. */
      readonly message: string;
      /** What is really wrong, for the log. */
      readonly cause: string;
    };

/** A request's date may differ from the clock by this much. Source: IAM User Guide, "Elements of an AWS API request signature". */
const SKEW_MS = 5 * 60_000;

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** Verifies a request signed in its Authorization header, as strictly as AWS's canonical form says. */
export function verifySigV4<P>(request: SignedRequest, options: SigV4Options<P>): SigV4Result<P> {
  const authorizations = headerValues(request.headers, "authorization");
  const [header] = authorizations;
  if (header === undefined) {
    const query = /(^|&)X-Amz-(Signature|Algorithm)=/i.test(splitTarget(request.target).query ?? "");
    return refused(
      "MissingAuthenticationTokenException",
      "Missing Authentication Token",
      query ? "signed in the query: sign the Authorization header instead" : "not signed: no Authorization header",
    );
  }
  if (authorizations.length > 1) return incomplete("Authorization header must be sent once.");
  if (!header.startsWith(`${ALGORITHM} `))
    return incomplete(`Authorization header requires the ${ALGORITHM} algorithm.`);
  const authorization = parseAuthorization(header);
  if (typeof authorization === "string") return incomplete(authorization);

  const time = headerValues(request.headers, "x-amz-date")[0] ?? headerValues(request.headers, "date")[0];
  if (time === undefined)
    return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  const problem =
    scopeProblem(authorization, options) ??
    dateProblem(authorization, time, options.now) ??
    headerProblem(request, authorization);
  if (problem) return refused("InvalidSignatureException", problem, problem);

  const tokens = headerValues(request.headers, "x-amz-security-token");
  const credential = options.credentialFor(authorization.accessKeyId, tokens[0]);
  if (!credential.ok) {
    return credential.reason === "expired"
      ? refused("ExpiredTokenException", "The security token included in the request is expired", credential.cause)
      : refused(
          "UnrecognizedClientException",
          "The security token included in the request is invalid.",
          credential.cause,
        );
  }
  const matches = matcher(request, authorization, time, credential.secret);
  if (matches("%20")) return { ok: true, accessKeyId: authorization.accessKeyId, principal: credential.principal };
  const plus = (["+", "%2B"] as const).find(matches);
  if (plus && options.lenient)
    return { ok: true, accessKeyId: authorization.accessKeyId, principal: credential.principal };
  return refused("InvalidSignatureException", MISMATCH, plus ? PLUS_CAUSE : mismatchCause(request));
}

const PLUS_CAUSE =
  "a space of the query was sent as `+` and signed so: AWS wants `%20` (use the gatehouse auth provider, or start with --lenient-sigv4)";

/** Whether the signature is right when a `+` of the query is read in the given way, with the Host header as sent or without its port. */
function matcher(
  request: SignedRequest,
  authorization: Authorization,
  time: string,
  secret: string,
): (plus: PlusForm) => boolean {
  const { date, region, service, signedHeaders, signature } = authorization;
  const key = signingKey(secret, date, region, service);
  const iso = basicDate(parseDate(time) ?? 0);
  const sent = headerValues(request.headers, "host")[0] ?? "";
  const hosts = new Set([sent, sent.replace(/:\d+$/, "")]);
  return (plus) =>
    [...hosts].some((host) => {
      const path = service === "s3" ? { path: canonicalS3Path } : {};
      const hashed = sha256(canonicalRequest(request, signedHeaders, { host, plus, ...path }));
      const text = [ALGORITHM, iso, `${date}/${region}/${service}/aws4_request`, hashed].join("\n");
      return sameSignature(signatureOf(key, text), signature);
    });
}

function scopeProblem<P>(authorization: Authorization, options: SigV4Options<P>): string | undefined {
  if (authorization.service !== options.service)
    return `Credential should be scoped to correct service: '${options.service}'. `;
  if (!options.regions.includes(authorization.region))
    return `Credential should be scoped to a valid region, not '${authorization.region.slice(0, 40)}'. `;
  if (authorization.terminator !== "aws4_request")
    return "Credential should be scoped with a valid terminator: 'aws4_request'. ";
  return undefined;
}

function dateProblem({ date }: Authorization, text: string, now: number): string | undefined {
  const time = parseDate(text);
  if (time === undefined) return "Date must be in ISO-8601 'basic format'.";
  if (basicDate(time).slice(0, 8) !== date)
    return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.";
  if (time < now - SKEW_MS)
    return `Signature expired: ${basicDate(time)} is now earlier than ${basicDate(now - SKEW_MS)} (${basicDate(now)} - 5 min.)`;
  if (time > now + SKEW_MS)
    return `Signature not yet current: ${basicDate(time)} is still later than ${basicDate(now + SKEW_MS)} (${basicDate(now)} + 5 min.)`;
  return undefined;
}

/** What must be signed: the host, and every `x-amz-*` header that came. */
function headerProblem(request: SignedRequest, { signedHeaders }: Authorization): string | undefined {
  if (!signedHeaders.includes("host"))
    return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  if (headerValues(request.headers, "host").length !== 1) return "Exactly one Host header is required.";
  const sent = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const absent = signedHeaders.find((name) => !sent.has(name));
  if (absent !== undefined) return `The signed header '${absent.slice(0, 60)}' is not in the request.`;
  const unsigned = [...sent].find((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (unsigned !== undefined)
    return `The header '${unsigned.slice(0, 60)}' must be a 'SignedHeader' in the AWS Authorization.`;
  for (const name of ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]) {
    if (headerValues(request.headers, name).length > 1) return `The header '${name}' must be sent once.`;
  }
  return undefined;
}

function mismatchCause(request: SignedRequest): string {
  const [declared] = headerValues(request.headers, "x-amz-content-sha256");
  if (declared !== undefined && declared !== sha256(request.body))
    return /^[0-9a-f]{64}$/.test(declared)
      ? "the body is not the one that was signed (x-amz-content-sha256 differs)"
      : "x-amz-content-sha256 must be the hash of the body: only S3 takes an unsigned payload";
  return "the signature differs: wrong secret key, or something between the client and here changed the request";
}

function incomplete(message: string): SigV4Result<never> {
  return refused("IncompleteSignatureException", message, message);
}

function refused(type: SigV4ErrorType, message: string, cause: string): SigV4Result<never> {
  return { ok: false, status: 403, type, message, cause };
}
