import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { compare, needsApproval } from "../../plan/diff/compare.ts";
import type { Side } from "../../plan/diff/side.ts";
import { type SourceOptions, sideOfFiles, sideOfFolder, sideOfRevision } from "../../plan/diff/sources.ts";
import { comment } from "../../plan/review/comment.ts";
import { post } from "../../plan/review/github.ts";
import { askPreview, type Preview } from "../../plan/review/preview.ts";
import { touchedSince } from "../../plan/review/touched.ts";
import { GAINED, UsageError } from "../errors.ts";
import { dirOption } from "../options.ts";

interface Options {
  readonly dir: string;
  readonly base: string;
  readonly preview?: boolean;
  readonly approved?: boolean;
  readonly out?: string;
}

export function reviewCommand(): Command {
  const review = new Command("review")
    .description(
      "what a pull request changes, as one comment: who gains, who loses, what a deployment would do; exit 3 says that someone gains",
    )
    .addOption(dirOption())
    .requiredOption("--base <revision>", "what the change is compared with, such as origin/main")
    .option("--preview", "also ask Pulumi for the preview of each stack that the change can touch; needs credentials")
    .option("--approved", "somebody said that the gain is meant: end with 0")
    .option("--out <file>", "write the comment there (default: standard output)")
    .action(run);
  return review.addCommand(postCommand());
}

async function run(options: Options): Promise<void> {
  const dir = resolve(options.dir);
  const sources: SourceOptions = { dir, stacks: [], progress: (line) => process.stderr.write(`${line}\n`) };
  const base = await sideOfRevision(options.base, sources);
  const touched = touchedSince(dir, options.base);
  const previews: Preview[] = [];
  const scratch = mkdtempSync(join(tmpdir(), "gatehouse-review-"));
  try {
    const files: string[] = [];
    for (const stack of options.preview ? touched : []) {
      sources.progress(`${stack}: asking Pulumi for its preview …`);
      const { preview, json } = await askPreview(dir, stack);
      previews.push(preview);
      if (json === undefined) continue;
      files.push(join(scratch, `${stack}.json`));
      writeFileSync(files.at(-1) ?? "", json, { mode: 0o600 });
    }
    const diff = await compare(base, await head(files, sources));
    const approved = options.approved ?? false;
    const text = comment({ diff, previews, approved, unpreviewed: options.preview ? [] : touched });
    if (options.out === undefined) process.stdout.write(text);
    else writeFileSync(options.out, text);
    if (previews.some(({ error }) => error !== undefined)) process.exitCode = 1;
    if (needsApproval(diff) && !approved) process.exitCode = GAINED;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the engine would deploy, where it was asked; the program's own word for the other stacks. */
async function head(files: readonly string[], sources: SourceOptions): Promise<Side> {
  const folder = await sideOfFolder(sources.dir, sources);
  if (!files.length) return folder;
  const previewed = await sideOfFiles(files, sources);
  const names = new Set(previewed.plans.map(({ stack }) => stack));
  return {
    ...previewed,
    label: "this change, previewed",
    plans: [...previewed.plans, ...folder.plans.filter(({ stack }) => !names.has(stack))],
  };
}

interface PostOptions {
  readonly file: string;
  readonly pull: number;
  readonly head?: string;
}

function postCommand(): Command {
  return new Command("post")
    .description(
      "write a comment to a pull request on GitHub, over the one of an earlier run (GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL)",
    )
    .requiredOption("--file <file>", "the comment")
    .requiredOption("--pull <number>", "number of the pull request", number)
    .option("--head <commit>", "write nothing unless the pull request's head is this commit")
    .action(async ({ file, pull, head }: PostOptions) => {
      const {
        GITHUB_TOKEN: token,
        GITHUB_REPOSITORY: repository,
        GITHUB_API_URL: api = "https://api.github.com",
      } = process.env;
      if (!token || !repository)
        throw new UsageError("set GITHUB_TOKEN and GITHUB_REPOSITORY (owner/name), as GitHub Actions does");
      const done = await post({ api, repository, token, number: pull }, readFileSync(file, "utf8"), head);
      console.log(`comment ${done} on pull request ${pull}`);
    });
}

function number(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("a number is needed");
  return Number(text);
}
