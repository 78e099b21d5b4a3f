import type { IncomingMessage } from "node:http";
import { headerList } from "../httpMessage.ts";
import { verifySigV4 } from "../sigv4/index.ts";
import { CognitoError } from "./errors.ts";

/** A key of the local run that signs an administrator's calls, as an IAM key does on AWS. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Whether a request is signed with a key. @throws CognitoError saying what is wrong, so that no page of a browser and no other user of the machine manages users */
export function requireAdministrator(
  request: IncomingMessage,
  body: Buffer,
  { key, region, now }: { readonly key: AccessKey | undefined; readonly region: string; readonly now: number },
): void {
  const signed = { method: request.method ?? "", target: request.url ?? "/", headers: headerList(request), body };
  const result = verifySigV4(signed, {
    service: "cognito-idp",
    regions: [region],
    now: now * 1000,
    credentialFor: (accessKeyId) =>
      key && accessKeyId === key.accessKeyId
        ? { ok: true, secret: key.secretAccessKey, principal: "administrator" }
        : { ok: false, reason: "invalid", cause: "not the administrator's key of this local run" },
  });
  if (!result.ok) throw new CognitoError(result.type, result.message);
}
