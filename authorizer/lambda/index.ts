import { readFileSync } from "node:fs";
import type { Fetcher } from "aws-jwt-verify/https";
import type { Persona } from "../catalogue/personas.ts";
import type { UserPool } from "../identity/token.ts";
import { accessSource } from "./accessSource.ts";
import { itemFetcher } from "./getItem.ts";
import { authorizer } from "./handler.ts";

export { browserDocument } from "../policy/compile.ts";

/** The function as declared: personas from the file beside it, the rest from its environment. */
export function createHandler(options: { readonly fetchJwks?: Fetcher } = {}) {
  return authorizer({
    userPools: JSON.parse(setting("GATEHOUSE_USER_POOLS")) as UserPool[],
    personas: JSON.parse(readFileSync(new URL("personas.json", import.meta.url), "utf8")) as Persona[],
    assertionKey: setting("GATEHOUSE_ASSERTION_KEY"),
    cacheSeconds: Number(setting("GATEHOUSE_CACHE_SECONDS")),
    fetchJwks: options.fetchJwks,
    accessPolicy: accessPolicy(),
  });
}

/** Without a table the deployed settings count alone. What Lambda gives the function (region, credentials) is read once, as the SDK does. */
function accessPolicy() {
  const table = process.env.GATEHOUSE_ACCESS_TABLE;
  if (!table) return undefined;
  const fetchItem = itemFetcher({
    table,
    region: setting("AWS_REGION"),
    endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB,
    accessKeyId: setting("AWS_ACCESS_KEY_ID"),
    secretAccessKey: setting("AWS_SECRET_ACCESS_KEY"),
    sessionToken: process.env.AWS_SESSION_TOKEN,
  });
  const seconds = (name: string, fallback: number) => {
    const value = Number(process.env[name] ?? fallback);
    if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be whole seconds`);
    return value;
  };
  return accessSource({
    fetchItem,
    cacheSeconds: seconds("GATEHOUSE_ACCESS_CACHE_SECONDS", 30),
    staleSeconds: seconds("GATEHOUSE_ACCESS_STALE_SECONDS", 900),
  });
}

let warm: ReturnType<typeof createHandler> | undefined;

/** Entry point of the Lambda function. What it keeps between calls are the key sets and the compiled documents. */
export const handler: ReturnType<typeof createHandler> = (event) => {
  warm ??= createHandler();
  return warm(event);
};

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is missing`);
  return value;
}
