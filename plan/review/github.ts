import { MARKER } from "./comment.ts";

export interface PullRequest {
  /** `https://api.github.com`, or that of GitHub Enterprise. */
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly token: string;
}

/** GitHub refused; the message is its own. */
export class GithubError extends Error {
  override readonly name = "GithubError";
}

/**
 * Writes the comment, over the one of an earlier run where there is one. Source: GitHub REST API, "Issue comments".
 *
 * @param head when given, nothing is written unless the pull request's head is this commit: the number may come from a run that a stranger shaped
 * @throws GithubError
 */
export async function post(pull: PullRequest, text: string, head?: string): Promise<"written" | "updated"> {
  if (head !== undefined) {
    const { head: found } = (await call(pull, "GET", `pulls/${pull.number}`)) as { head: { sha: string } };
    if (found.sha !== head)
      throw new GithubError(`pull request ${pull.number} is at ${found.sha}, not at ${head}: nothing was written`);
  }
  const earlier = await find(pull);
  if (earlier === undefined) await call(pull, "POST", `issues/${pull.number}/comments`, { body: text });
  else await call(pull, "PATCH", `issues/comments/${earlier}`, { body: text });
  return earlier === undefined ? "written" : "updated";
}

/** Comments that a person wrote are never touched, even when they quote the marker. */
async function find(pull: PullRequest): Promise<number | undefined> {
  for (let page = 1; ; page += 1) {
    const comments = (await call(pull, "GET", `issues/${pull.number}/comments?per_page=100&page=${page}`)) as readonly {
      id: number;
      body: string;
      user: { type: string } | null;
    }[];
    const found = comments.find(({ body, user }) => body.startsWith(MARKER) && user?.type === "Bot");
    if (found) return found.id;
    if (comments.length < 100) return undefined;
  }
}

async function call(
  { api, repository, token }: PullRequest,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok)
    throw new GithubError(
      `GitHub answered ${response.status} to ${method} ${path}: ${(await response.text()).slice(0, 500)}`,
    );
  return response.json();
}
