import { randomBytes } from "node:crypto";
import type { OperationContext } from "../context.ts";
import type { ClientSettings, ProviderSettings } from "../settings.ts";
import type { User } from "../state.ts";
import { askTrigger } from "../trigger.ts";
import { authorizationUrl, type Identity, identityOf, ProviderError } from "./provider.ts";
import type { HostedSettings } from "./settings.ts";

/** What a page asked, kept while its user is at the provider. */
interface Asked {
  readonly kind: "asked";
  readonly client: ClientSettings;
  readonly provider: ProviderSettings;
  readonly redirectUri: string;
  readonly state: string;
  readonly scope: string;
  readonly challenge: string;
  readonly nonce: string;
}

/** What an authorization code stands for. */
export interface Granted {
  readonly kind: "granted";
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly challenge: string;
  readonly user: string;
}

/** A request that names no page to go back to. */
export class BadPageError extends Error {
  override readonly name = "BadPageError";
}

const isAsked = (value: unknown): value is Asked => (value as Partial<Asked> | null)?.kind === "asked";

/** Where `GET /oauth2/authorize` leads. Source: Cognito guide, "The redirect and authorization endpoint". @throws BadPageError */
export async function authorize(
  query: URLSearchParams,
  context: OperationContext,
  hosted: HostedSettings,
): Promise<string> {
  const client = context.pool.clients.get(query.get("client_id") ?? "");
  const redirectUri = query.get("redirect_uri") ?? "";
  if (!client?.codeFlow || ![...client.callbackUrls, ...hosted.returnUrls].includes(redirectUri))
    throw new BadPageError("redirect_mismatch: no such client, or it names no such page to return to");
  const back = (error: string, description: string) =>
    returning(redirectUri, { error, error_description: description, state: query.get("state") ?? "" });
  if (query.get("response_type") !== "code") return back("unsupported_response_type", "only code");
  const challenge = query.get("code_challenge") ?? "";
  if (!challenge || query.get("code_challenge_method") !== "S256") return back("invalid_request", "PKCE with S256");
  const scope = query.get("scope") ?? "";
  if (!scope || scope.split(" ").some((each) => !client.scopes.includes(each)))
    return back("invalid_scope", "the client has no such scope");
  const name = query.get("identity_provider") ?? "";
  const provider = context.pool.providers.find((each) => each.name === name);
  if (!provider || !client.providers.includes(name)) return back("invalid_request", "no such identity provider");
  if (provider.type !== "OIDC") return back("invalid_request", "on this machine only OpenID providers can log in");
  const nonce = randomBytes(24).toString("base64url");
  const asked: Asked = {
    kind: "asked",
    client,
    provider,
    redirectUri,
    state: query.get("state") ?? "",
    scope,
    challenge,
    nonce,
  };
  try {
    return await authorizationUrl(provider, {
      redirectUri: idpResponse(hosted),
      state: context.sessions.open(asked, 600),
      nonce,
    });
  } catch (error) {
    return back("server_error", words(error));
  }
}

/** Where `GET /oauth2/idpresponse` leads: back to the page with a code, or with why there is none. @throws BadPageError */
export async function comeBack(
  query: URLSearchParams,
  context: OperationContext,
  hosted: HostedSettings,
): Promise<string> {
  const asked = context.sessions.take(query.get("state") ?? "", isAsked);
  if (!asked) throw new BadPageError("this login took too long or was used already: start again from the UI");
  const { client, provider, redirectUri, scope, challenge, nonce, state } = asked;
  const back = (error: string, error_description: string) =>
    returning(redirectUri, { error, error_description, state });
  const code = query.get("code");
  if (!code) return back(query.get("error") ?? "access_denied", query.get("error_description") ?? "not logged in");
  try {
    const identity = await identityOf(provider, { code, redirectUri: idpResponse(hosted), nonce });
    const { name, user } = external(provider, identity, context);
    if (!user.enabled) return back("access_denied", "User is disabled.");
    // AWS doesn't say in which of its two steps the function is asked; here the user hears of it in either.
    const refused = await askTrigger(context.preToken, context.pool, {
      source: "TokenGeneration_HostedAuth",
      name,
      user,
      clientId: client.id,
    }).then(
      () => undefined,
      (problem: unknown) => (problem instanceof Error ? problem.message : String(problem)),
    );
    if (refused !== undefined) return back("invalid_request", `PreTokenGeneration failed with error ${refused}.`);
    const granted: Granted = { kind: "granted", clientId: client.id, redirectUri, scope, challenge, user: name };
    return returning(redirectUri, { code: context.sessions.open(granted, 300), state });
  } catch (error) {
    return back("invalid_request", words(error));
  }
}

/** The user pool's entry of a foreign provider's person, brought up to date with what the provider says now. */
function external(provider: ProviderSettings, { subject, claims }: Identity, { state, now }: OperationContext) {
  const name = `${provider.name}_${subject}`.toLowerCase();
  const attributes: Record<string, string> = {
    identities: JSON.stringify([
      { userId: subject, providerName: provider.name, providerType: provider.type, issuer: null, primary: "true" },
    ]),
  };
  for (const [attribute, claim] of Object.entries(provider.mapping)) {
    const value = claims[claim];
    if (typeof value === "string") attributes[attribute] = value;
    else if (value !== undefined) attributes[attribute] = JSON.stringify(value);
  }
  const known = state.user(name);
  if (known) state.change(known, { attributes });
  const user: User =
    known ??
    state.addUser(name, {
      password: null,
      groups: [],
      enabled: true,
      status: "EXTERNAL_PROVIDER",
      attributes,
      seeded: false,
      managed: false,
      created: now(),
    });
  return { name, user };
}

function idpResponse({ origin }: HostedSettings): string {
  return `${origin}/oauth2/idpresponse`;
}

function returning(page: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(page);
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.set(name, value);
  return url.href;
}

function words(error: unknown): string {
  return error instanceof ProviderError ? error.message : "the identity provider's answer can't be used";
}
