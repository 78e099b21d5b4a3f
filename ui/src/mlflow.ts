/** What MLflow's own page loads, in its order: the build takes it from the wheel's `index.html`. */
interface Assets {
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
}

/** Starts MLflow's unmodified UI in this page. */
export function startMlflow(): void {
  const assets = JSON.parse(document.getElementById("mlflow-assets")?.textContent ?? "{}") as Assets;
  for (const href of assets.styles) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    document.head.append(link);
  }
  for (const src of assets.scripts) {
    const script = document.createElement("script");
    script.src = src;
    script.async = false;
    document.body.append(script);
  }
}
