import { type HeaderList, headerValues, splitTarget } from "../httpMessage.ts";
import { ALGORITHM, parseDate } from "./authorization.ts";
import { canonicalRequest, canonicalS3Path, sha256 } from "./canonical.ts";
import { sameSignature, signatureOf, signingKey } from "./key.ts";
import type { Credential } from "./verify.ts";

export interface PresignedOptions<P> {
  readonly region: string;
  /** Milliseconds. */
  readonly now: number;
  readonly credentialFor: (accessKeyId: string, sessionToken: string | undefined) => Credential<P>;
}

export type PresignedResult<P> =
  | { readonly ok: true; readonly principal: P }
  /** `code` as S3's error document has it. */
  | { readonly ok: false; readonly code: string; readonly message: string };

interface Request {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: HeaderList;
}

/** Longest life of a URL, in seconds. Source: S3 API, "Authenticating Requests: Using Query Parameters". */
const LONGEST_SECONDS = 604_800;
const SKEW_MS = 15 * 60_000;
const NAMES = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] as const;

/** Verifies a URL of S3 that is signed in its query: method, path, every other parameter and the named headers are what was signed, the body isn't. */
export function verifyPresigned<P>(request: Request, options: PresignedOptions<P>): PresignedResult<P> {
  const { path, query = "" } = splitTarget(request.target);
  const pairs = query.split("&").filter((pair) => pair !== "");
  const values = (name: string) =>
    pairs.filter((pair) => pair.startsWith(`X-Amz-${name}=`)).map((pair) => decode(pair.slice(name.length + 7)));
  const [algorithm, credential, date, expires, signed, signature] = NAMES.map((name) => values(name)[0] ?? "");
  if (NAMES.some((name) => values(name).length !== 1) || values("Security-Token").length > 1 || algorithm !== ALGORITHM)
    return refused(
      "AuthorizationQueryParametersError",
      `Query-string authentication version 4 requires the X-Amz-${NAMES.join(", X-Amz-")} parameters, each once.`,
    );
  const [accessKeyId = "", day = "", region = "", service = "", terminator, ...rest] = (credential ?? "").split("/");
  const time = parseDate(date ?? "");
  const seconds = /^\d{1,7}$/.test(expires ?? "") ? Number(expires) : Number.NaN;
  const scoped = region === options.region && service === "s3" && terminator === "aws4_request" && rest.length === 0;
  if (!scoped || time === undefined || !date?.startsWith(day) || !(seconds >= 1 && seconds <= LONGEST_SECONDS))
    return refused(
      "AuthorizationQueryParametersError",
      "The credential's scope, the date or the time of expiry is wrong.",
    );
  if (time > options.now + SKEW_MS) return refused("AccessDenied", "Request is not yet valid");
  if (time + seconds * 1000 < options.now) return refused("AccessDenied", "Request has expired");
  const signedHeaders = (signed ?? "").toLowerCase().split(";");
  const sent = new Set(request.headers.map(([name]) => name.toLowerCase()));
  // INVARIANT: a header that changes what S3 does, such as x-amz-copy-source, counts only when it was signed.
  const unsigned = [...sent].find((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (unsigned !== undefined || !signedHeaders.includes("host") || headerValues(request.headers, "host").length !== 1)
    return refused("AccessDenied", "There were headers present in the request which were not signed");
  const known = options.credentialFor(accessKeyId, values("Security-Token")[0]);
  if (!known.ok)
    return refused(known.reason === "expired" ? "ExpiredToken" : "InvalidAccessKeyId", "The access key is not known.");
  const target = `${path}?${pairs.filter((pair) => !pair.startsWith("X-Amz-Signature=")).join("&")}`;
  const canonical = canonicalRequest({ ...request, target, body: NOTHING }, signedHeaders, {
    path: canonicalS3Path,
    payload: "UNSIGNED-PAYLOAD",
  });
  const text = [ALGORITHM, date, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join("\n");
  const expected = signatureOf(signingKey(known.secret, day, region, "s3"), text);
  return sameSignature(expected, signature ?? "")
    ? { ok: true, principal: known.principal }
    : refused(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
      );
}

const NOTHING = new Uint8Array();

/** The empty text, which no check accepts, where it isn't percent-encoding. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function refused(code: string, message: string): PresignedResult<never> {
  return { ok: false, code, message };
}
