import { readFileSync } from "node:fs";

const HEADERS = new URL("../../ui/headers.json", import.meta.url);

/**
 * Headers of every page and file of the UI, as Amplify takes them. The local run sends the same, from the same file.
 *
 * @param origins where the pages may send requests: the `browser` door, Cognito
 * @returns YAML. Source: Amplify Hosting guide, "Custom header YAML format"
 */
export function customHeaders(origins: readonly string[]): string {
  const headers = JSON.parse(readFileSync(HEADERS, "utf8")) as Readonly<Record<string, string>>;
  const written = (entries: readonly (readonly [string, string])[]) =>
    entries
      .map(([key, value]) => `      - key: ${JSON.stringify(key)}\n        value: ${JSON.stringify(value)}`)
      .join("\n");
  const all = Object.entries(headers).map(
    ([key, value]) => [key, value.replaceAll("{connect}", origins.join(" "))] as const,
  );
  const cached = (value: string, patterns: readonly string[]) =>
    patterns
      .map((pattern) => `  - pattern: "${pattern}"\n    headers:\n${written([["Cache-Control", value]])}`)
      .join("\n");
  // What has no digest in its name is asked for again, so that a release reaches open pages; the rest never changes.
  const fresh = cached("no-cache", ["/", "/index.html", "/gatehouse.json", "/needs.json", "/sw.js"]);
  const kept = cached("public, max-age=31536000, immutable", ["/static-files/static/**", "/shell/**"]);
  return `customHeaders:\n  - pattern: "**"\n    headers:\n${written(all)}\n${fresh}\n${kept}\n`;
}
