/** What the pages have to know of a stack: `gatehouse.json`, which is deployed beside them. */
export interface Config {
  /** Address of the `browser` door with its stage. */
  readonly apiUrl: string;
  readonly region: string;
  readonly userPoolId: string;
  readonly userPoolClientId: string;
  /** Address of the user pool where it isn't Cognito's own: the local run. */
  readonly userPoolEndpoint?: string;
  /** Host of the managed login page; null without identity providers. */
  readonly loginDomain: string | null;
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  /** Workspaces in the order of the settings; a person starts in his first. */
  readonly workspaces?: readonly string[];
  /** Who has what: for the bar, and for saying who can do what was refused. */
  readonly personas?: readonly PersonaWords[];
}

export interface PersonaWords {
  readonly name: string;
  readonly group: string;
  readonly permissions: readonly string[];
}

const KEPT = "gatehouse.config";

/** The settings as last seen, so that a page needn't wait for them. They hold no secret. */
export function keptConfig(): Config | undefined {
  try {
    return (JSON.parse(localStorage.getItem(KEPT) ?? "null") as Config | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @returns the settings, and whether they are others than those kept @throws Error with a sentence for people */
export async function readConfig(): Promise<{ readonly config: Config; readonly changed: boolean }> {
  const response = await fetch("gatehouse.json");
  if (!response.ok) throw new Error(`this page's settings (gatehouse.json) can't be read: HTTP ${response.status}`);
  const text = await response.text();
  const config = JSON.parse(text) as Config;
  const changed = localStorage.getItem(KEPT) !== text;
  if (changed) localStorage.setItem(KEPT, text);
  return { config, changed };
}
