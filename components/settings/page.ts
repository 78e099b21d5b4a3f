import { markdownTable } from "markdown-table";
import { z } from "zod";
import { centralSchema } from "./central.ts";
import { consumerSchema } from "./consumer.ts";
import { COSTS, COSTS_AS_OF, STANDING } from "./costs.ts";
import { fieldsOf, infoOf, unwrapped } from "./schema.ts";

type Row = readonly [key: string, allowed: string, byDefault: string, meaning: string];

/** The configuration page: every setting of both kinds of stack, from the schemas that read them. */
export function configurationPage(): string {
  return [
    "# Configuration",
    "",
    "Settings of a stack, in `Pulumi.<stack>.yaml` under the namespace `mlflow-gatehouse`; the region is `aws:region`. A key that is not listed here is refused,",
    "and all errors are reported at once. Where a default is given, the key may be left out. What settings cost is listed below each kind: list prices of us-east-1",
    `in USD, about, looked over in ${COSTS_AS_OF}, without discounts, free tiers and transfer to the internet. No program reads them from AWS, whose price pages say what counts.`,
    "",
    ...section("Central account", centralSchema),
    ...section("Consumer account", consumerSchema),
  ].join("\n");
}

function section(title: string, schema: z.ZodType): readonly string[] {
  const rows = rowsOf(schema, "");
  return [
    `## ${title}`,
    "",
    markdownTable([["key", "allowed", "default", "meaning"], ...rows.map((row) => [...row])]),
    "",
    `### What it costs: ${title.toLowerCase()}`,
    "",
    STANDING.get(schema) ?? "",
    "",
    markdownTable([
      ["key", "about, in USD"],
      ...Object.entries(COSTS.get(schema) ?? {}).map(([key, cost]) => [`\`${key}\``, cell(cost)]),
    ]),
    "",
  ];
}

/** Every key of a kind of stack, as the page names it. */
export function settingKeys(schema: z.ZodType): readonly string[] {
  return rowsOf(schema, "").map(([key]) => key.replaceAll("`", ""));
}

function rowsOf(schema: z.ZodType, prefix: string): readonly Row[] {
  return fieldsOf(schema).flatMap(([name, field]) => {
    const key = `${prefix}${name}`;
    const { inner } = unwrapped(field);
    const own: readonly Row[] = infoOf(field) ? [row(key, field)] : [];
    if (inner instanceof z.ZodRecord) return [...own, ...rowsOf(inner.def.valueType as z.ZodType, `${key}.<name>.`)];
    return [...own, ...rowsOf(inner, `${key}.`)];
  });
}

function row(key: string, schema: z.ZodType): Row {
  const info = infoOf(schema);
  return [`\`${key}\``, cell(info?.allowed ?? ""), byDefault(schema), cell(info?.meaning ?? "")];
}

function byDefault(schema: z.ZodType): string {
  const found = unwrapped(schema);
  if (!("default" in found)) return schema.safeParse(undefined).success ? "none" : "**required**";
  return `\`${typeof found.default === "string" ? found.default : JSON.stringify(found.default)}\``;
}

/** Text for a cell of a table: no column of its own, and no tag outside code. */
function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .split("`")
    .map((part, index) => (index % 2 ? part : part.replaceAll("<", "&lt;")))
    .join("`");
}
