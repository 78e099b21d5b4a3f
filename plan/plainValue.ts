import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** How to tell the SDK's own kinds of value apart, and where to note secrets. */
export interface Reader {
  readonly isAsset: (value: unknown) => boolean;
  readonly isArchive: (value: unknown) => boolean;
  readonly secret: (value: string) => void;
}

/** Pulumi's signature of a secret on the wire. Source: @pulumi/pulumi `runtime/rpc`, `specialSecretSig`. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/**
 * A value as plain JSON: secrets revealed and noted, an archive as `{archive: {<path>: <text>}}`, an asset as `{asset: <text>}`; a file that isn't text
 * as `sha256:…`.
 */
export async function plainValue(value: unknown, reader: Reader): Promise<unknown> {
  if (value === null || value === undefined || typeof value !== "object") return value;
  if (reader.isArchive(value)) return { archive: await archiveFiles(value as ArchiveLike, reader) };
  if (reader.isAsset(value)) return { asset: await assetText(value as AssetLike) };
  if (Array.isArray(value)) return Promise.all(value.map((item) => plainValue(item, reader)));
  if (SIGNATURE in value && value[SIGNATURE] === SECRET && "value" in value) {
    const revealed = await plainValue(value.value, reader);
    noteSecrets(revealed, reader);
    return revealed;
  }
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await plainValue(item, reader)] as const),
  );
  return Object.fromEntries(entries);
}

interface AssetLike {
  readonly text?: Promise<string>;
  readonly path?: Promise<string>;
}

interface ArchiveLike {
  readonly assets?: Promise<Readonly<Record<string, unknown>>>;
  readonly path?: Promise<string>;
}

async function archiveFiles(archive: ArchiveLike, reader: Reader): Promise<Record<string, unknown>> {
  if (!archive.assets) return { path: await archive.path };
  const files = Object.entries(await archive.assets).map(async ([path, asset]) => {
    const plain = (await plainValue(asset, reader)) as { asset?: unknown; archive?: unknown };
    return [path, plain.asset ?? plain.archive] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

async function assetText(asset: AssetLike): Promise<string> {
  if (asset.text) return asset.text;
  const bytes = readFileSync((await asset.path) ?? "");
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function noteSecrets(value: unknown, reader: Reader): void {
  // Short values such as `true` would blank out half of a printed plan.
  if (typeof value === "string" && value.length >= 8) reader.secret(value);
  else if (typeof value === "object" && value !== null)
    for (const item of Object.values(value)) noteSecrets(item, reader);
}
