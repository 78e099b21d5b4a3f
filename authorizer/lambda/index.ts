import { readFileSync } from "node:fs";
import type { Fetcher } from "aws-jwt-verify/https";
import type { Persona } from "../catalogue/personas.ts";
import type { UserPool } from "../identity/token.ts";
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
