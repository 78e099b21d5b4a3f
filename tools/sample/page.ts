import { markdownTable } from "markdown-table";
import type { DeclaredAccess } from "../../plan/documents.ts";
import { differences } from "./differences.ts";
import { REASONS } from "./reasons.ts";

/** `docs/aws-sample.md`: where we answer otherwise than AWS's sample, and why. */
export function samplePage(access: DeclaredAccess): string {
  const all = differences(access);
  const sections = REASONS.map(({ why }) => {
    const rows = all
      .filter((difference) => difference.why === why)
      .map(({ persona, door, method, path, ours }) => [
        persona,
        door,
        method,
        `\`${path}\``,
        ours ? "allowed" : "refused",
      ]);
    return `## ${why.charAt(0).toUpperCase()}${why.slice(1)}\n\n${markdownTable([["persona", "door", "method", "path", "here"], ...rows])}`;
  });
  return `# Compared with AWS's sample

Made by \`npm run generate\`. AWS's sample of access control on MLflow (MLflow 2.12.2, \`aws-samples/sagemaker-studio-mlflow-integration\`) answers these calls the
other way round: the documents that it deploys were evaluated route by route, and compared with those that the central stack here declares. Paths are below
\`/api/2.0\` at the code door and \`/ajax-api/2.0\` at the browser door. What isn't listed is answered alike.

${sections.join("\n\n")}
`;
}
