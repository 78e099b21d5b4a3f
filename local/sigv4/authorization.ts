/** The Authorization header of a signed request, taken apart. */
export interface Authorization {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** As listed by the client, in lower case. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export const ALGORITHM = "AWS4-HMAC-SHA256";

/** Takes the header apart; a string says what is missing, in AWS's words. */
export function parseAuthorization(header: string): Authorization | string {
  const parts = new Map<string, string>();
  for (const part of header.slice(ALGORITHM.length).split(",")) {
    const at = part.indexOf("=");
    // The value stays out of the message: a misplaced token must not reach a log.
    if (at === -1) return "Invalid key=value pair (missing equal-sign) in Authorization header.";
    parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  const credential = parts.get("Credential");
  const signedHeaders = parts.get("SignedHeaders");
  const signature = parts.get("Signature");
  const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => !parts.get(name));
  if (!credential || !signedHeaders || !signature)
    return missing.map((name) => `Authorization header requires '${name}' parameter.`).join(" ");
  // Access key ids hold no slash, so five parts and no fewer.
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split("/");
  if (!accessKeyId || !date || !region || !service || !terminator || rest.length)
    return "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.";
  return {
    accessKeyId,
    date,
    region,
    service,
    terminator,
    signedHeaders: signedHeaders.toLowerCase().split(";"),
    signature,
  };
}

/** Milliseconds of `20251124T180000Z`, or of an HTTP date; undefined when it is neither. */
export function parseDate(text: string): number | undefined {
  const basic = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  const time = basic
    ? Date.parse(`${basic[1]}-${basic[2]}-${basic[3]}T${basic[4]}:${basic[5]}:${basic[6]}Z`)
    : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** The opposite of `parseDate`. */
export function basicDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
}
