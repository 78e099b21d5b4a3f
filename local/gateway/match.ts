import type { Api, Method, Node } from "./api.ts";

export interface Match {
  readonly node: Node;
  readonly method: Method;
  /** Values of the path's parameters, raw as sent. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Path below the stage, with its leading slash; undefined when the path is not under the stage. */
export function belowStage(api: Api, path: string): string | undefined {
  const prefix = `/${api.stage}`;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/** The method that serves a path: literal segments win over `{name}`, that over `{name+}`; the exact method over ANY. */
export function matchMethod(api: Api, httpMethod: string, path: string): Match | undefined {
  const found = descend(api.root, path === "/" ? [] : path.slice(1).split("/"), {});
  const method = found?.node.methods.get(httpMethod) ?? found?.node.methods.get("ANY");
  return found && method ? { ...found, method } : undefined;
}

type Found = Pick<Match, "node" | "parameters">;

function descend(node: Node, segments: readonly string[], parameters: Match["parameters"]): Found | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return node.methods.size ? { node, parameters } : undefined;
  const literal = node.literal.get(segment);
  const { parameter, greedy } = node;
  return (
    (literal && descend(literal, rest, parameters)) ??
    (parameter && segment ? descend(parameter, rest, { ...parameters, [nameOf(parameter)]: segment }) : undefined) ??
    (greedy ? { node: greedy, parameters: { ...parameters, [nameOf(greedy)]: segments.join("/") } } : undefined)
  );
}

function nameOf({ path }: Node): string {
  return /\{(\w+)\+?\}$/.exec(path)?.[1] ?? "";
}
