/** What MLflow's UI asks for before it shows anything, one after the other. All are about the person, whatever the workspace. */
export const FIRST_QUESTIONS = [
  "/ajax-api/3.0/mlflow/server-info",
  "/ajax-api/3.0/mlflow/workspaces",
  "/ajax-api/2.0/mlflow/users/current",
  "/ajax-api/3.0/mlflow/assistant/config",
  "/ajax-api/3.0/mlflow/assistant/providers",
];

/** Milliseconds in which a page has loaded its script and asks. */
const FRESH_MS = 5_000;

interface Asked {
  readonly bearer: string;
  readonly until: number;
  readonly answer: Promise<Response | undefined>;
}

const asked = new Map<string, Asked>();

/** Asks while the page still loads MLflow's script. An answer other than 200 is nobody's: the page asks itself, and is told why. */
export async function askAhead(bearer: string, send: (path: string) => Promise<Response>): Promise<void> {
  for (const path of FIRST_QUESTIONS) {
    const answer = send(path).then(
      (response) => (response.status === 200 ? response : undefined),
      () => undefined,
    );
    asked.set(path, { bearer, until: Date.now() + FRESH_MS, answer });
  }
  await Promise.all([...asked.values()].map(({ answer }) => answer));
}

/** @returns a copy of the answer that this person got a moment ago, or gets now */
export async function askedAhead(request: Request, url: URL, bearer: string): Promise<Response | undefined> {
  if (request.method !== "GET") {
    // What is written may be what was asked for.
    asked.clear();
    return undefined;
  }
  const found = url.search === "" ? asked.get(url.pathname) : undefined;
  if (!found || found.bearer !== bearer || found.until < Date.now()) return undefined;
  return (await found.answer)?.clone();
}

export function forgetAhead(): void {
  asked.clear();
}
