import assert from "node:assert/strict";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { job } from "./commands.ts";
import { killAgainAndAgain, randomOf, stateOf } from "./killed.ts";
import { SERVICE } from "./service.ts";
import { REAL, SMALL, simulatedOrganization } from "./simulatedOrganization.ts";

const [KILLS, CONSUMERS] = [Number(process.env.GATEHOUSE_KILLS ?? 3), Number(process.env.GATEHOUSE_CONSUMERS ?? 2)];

describe("the service, killed at random points", function () {
  this.timeout(1_800_000);

  it("runs no stack twice at once, loses none, and ends where a run without a kill ends", async function () {
    const engine = engineOrSkip(this);
    const seed = Number(process.env.GATEHOUSE_SEED ?? Date.now() % 1e6);
    const say = (line: string) => {
      if (process.env.GATEHOUSE_KILLS) console.log(`      ${line}`);
    };
    say(`seed ${seed}`);
    const options = { program: process.env.GATEHOUSE_KILLS ? REAL : SMALL, seed: "same" };
    const org = await simulatedOrganization(engine, temporaryFolder(), CONSUMERS, { ...options, service: SERVICE });
    // A deployment of the small program takes a fifth of the time.
    const [pause, longest] = options.program === REAL ? [20, 12_000] : [150, 3_000];
    for (const cloud of org.clouds.values()) cloud.pause = pause;
    const random = randomOf(seed);
    const killed = await killAgainAndAgain(engine, org, KILLS, () => 500 + random() * longest, say);
    say(
      `${killed.jobs.length} jobs, ${killed.engines} runs of pulumi, ${killed.resumed} steps done again, ${killed.enginesKilled} pulumi killed, ${killed.reported} stacks reported`,
    );
    // Whether two pulumi were at one stack is checked when the log is read. The last job is a deployment of all that failed nowhere.
    assert.deepEqual(
      killed.jobs.at(-1)?.steps.filter(({ state }) => state !== "done"),
      [],
    );
    assert.deepEqual(
      killed.jobs.flatMap(({ steps }) =>
        steps.filter(({ state }) => !["done", "interrupted", "skipped"].includes(state)),
      ),
      [],
      `seed ${seed}`,
    );

    const clean = await simulatedOrganization(engine, temporaryFolder(), CONSUMERS, options);
    clean.write((file) => {
      for (const [name, { central, settings }] of Object.entries(org.content.consumers)) {
        const own = file.consumers[name] ?? assert.fail(name);
        own.central = central;
        own.settings = settings;
      }
    });
    const { ended } = await job(clean, "deploy");
    assert.ok(ended.every((line) => line.endsWith("done")));
    for (const stack of ["central", ...org.consumers])
      assert.deepEqual(stateOf(engine, org, stack), stateOf(engine, clean, stack), stack);
    org.close();
    clean.close();
  });
});
