import { styleText } from "node:util";
import type { LocalRun } from "../../local/localRun.ts";

/** The screen of a run that is ready: addresses, who can log in, and calls to paste. */
export function welcome(run: LocalRun, { data, elapsed }: { readonly data: string; readonly elapsed: string }): string {
  const bold = (text: string) => styleText("bold", text);
  const [profile] = run.profiles.filter(({ persona }) => persona === "scientist").concat(run.profiles);
  const credentials = profile
    ? `npx gatehouse credentials --as ${profile.key}${data === ".gatehouse" ? "" : ` --data ${data}`}`
    : "";
  const [user] = run.users;
  const token = `npx gatehouse token --as ${user?.name ?? ""}${data === ".gatehouse" ? "" : ` --data ${data}`}`;
  const profiles = [...run.profiles, ...run.jobs].map(
    ({ key, person, persona }) => `  ${key.padEnd(22)} ${persona.padEnd(16)} ${person}`,
  );
  const users = run.users.map(
    ({ name, password, groups }) => `  ${name.padEnd(22)} ${password.padEnd(22)} ${groups.join(", ")}`,
  );
  return `
${bold("Ready")} in ${elapsed}. Ctrl-C stops it; state is kept in ${data}.

${bold("Doors")}
  MLflow's UI            ${run.urls.ui ?? "not built: node tools/ui.ts"}
  code (SigV4)           ${run.urls.code}
  browser (token)        ${run.urls.browser}
  user pool              ${run.urls.userPool}   client ${run.clientId}
  STS                    ${run.urls.sts}${run.artifacts ? `\n  artifacts (S3)         ${run.artifacts.url}   bucket ${run.artifacts.bucket}` : ""}

${bold(run.jobs.length ? "Profiles and jobs of the consumer account" : "Profiles of the consumer account")} (persona, person)
${profiles.join("\n")}

${bold("Users of the user pool")} (password, groups)
${users.join("\n")}

${bold("From Python")}, as a notebook of ${profile?.key ?? "a profile"} would (other terminal, with .venv activated):
  eval "$(${credentials})"
  python -c 'import mlflow; mlflow.set_experiment("first-light"); mlflow.start_run(); mlflow.log_metric("loss", 0.1); mlflow.end_run()'

${bold("With a token")}, as the browser would:
  curl -H "Authorization: Bearer $(${token})" ${run.urls.browser}/ajax-api/2.0/mlflow/experiments/search?max_results=5

${bold("Requests")}`;
}
