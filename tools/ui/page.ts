import type { WheelUi } from "./wheel.ts";

/** Files of the shell, relative to the page. */
export interface ShellFiles {
  readonly scripts: readonly string[];
  /** What the scripts import: asked for at once, not one after the other. */
  readonly imports: readonly string[];
  readonly styles: readonly string[];
}

/**
 * The one page of the site: MLflow's elements, the shell's script. MLflow's files load meanwhile, and start when the shell says so.
 *
 * @returns HTML
 */
export function page(wheel: Pick<WheelUi, "scripts" | "styles">, shell: ShellFiles): string {
  const lines = (items: readonly string[], line: (href: string) => string) => items.map(line);
  return `${[
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1,shrink-to-fit=no">',
    "<title>MLflow</title>",
    '<link rel="shortcut icon" href="static-files/favicon.ico">',
    ...lines(shell.scripts, (src) => `<script type="module" src="${src}"></script>`),
    ...lines(shell.imports, (href) => `<link rel="modulepreload" href="${href}">`),
    ...lines(shell.styles, (href) => `<link rel="stylesheet" href="${href}">`),
    '<link rel="preload" as="fetch" href="gatehouse.json" crossorigin="anonymous">',
    ...lines(wheel.scripts, (href) => `<link rel="preload" as="script" href="${href}">`),
    ...lines(wheel.styles, (href) => `<link rel="preload" as="style" href="${href}">`),
    // Read while nothing else is to be done, and without effect until the shell says so.
    ...lines(wheel.styles, (href) => `<link rel="stylesheet" href="${href}" media="not all" data-mlflow>`),
    `<script type="application/json" id="mlflow-scripts">${JSON.stringify(wheel.scripts)}</script>`,
    "</head>",
    "<body>",
    "<noscript>You need to enable JavaScript to run this app.</noscript>",
    '<div id="root" class="mlflow-ui-container"></div>',
    '<div id="modal" class="mlflow-ui-container"></div>',
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}
