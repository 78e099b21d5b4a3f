import { Authenticator, defaultDarkModeOverride, ThemeProvider } from "@aws-amplify/ui-react";
import "@aws-amplify/ui-react/styles.css";
import { signInWithRedirect } from "aws-amplify/auth";
import { type ReactNode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import type { Config } from "./config.ts";

const THEME = { name: "gatehouse", overrides: [defaultDarkModeOverride] };

/** Shows the login until somebody has logged in. @param failed why the last one at an identity provider came to nothing */
export function login(config: Config, failed?: string): Promise<void> {
  return new Promise((resolve) => {
    const place = document.createElement("div");
    place.className = "gatehouse-page gatehouse-login";
    document.body.prepend(place);
    const root = createRoot(place);
    const done = () => {
      root.unmount();
      place.remove();
      resolve();
    };
    root.render(
      <ThemeProvider theme={THEME} colorMode="system">
        <div>
          <Heading config={config} failed={failed} />
          <Authenticator hideSignUp>
            <Done done={done} />
          </Authenticator>
        </div>
      </ThemeProvider>,
    );
  });
}

function Done({ done }: { readonly done: () => void }): ReactNode {
  // Not while React renders.
  useEffect(() => void setTimeout(done), [done]);
  return null;
}

function Heading({ config, failed }: { readonly config: Config; readonly failed: string | undefined }): ReactNode {
  const signInAt = async (provider: string) => {
    await import("./returned.ts").then(({ leaveFor }) => leaveFor());
    await signInWithRedirect({ provider: { custom: provider } });
  };
  return (
    <header style={{ padding: "0 2rem 1rem" }}>
      <h1>MLflow</h1>
      {failed === undefined ? null : <p role="alert">The login did not succeed: {failed}</p>}
      {config.providers.map(({ name, label }) => (
        <p key={name}>
          <button type="button" onClick={() => void signInAt(name)}>
            Sign in with {label}
          </button>
        </p>
      ))}
    </header>
  );
}
