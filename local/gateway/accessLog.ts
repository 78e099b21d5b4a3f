import { stringMap } from "../declared.ts";
import type { ContextVariables } from "./context.ts";

/** A line of the access log that a stage declares: name → the variable, or the fixed text, that stands there. */
export type AccessLogFormat = Readonly<Record<string, string>>;

/** Reads a declared format; undefined where it isn't one flat object of JSON. */
export function accessLogFormat(text: string | undefined): AccessLogFormat | undefined {
  if (text === undefined) return undefined;
  try {
    return stringMap(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The line of one request. What the request has no value of is `-`, as on AWS. Source: API Gateway guide, "Variables for access logging". */
export function accessLine(format: AccessLogFormat, context: ContextVariables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(format).map(([name, value]) => [
      name,
      value.startsWith("$context.") ? (context[value.slice("$context.".length)] ?? "-") : value,
    ]),
  );
}
