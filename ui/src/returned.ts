import { Hub } from "aws-amplify/utils";

/** Where in MLflow somebody was going, over the way to an identity provider and back. */
const GOING_TO = "gatehouse.goingTo";

/** Keeps the address for after the login. */
export function leaveFor(): void {
  sessionStorage.setItem(GOING_TO, location.hash);
}

export function isReturn(): boolean {
  const query = new URLSearchParams(location.search);
  return query.has("state") && (query.has("code") || query.has("error"));
}

/** Back from an identity provider: resolves when its answer has become a login, or says why it has not. */
export function returned(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const stop = Hub.listen("auth", ({ payload }) => {
      if (payload.event !== "signInWithRedirect" && payload.event !== "signInWithRedirect_failure") return;
      stop();
      const failed = payload.event === "signInWithRedirect_failure" ? (payload.data?.error ?? "") : undefined;
      const hash = sessionStorage.getItem(GOING_TO) ?? "";
      sessionStorage.removeItem(GOING_TO);
      history.replaceState(null, "", `/${hash}`);
      resolve(typeof failed === "string" ? failed : failed?.message);
    });
    // It looks at once, so not before somebody listens.
    void import("aws-amplify/auth/enable-oauth-listener");
  });
}
