import { ACCOUNT } from "./account.ts";
import type { Operation } from "./context.ts";
import { SIGN_IN } from "./signIn.ts";

/** Operations that anybody may call, with a password or a token of his own. Source: Cognito user pools API reference. */
export const OPERATIONS: Readonly<Record<string, Operation>> = { ...SIGN_IN, ...ACCOUNT };
