import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A value of an item as DynamoDB writes it: `{"S": "text"}`, `{"N": "1"}`, … */
export type Attribute = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, Attribute>>;

/** The items of one table in one file, by their key. Written at once and whole. */
export class TableStore {
  readonly #file: string;
  #items: Record<string, Item>;

  /** @param name a table's name, already known to be declared */
  constructor(directory: string, name: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#file = join(directory, `${name}.json`);
    this.#items = existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as Record<string, Item>) : {};
  }

  get(key: string): Item | undefined {
    return Object.hasOwn(this.#items, key) ? this.#items[key] : undefined;
  }

  put(key: string, item: Item): void {
    this.#items = { ...this.#items, [key]: item };
    const draft = `${this.#file}.new`;
    writeFileSync(draft, JSON.stringify(this.#items), { mode: 0o600 });
    renameSync(draft, this.#file);
  }
}
