// Loaded before Pulumi's runner, which has every stack trace mapped to the sources of what was compiled. Pulumi takes such a trace for each property of each
// resource, to have it should a promise leak: a third of a preview's time. This program is TypeScript whose types Node strips in place, so that lines and
// columns are right as they are; only those inside of @pulumi/pulumi become those of its JavaScript.
import { createRequire } from "node:module";

const own = createRequire(import.meta.url);
try {
  const id = createRequire(own.resolve("@pulumi/pulumi/package.json")).resolve("source-map-support/register");
  // As if it had been loaded.
  own.cache[id] ??= { id, filename: id, path: "", paths: [], children: [], loaded: true, exports: {} };
} catch {
  // A Pulumi that maps nothing, or by other means, runs as it always did.
}
