import { readFileSync } from "node:fs";
import { isScalar, parseDocument, visit } from "yaml";
import { OrganizationError } from "./errors.ts";
import { crossFaults, faultsOf } from "./faults.ts";
import { type OrganizationFile, organizationSchema } from "./schema.ts";

/**
 * Reads and checks an organization file.
 *
 * @throws OrganizationError with all faults at once
 */
export function readOrganization(path: string): OrganizationFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new OrganizationError(`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseOrganization(text, path);
}

/** @throws OrganizationError with all faults at once */
export function parseOrganization(text: string, path: string): OrganizationFile {
  const document = parseDocument(text);
  if (document.errors.length)
    throw wrong(
      path,
      document.errors.map(({ message }) => message.split("\n")[0] ?? ""),
    );
  visit(document, {
    // What reads it would leave such a key out without a word.
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === "__proto__")
        throw wrong(path, ["`__proto__` is no key of an organization file"]);
    },
  });
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // Aliases that multiply: a few lines of text would fill the memory.
    throw wrong(path, [error instanceof Error ? error.message : String(error)]);
  }
  const { success, data, error } = organizationSchema.safeParse(content);
  if (!success) throw wrong(path, faultsOf(error));
  const faults = crossFaults(data);
  if (faults.length) throw wrong(path, faults);
  return data;
}

function wrong(path: string, faults: readonly string[]): OrganizationError {
  return new OrganizationError(`${path} is wrong:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}
