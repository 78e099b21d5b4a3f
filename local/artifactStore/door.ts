import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { answer, BodyTooLongError, headerList, headerValues, readBody } from "../httpMessage.ts";
import type { AccessKey } from "../issuer/index.ts";
import { type Credential, verifyPresigned, verifySigV4 } from "../sigv4/index.ts";
import { identityVerdict, principalContext, principalOf, type Session } from "../sts/index.ts";
import { deletedKeys, type S3Action, s3Action } from "./action.ts";
import type { DeclaredStore } from "./declaredStore.ts";

export interface StoreDoorSettings {
  readonly store: DeclaredStore;
  readonly region: string;
  /** Signs as MLflow's task; whoever holds a URL that MLflow signed comes with its right, for that URL. */
  readonly key: AccessKey;
  /** The S3 server behind, which checks nothing. */
  readonly upstream: URL;
  readonly now?: () => number;
}

/** Longest body that is held to be hashed: boto3 sends what is longer in parts of 8 MB. */
const SIGNED_BODY_BYTES = 64 * 1024 * 1024;

class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** S3 as the stack declares it: signatures and presigned URLs are verified, and the policies of MLflow's task and of the bucket decide, before the server behind sees a request. */
export function storeDoor(settings: StoreDoorSettings) {
  const session: Session = { role: settings.store.role, name: "mlflow", tags: {}, sourceIdentity: undefined };
  const now = settings.now ?? Date.now;
  const credentialFor = (id: string): Credential<Session> =>
    id === settings.key.accessKeyId
      ? { ok: true, secret: settings.key.secretAccessKey, principal: session }
      : { ok: false, reason: "invalid", cause: "only MLflow's own key opens the bucket" };

  const signedBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
    const [method, target, headers] = [request.method ?? "", request.url ?? "/", headerList(request)];
    if (!headerValues(headers, "authorization").length) {
      if (!/[?&]X-Amz-Signature=/.test(target)) throw new S3Error(403, "AccessDenied", "Access Denied");
      const result = verifyPresigned(
        { method, target, headers },
        { region: settings.region, now: now(), credentialFor },
      );
      if (!result.ok) throw new S3Error(403, result.code, result.message);
      return undefined;
    }
    const body = await readBody(request, SIGNED_BODY_BYTES).catch((error: unknown) => {
      if (error instanceof BodyTooLongError) throw new S3Error(400, "EntityTooLarge", "Send it in parts.");
      throw error;
    });
    const result = verifySigV4(
      { method, target, headers, body },
      { service: "s3", regions: [settings.region], now: now(), credentialFor },
    );
    if (!result.ok)
      throw new S3Error(
        403,
        result.type === "InvalidSignatureException" ? "SignatureDoesNotMatch" : "AccessDenied",
        result.cause,
      );
    return body;
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await signedBody(request);
      const copies = request.headers["x-amz-copy-source"] !== undefined;
      const asked = copies ? undefined : s3Action(request.method ?? "", request.url ?? "/");
      if (!asked) throw new S3Error(403, "AccessDenied", "Nothing here needs this call.");
      authorize(settings.store, session, asked, body);
      await forward(settings.upstream, request, response, body);
    } catch (error) {
      const known = error instanceof S3Error ? error : new S3Error(500, "InternalError", "The store doesn't answer.");
      answer(request, response, known.status, { "content-type": "application/xml" }, document(known));
    }
  };
}

/** @throws S3Error */
function authorize(store: DeclaredStore, session: Session, asked: S3Action, body: Buffer | undefined): void {
  const many = asked.key === undefined && asked.action === "s3:DeleteObject";
  const keys = many ? deletedKeys(body ?? Buffer.alloc(0)) : [asked.key];
  for (const key of keys) {
    const bucket = `arn:aws:s3:::${asked.bucket}`;
    const request = {
      action: asked.action,
      resource: key === undefined ? bucket : `${bucket}/${key}`,
      principal: principalOf(session),
      context: { ...principalContext(session, {}), "s3:TlsVersion": "1.3" },
    };
    const own = identityVerdict(session.role, request);
    const denied = store.policy && evaluate([store.policy], request).effect === "explicitDeny";
    if (asked.bucket !== store.bucket || own.effect !== "allow" || denied)
      throw new S3Error(
        403,
        "AccessDenied",
        `${session.role.name} is not authorized to perform: ${asked.action} on resource: "${request.resource}"`,
      );
  }
}

function forward(
  upstream: URL,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onward = httpRequest(
      {
        host: upstream.hostname,
        port: upstream.port,
        method: request.method,
        path: request.url,
        headers: request.headers,
      },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
        reply.pipe(response);
        reply.once("error", reject);
        response.once("close", resolve);
      },
    );
    onward.once("error", reject);
    // A client that breaks off in the middle of a part leaves no part behind.
    request.once("close", () => {
      if (!request.complete) onward.destroy();
    });
    if (body) onward.end(body);
    else request.pipe(onward);
  });
}

function document({ code, message }: S3Error): string {
  const escaped = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped}</Message></Error>`;
}
