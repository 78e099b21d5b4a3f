import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { same } from "../../plan/sameValue.ts";
import { OrganizationError } from "./errors.ts";
import { faultsOf } from "./faults.ts";
import { parseOrganization } from "./read.ts";
import { consumerName, consumerSchema } from "./schema.ts";

/** A new consumer as it will stand in the organization file. */
export const newConsumerSchema = consumerSchema.extend({ name: consumerName });
export type NewConsumer = z.input<typeof newConsumerSchema>;

/**
 * Adds a consumer to the organization file, whose comments and order stay. Nothing is written unless the whole file is right with it. The same consumer
 * once more changes nothing, so that a call can be repeated.
 *
 * @returns whether the file was changed
 * @throws OrganizationError with all faults at once, or when there is another consumer of this name
 */
export function addConsumer(path: string, consumer: NewConsumer): boolean {
  const { success, error } = newConsumerSchema.safeParse(consumer);
  if (!success)
    throw new OrganizationError(
      `the consumer is wrong:\n${faultsOf(error)
        .map((each) => `  ${each}`)
        .join("\n")}`,
    );
  const { name, ...entry } = consumer;
  const before = readFileSync(path, "utf8");
  const document = parseDocument(before);
  const known = (document.toJS() as Known).consumers?.[name];
  if (known !== undefined) {
    if (same(consumerSchema.parse(known), consumerSchema.parse(entry))) return false;
    throw new OrganizationError(`the organization has another consumer \`${name}\` already: change it in ${path}`);
  }
  document.setIn(["consumers", name], document.createNode(JSON.parse(JSON.stringify(entry))));
  const after = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  parseOrganization(after, path);
  // Whole or not at all: a crash must not leave half a file.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, after);
  renameSync(unfinished, path);
  return true;
}

interface Known {
  readonly consumers?: Readonly<Record<string, unknown>>;
}
