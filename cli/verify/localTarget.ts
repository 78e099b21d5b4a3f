import type { Persona } from "../../authorizer/catalogue/personas.ts";
import type { LocalCredentials, Verification } from "../../local/control.ts";
import { askLocalRun } from "../running.ts";
import type { Caller, Target } from "./target.ts";

/** The local run that uses a data folder, with one caller per persona and door. */
export async function localTarget(
  data: string,
  running: Verification,
  personas: readonly Persona[],
  origin: string | null,
): Promise<Target> {
  const callers = await Promise.all(personas.map((persona) => caller(data, running, persona)));
  return { urls: running.urls, region: running.region, origin: running.uiOrigin ?? origin, callers };
}

async function caller(data: string, running: Verification, persona: Persona): Promise<Caller> {
  const profile = running.profiles.find((each) => each.persona === persona.name);
  const user = running.users.find(({ groups }) => groups.includes(persona.group));
  const keys =
    profile && (await askLocalRun<LocalCredentials>(data, "/credentials", { as: profile.key, persona: persona.name }));
  const token = user && (await askLocalRun<{ token: string }>(data, "/token", { as: user.name, seconds: 900 })).token;
  return {
    persona: persona.name,
    person: { ...(profile ? { code: profile.person } : {}), ...(user ? { browser: user.name } : {}) },
    keys,
    token,
  };
}
