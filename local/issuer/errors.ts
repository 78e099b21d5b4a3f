import { z } from "zod";

/** A refusal in Cognito's words. */
export class CognitoError extends Error {
  override readonly name = "CognitoError";
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Text of a request. */
export const TEXT = z.string().min(1).max(8192);

/** Reads an operation's input. @throws CognitoError naming every bad field */
export function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "body").join(", ");
  throw new CognitoError("InvalidParameterException", `Missing or malformed parameter: ${fields}`);
}
