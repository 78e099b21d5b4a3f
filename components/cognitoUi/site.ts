import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";

const DIST = fileURLToPath(new URL("../../ui/dist", import.meta.url));

/** The built UI with a stack's configuration. */
export interface Site {
  readonly archive: pulumi.asset.AssetArchive;
  /** Changes with any byte of it. */
  readonly digest: string;
}

/**
 * The files of the built UI. A preview needs no build: it then shows that the site will be deployed, and says why not more.
 *
 * @param configuration text of `gatehouse.json`
 * @throws RunError when something is really to be deployed and nothing was built
 */
export function site(configuration: string, resource: pulumi.Resource, folder: string = DIST): Site {
  const files = existsSync(join(folder, "index.html")) ? filesOf(folder) : [];
  if (!files.length) {
    const how = "the UI is not built: run `node tools/ui.ts`, then again";
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(`ui.hosting: ${how}`);
    void pulumi.log.warn(`${how}, to see whether the deployed site would change`, resource);
  }
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(folder, file)))
      .update("\0");
  hash.update(configuration);
  const assets = files
    .filter((file) => file !== "gatehouse.json")
    .map((file) => [file, new pulumi.asset.FileAsset(join(folder, file))] as const);
  return {
    archive: new pulumi.asset.AssetArchive({
      ...Object.fromEntries(assets),
      "gatehouse.json": new pulumi.asset.StringAsset(configuration),
    }),
    digest: hash.digest("hex"),
  };
}

/** Paths with `/`, sorted, so that the digest is the same on every machine. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    )
    .sort();
}
