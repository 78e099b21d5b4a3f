import type { IncomingMessage, ServerResponse } from "node:http";
import type { Administration } from "./administration.ts";
import type { Profile } from "./people.ts";
import { type Credentials, type Sts, StsError } from "./sts/index.ts";

export interface CredentialsRequest {
  /** `<consumer>/<profile>`. */
  readonly as: string;
  /** Central persona role to assume; absent: the profile's own execution role, as SageMaker hands it out. */
  readonly persona?: string | undefined;
}

/** Temporary credentials with what a client needs beside them. */
export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** ISO 8601. */
  readonly expiration: string;
  /** Environment of a client that uses them. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface TokenRequest {
  readonly as: string;
  readonly seconds?: number | undefined;
}

/** Where the doors are, and who may be asked for to try them. */
export interface Verification {
  readonly urls: { readonly code: string; readonly browser: string };
  readonly region: string;
  /** Of the web UI; null: none is served, and the declared origin holds. */
  readonly uiOrigin: string | null;
  readonly stack: string;
  readonly dir: string;
  readonly profiles: readonly Pick<Profile, "key" | "persona" | "person">[];
  readonly users: readonly { readonly name: string; readonly groups: readonly string[] }[];
}

/** What commands ask a running local run. */
export interface Control {
  readonly verification: () => Verification;
  readonly credentials: (request: CredentialsRequest) => LocalCredentials;
  readonly token: (request: TokenRequest) => Promise<string>;
  readonly administration: () => Administration;
}

interface CredentialSource {
  readonly sts: Sts;
  readonly profiles: readonly Profile[];
  readonly urls: { readonly code: string; readonly sts: string; readonly ui: string | null };
}

/** @throws Error with a sentence for people when there is no such profile or the declared policies refuse */
export function localCredentials(source: CredentialSource, { as, persona }: CredentialsRequest): LocalCredentials {
  const profile = source.profiles.find(({ key }) => key === as);
  if (!profile)
    throw new Error(`no profile \`${as}\`: there is ${source.profiles.map(({ key }) => key).join(", ") || "none"}`);
  const own = source.sts.issue({ roleArn: profile.executionRoleArn, sessionName: profile.person });
  const here = {
    AWS_ENDPOINT_URL_STS: source.urls.sts,
    MLFLOW_TRACKING_URI: source.urls.code,
    ...(source.urls.ui === null ? {} : { MLFLOW_UI_URL: source.urls.ui }),
  };
  // The client assumes the central role by itself, and refreshes it.
  if (persona === undefined) return shaped(own, { ...profile.environment, ...here });
  const roleArn = profile.personaRoleArns[persona];
  if (roleArn === undefined)
    throw new Error(
      `the consumer has no role for \`${persona}\`: there is ${Object.keys(profile.personaRoleArns).join(", ")}`,
    );
  const { GATEHOUSE_ROLE_ARN: _, GATEHOUSE_EXTERNAL_ID: externalId, ...environment } = profile.environment;
  try {
    const { credentials } = source.sts.assume(own.session, {
      roleArn,
      sessionName: profile.person,
      ...(externalId === undefined ? {} : { externalId }),
    });
    return shaped(credentials, { ...environment, ...here });
  } catch (error) {
    if (error instanceof StsError) throw new Error(`STS refuses: ${error.message}`);
    throw error;
  }
}

function shaped(credentials: Credentials, more: Readonly<Record<string, string>>): LocalCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: credentials.expiration.toISOString(),
    environment: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      ...more,
    },
  };
}

/** Answers `POST /credentials`, `/token`, `/verification` and `/administration` on the run's Unix socket. */
export function controlHandler(control: Control) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let answer: unknown;
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as CredentialsRequest & TokenRequest;
      if (request.url === "/credentials") answer = control.credentials(body);
      else if (request.url === "/token") answer = { token: await control.token(body) };
      else if (request.url === "/verification") answer = control.verification();
      else if (request.url === "/administration") answer = control.administration();
      else throw new Error(`the local run knows no ${request.url ?? ""}`);
    } catch (error) {
      response.statusCode = 400;
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  };
}
