// Builds the site of the browser door into ui/dist, when something it is made from has changed: `node tools/ui.ts`.
import { fileURLToPath } from "node:url";
import { buildUi } from "./ui/build.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

try {
  await buildUi(ROOT, (line) => console.log(line));
} catch (error) {
  console.error(`the UI can't be built: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
