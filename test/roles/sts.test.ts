import assert from "node:assert/strict";
import { createSts, type Session, StsError } from "../../local/sts/index.ts";
import { reaches } from "../../plan/roles/reach.ts";
import { type World, worldOf } from "../../plan/roles/world.ts";
import { declaredPlan } from "../helpers/declared.ts";

const ORGANIZATION = "o-a1b2c3d4e5";

describe("the graph of roles and the local STS", function () {
  this.timeout(60_000);
  let world: World;
  let sts: ReturnType<typeof createSts>;
  before(async () => {
    const plans = [await declaredPlan("central"), await declaredPlan("datascience")];
    world = worldOf(plans);
    sts = createSts({
      plans,
      key: Buffer.alloc(32, 7),
      region: "eu-west-1",
      organizations: { "111111111111": ORGANIZATION, "222222222222": ORGANIZATION },
    });
  });
  /** A session as SageMaker opens it: the profile is its source identity. */
  const opened = (profile: string): Session => {
    const role = world.roles.find(({ name }) => name === `gatehouse-vision-${profile}`);
    return sts.issue({ roleArn: role?.arn ?? "", sessionName: "SageMaker", sourceIdentity: profile }).session;
  };
  const allowed = (run: () => unknown) => {
    try {
      run();
      return true;
    } catch (error) {
      if (error instanceof StsError) return false;
      throw error;
    }
  };

  it("say the same of every profile, every role and every name", () => {
    const graph = new Set(
      reaches(world)
        .filter(({ from, steps, to }) => from.kind === "person" && steps.length === 1 && to.role.kind === "persona")
        .map(({ from, to }) => `${from.name} ${to.role.name} ${to.name}`),
    );
    const names = [...world.persons, "somebody-else"];
    const seen = ["ada", "bo", "cleo", "dan"].flatMap((profile) =>
      world.roles.flatMap(({ arn, name: role }) =>
        names
          .filter((sessionName) => allowed(() => sts.assume(opened(profile), { roleArn: arn, sessionName })))
          .map((sessionName) => `gatehouse-vision-${profile} ${role} ${sessionName}`),
      ),
    );
    assert.equal(seen.length, 4);
    assert.deepEqual(new Set(seen), graph);
  });

  it("let nobody name a source identity who has none", () => {
    const roleArn = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-scientist";
    const role = world.roles.find(({ name }) => name === "gatehouse-vision-ada");
    const { session } = sts.issue({ roleArn: role?.arn ?? "", sessionName: "SageMaker" });
    const own = { roleArn, sessionName: "ada@acme.example" };
    assert.equal(sts.assume(session, own).session.sourceIdentity, undefined);
    assert.ok(!allowed(() => sts.assume(session, { ...own, sourceIdentity: "bo" })));
  });

  it("keep the profile as source identity through the persona role, and let nobody change it", () => {
    const roleArn = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-scientist";
    const own = { roleArn, sessionName: "ada@acme.example" };
    assert.equal(sts.assume(opened("ada"), own).session.sourceIdentity, "ada");
    assert.ok(!allowed(() => sts.assume(opened("ada"), { ...own, sourceIdentity: "bo" })));
    assert.ok(!allowed(() => sts.assume(opened("ada"), { ...own, tags: { "gatehouse:person": "bo@acme.example" } })));
  });
});
