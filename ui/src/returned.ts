import "aws-amplify/auth/enable-oauth-listener";
import { Hub } from "aws-amplify/utils";

/** Back from an identity provider: resolves when its answer has become a login, or has not. */
export function returned(): Promise<void> {
  return new Promise((resolve) => {
    const stop = Hub.listen("auth", ({ payload }) => {
      if (!["signInWithRedirect", "signInWithRedirect_failure"].includes(payload.event)) return;
      stop();
      resolve();
    });
  });
}
