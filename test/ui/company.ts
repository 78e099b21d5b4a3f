import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as tls from "node:tls";
import Provider from "oidc-provider";
import { parse, stringify } from "yaml";
import { certificate } from "../helpers/certificate.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { ROOT } from "./site.ts";

/** What the company's directory says of its people, by login name. */
export const DIRECTORY: Readonly<Record<string, { readonly email: string; readonly groups: readonly string[] }>> = {
  "Ida.Quay": { email: "Ida@Acme.example", groups: ["Data Science EU", "team-vision", "Lunch"] },
  visitor: { email: "visitor@other.example", groups: ["Data Science EU", "team-vision"] },
  temp: { email: "temp@acme.example", groups: ["Lunch"] },
};

/** An OpenID provider and the TLS in front of the managed login, both on loopback. */
export async function openCompany() {
  const pair = certificate();
  tls.setDefaultCACertificates([...tls.getCACertificates(), pair.cert]);
  const opened = async (): Promise<{ readonly server: Server; readonly origin: string }> => {
    const server = createServer(pair);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const [idp, login] = [await opened(), await opened()];
  const provider = new Provider(idp.origin, {
    clients: [
      {
        client_id: "gatehouse",
        redirect_uris: [`${login.origin}/oauth2/idpresponse`],
        token_endpoint_auth_method: "none",
      },
    ],
    pkce: { required: () => false },
    claims: { openid: ["sub"], email: ["email", "groups"] },
    cookies: { keys: ["only for a test"] },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, ...(Object.hasOwn(DIRECTORY, sub) ? DIRECTORY[sub] : {}) }),
    }),
  });
  const answer = provider.callback();
  idp.server.on("request", (incoming, outgoing) => void answer(incoming, outgoing));
  return {
    issuer: idp.origin,
    loginOrigin: login.origin,
    /** Passes the managed login's requests on to the local user pool. */
    passTo(userPool: string): void {
      login.server.on("request", (incoming, outgoing) => {
        const { url, method, headers } = incoming;
        const inner = request(new URL(url ?? "/", userPool), { method, headers }, (response) => {
          outgoing.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(outgoing);
        });
        inner.on("error", () => outgoing.destroy());
        incoming.pipe(inner);
      });
    },
    async close(): Promise<void> {
      for (const { server } of [idp, login]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

export type Company = Awaited<ReturnType<typeof openCompany>>;

/** The program with a central stack whose user pool knows the company's provider. */
export function federatedProgram(issuer: string): string {
  const dir = temporaryFolder();
  for (const name of readdirSync(ROOT))
    if (!name.startsWith(".") && name !== "Pulumi.central.yaml") symlinkSync(join(ROOT, name), join(dir, name));
  const stack = parse(readFileSync(join(ROOT, "Pulumi.central.yaml"), "utf8")) as { config: Record<string, object> };
  stack.config["mlflow-gatehouse:login"] = {
    ...stack.config["mlflow-gatehouse:login"],
    domainPrefix: "acme-mlflow",
    identityProviders: [
      {
        name: "Acme",
        type: "oidc",
        issuer,
        clientId: "gatehouse",
        person: "email",
        groups: { "Data Science EU": "scientist" },
        domains: ["acme.example"],
      },
    ],
  };
  writeFileSync(join(dir, "Pulumi.central.yaml"), stringify(stack));
  return dir;
}
