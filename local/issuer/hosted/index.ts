import type { IncomingMessage } from "node:http";
import { readBody } from "../../httpMessage.ts";
import type { OperationContext } from "../context.ts";
import { authorize, BadPageError, comeBack } from "./authorize.ts";
import type { HostedSettings } from "./settings.ts";
import { token } from "./token.ts";

export type { HostedSettings } from "./settings.ts";

export interface HostedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const FORM_BYTES = 16 * 1024;

/** The managed login's endpoints, as far as a login at the company's provider needs them; undefined for another path. */
export async function hostedAnswer(
  request: IncomingMessage,
  { path, query }: { readonly path: string; readonly query: string | undefined },
  context: OperationContext,
  hosted: HostedSettings,
): Promise<HostedAnswer | undefined> {
  const parameters = new URLSearchParams(query ?? "");
  try {
    switch (`${request.method} ${path}`) {
      case "GET /oauth2/authorize":
        return found(await authorize(parameters, context, hosted));
      case "GET /oauth2/idpresponse":
        return found(await comeBack(parameters, context, hosted));
      case "GET /logout":
        return found(loggedOut(parameters, context, hosted));
      case "POST /oauth2/token": {
        const { status, body } = await token(
          new URLSearchParams((await readBody(request, FORM_BYTES)).toString()),
          context,
        );
        return {
          status,
          headers: { "content-type": "application/json", "cache-control": "no-store" },
          body: JSON.stringify(body),
        };
      }
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof BadPageError)) throw error;
    return { status: 400, headers: { "content-type": "text/plain; charset=utf-8" }, body: error.message };
  }
}

function loggedOut(query: URLSearchParams, { pool }: OperationContext, { returnUrls }: HostedSettings): string {
  const page = query.get("logout_uri") ?? "";
  const client = pool.clients.get(query.get("client_id") ?? "");
  if (!client || ![...client.logoutUrls, ...returnUrls].includes(page))
    throw new BadPageError("no such client, or it names no such page to return to");
  return page;
}

function found(location: string): HostedAnswer {
  return { status: 302, headers: { location, "cache-control": "no-store" }, body: "" };
}
