/** Starts MLflow's unmodified UI in this page: its styles, which the page has already, and its scripts, which the build takes from the wheel's `index.html`. */
export function startMlflow(): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>("link[data-mlflow]")) link.media = "all";
  const scripts = JSON.parse(document.getElementById("mlflow-scripts")?.textContent ?? "[]") as readonly string[];
  for (const src of scripts) {
    const script = document.createElement("script");
    script.src = src;
    script.async = false;
    document.body.append(script);
  }
}
