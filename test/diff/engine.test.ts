import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, type PermissionDiff } from "../../plan/diff/compare.ts";
import type { Side } from "../../plan/diff/side.ts";
import { type SourceOptions, sideOfFiles, sideOfFolder } from "../../plan/diff/sources.ts";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { type EngineProject, engineProject, SAVED_ONCE } from "../engine/project.ts";
import { simulatedCloud } from "../engine/simulated/cloud.ts";
import { type EngineStack, initStack } from "../engine/stack.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { said } from "./said.ts";

const NARROWED = { "personas.scientist": { mayNot: ["run:delete"] } };

describe("the permission diff on what Pulumi's engine says", function () {
  this.timeout(120_000);
  const cloud = simulatedCloud(randomUUID());
  const folder = temporaryFolder();
  let project: EngineProject;
  let central: EngineStack;
  let sources: SourceOptions;

  before(async function () {
    project = await engineProject(engineOrSkip(this), cloud, SAVED_ONCE);
    central = await initStack(project, cloud, "central", "111111111111");
    sources = { dir: project.dir, stacks: ["central"], progress: () => undefined };
    asItStands = sideOfFolder(project.dir, sources);
    await asItStands;
  });
  after(() => project?.close());

  const kept = async (name: string, ...command: string[]) => {
    const file = join(folder, name);
    writeFileSync(file, await central.pulumi(...command));
    return file;
  };
  /** The folder as it stands, which most of the tests compare with. */
  let asItStands: Promise<Side>;
  const against = async (file: string, head = asItStands): Promise<PermissionDiff> =>
    compare(await sideOfFiles([file], sources), await head);

  it("joins a first preview, where every document is unknown, with the program by the digests", async () => {
    const diff = await against(await kept("first.json", "preview", "--json"));
    assert.deepEqual(said(diff), { gained: [], lost: [], unknown: [] });
    assert.match(diff.notes.join("\n"), /central: \d+ resources hold values that are known only after a deployment/);
  });

  it("doesn't take a preview of another revision for this one's", async () => {
    const file = await central.changed(NARROWED, () => kept("other.json", "preview", "--json"));
    const diff = await against(file);
    assert.match(
      diff.unknown.join("\n"),
      /`gatehouse-scientist-\d`: its digest is \w+ and the program's is \w+: not of one revision/,
    );
  });

  it("compares what is deployed with what would be", async () => {
    await central.changed(NARROWED, () => central.up());
    const state = await kept("state.json", "stack", "export");
    const diff = await central.changed(NARROWED, () => against(state, sideOfFolder(project.dir, sources)));
    assert.deepEqual(said(diff), { gained: [], lost: [], unknown: [] });
  });

  it("says who gains against a deployed state", async () => {
    const state = join(folder, "state.json");
    const before = await central.changed(NARROWED, () => sideOfFiles([state], sources));
    const diff = await compare(before, await asItStands);
    assert.deepEqual(said(diff), {
      gained: [
        "consumer `vision`'s scientists, members of group `scientists`: delete runs",
        "scientists: pass MLflow's own check of `run:delete`",
      ],
      lost: [],
      unknown: [],
    });
  });

  it("knows the state alone where it was exported in clear", async () => {
    const clear = await kept("clear.json", "stack", "export", "--show-secrets");
    // The folder has no stack of this name, so nothing can be taken from the program.
    const alone = { ...sources, dir: temporaryFolder() };
    writeFileSync(join(alone.dir, "Pulumi.yaml"), "name: elsewhere\nruntime: nodejs\n");
    const before = await sideOfFiles([clear], alone);
    assert.deepEqual(before.unknown, []);
    const diff = await compare(before, await asItStands);
    assert.deepEqual(
      said(diff).gained[0],
      "consumer `vision`'s scientists, members of group `scientists`: delete runs",
    );
  });
});
