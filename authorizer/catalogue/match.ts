import type { Endpoint } from "./types.ts";

interface Pattern {
  readonly endpoint: Endpoint;
  readonly regExp: RegExp;
  readonly rank: string;
}

/** Finds the endpoint of a method and path. Literal paths are looked up, templates tried in the order in which MLflow would choose them. */
export class PathTable {
  readonly #literal = new Map<string, Endpoint>();
  readonly #patterns = new Map<string, Pattern[]>();

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      if (!endpoint.path.includes("{")) {
        this.#literal.set(`${endpoint.method} ${endpoint.path}`, endpoint);
        continue;
      }
      const patterns = this.#patterns.get(endpoint.method) ?? [];
      patterns.push({ endpoint, regExp: pathRegExp(endpoint.path), rank: rankOf(endpoint.path) });
      this.#patterns.set(endpoint.method, patterns);
    }
    for (const patterns of this.#patterns.values()) patterns.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  }

  match(method: string, path: string): Endpoint | undefined {
    return (
      this.#literal.get(`${method} ${path}`) ??
      this.#patterns.get(method)?.find(({ regExp }) => regExp.test(path))?.endpoint
    );
  }
}

/** A template as a regular expression: `{x}` is one segment, `{x+}` one or more. Linear: no two quantifiers meet without a literal between them. */
export function pathRegExp(template: string): RegExp {
  const body = template
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith("{")) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return part.endsWith("+}") ? ".+" : "[^/]+";
    })
    .join("");
  return new RegExp(`^${body}$`);
}

/** Sorts literals before one-segment parameters before many-segment ones, segment by segment, and longer templates before their prefixes. Source: Werkzeug `routing/matcher.py`. */
function rankOf(template: string): string {
  const ranks = template.split("/").map((segment) => {
    if (!segment.includes("{")) return "0";
    return segment.endsWith("+}") ? "2" : "1";
  });
  return `${ranks.join("")}3`;
}
