import type { Source } from "./integration.ts";

/** Variables of one request (`$context.…`), without their prefix. Source: API Gateway guide, "Variables for data transformations". */
export type ContextVariables = Readonly<Record<string, string | undefined>>;

/** The value that a parameter maps; undefined when the request has none. */
export function mappedValue(
  source: Source,
  context: ContextVariables,
  path: Readonly<Record<string, string>>,
): string | undefined {
  if (source.from === "static") return source.value;
  return source.from === "context" ? context[source.name] : path[source.name];
}

/**
 * Fills `$context.…` of a template for a JSON body. Values are escaped as inside a JSON string, so that none can add a property;
 * `$context.error.messageString` brings its own quotes, as on AWS.
 *
 * @returns undefined when a variable has no value in this request
 */
export function fillTemplate(template: string, context: ContextVariables): string | undefined {
  let complete = true;
  const filled = template.replaceAll(/\$context\.([A-Za-z]\w*(?:\.\w+)*)/g, (_, name: string) => {
    const value = name === "error.messageString" ? context["error.message"] : context[name];
    if (value === undefined) {
      complete = false;
      return "";
    }
    const json = JSON.stringify(value);
    return name === "error.messageString" ? json : json.slice(1, -1);
  });
  return complete ? filled : undefined;
}
