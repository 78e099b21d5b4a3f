import assert from "node:assert/strict";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import {
  type AccessItem,
  AccessPolicyError,
  DEPLOYED_ALONE,
  digestOf,
  documentFaults,
  groupsOf,
  isRevoked,
  narrowed,
  readItem,
} from "../../authorizer/identity/accessPolicy.ts";
import { accessSource } from "../../authorizer/lambda/accessSource.ts";

const SINCE = "2026-11-25T10:00:00Z";

function item(version: number, document: object): AccessItem {
  const text = JSON.stringify({ version: 1, ...document });
  return { version, digest: digestOf(text), document: text };
}

describe("access policy", () => {
  it("is the deployed settings where there is no item", () => {
    assert.deepEqual(readItem(undefined), DEPLOYED_ALONE);
    assert.deepEqual(narrowed(SHIPPED_PERSONAS, DEPLOYED_ALONE), SHIPPED_PERSONAS);
  });

  it("takes permissions away and adds none", () => {
    const policy = readItem(item(3, { mayNot: { scientist: ["run:delete"], reader: ["user:admin"] } }));
    for (const [i, persona] of narrowed(SHIPPED_PERSONAS, policy).entries()) {
      const before = SHIPPED_PERSONAS[i]?.permissions ?? [];
      assert.ok(
        persona.permissions.every((permission) => before.includes(permission)),
        persona.name,
      );
      assert.equal(before.length - persona.permissions.length, persona.name === "scientist" ? 1 : 0, persona.name);
    }
  });

  it("replaces a persona's groups, and can leave it none", () => {
    const [reader, scientist] = SHIPPED_PERSONAS;
    assert.ok(reader && scientist);
    const policy = readItem(item(1, { groups: { reader: ["analysts", "auditors"], scientist: [] } }));
    assert.deepEqual(groupsOf(reader, policy), ["analysts", "auditors"]);
    assert.deepEqual(groupsOf(scientist, policy), []);
  });

  it("knows the revoked by their exact names, and none by a name of every object", () => {
    const policy = readItem(item(1, { revoked: { "ada@acme.example": SINCE } }));
    assert.equal(isRevoked("ada@acme.example", policy), true);
    assert.equal(isRevoked("bo@acme.example", policy), false);
    assert.equal(isRevoked("constructor", policy), false);
  });

  it("says all faults of a document at once", () => {
    const faults = documentFaults({
      version: 2,
      personas: {},
      groups: { reader: "all" },
      mayNot: { scientist: ["everything"] },
      revoked: { Ada: "yesterday" },
    });
    assert.equal(faults.length, 6, faults.join("\n"));
  });

  for (const [what, broken] of [
    ["another digest", { ...item(1, {}), digest: digestOf("other") }],
    ["no JSON", { version: 1, digest: digestOf("{"), document: "{" }],
    ["a version below 1", item(0, {})],
    ["an unknown key", item(1, { allow: ["*"] })],
    ["a list of persons", item(1, { revoked: ["ada"] })],
  ] as const)
    it(`is refused with ${what}`, () => {
      assert.throws(() => readItem(broken), AccessPolicyError);
    });
});

describe("where the access policy comes from", () => {
  const source = (answers: (() => AccessItem | undefined)[]) => {
    let at = 0;
    let asked = 0;
    const get = accessSource({
      fetchItem: () => {
        const answer = answers[Math.min(asked, answers.length - 1)];
        asked++;
        return new Promise((resolve) => resolve(answer?.()));
      },
      now: () => at,
    });
    return { get, asked: () => asked, later: (seconds: number) => (at += seconds * 1000) };
  };
  const unreachable = () => {
    throw new Error("no way to the table");
  };
  const error = console.error;
  before(() => (console.error = () => undefined));
  after(() => (console.error = error));

  it("is asked once in 30 seconds, whatever the number of calls", async () => {
    const { get, asked, later } = source([() => item(1, {})]);
    await Promise.all(Array.from({ length: 50 }, get));
    later(29);
    await get();
    assert.equal(asked(), 1);
    later(1);
    await get();
    assert.equal(asked(), 2);
  });

  it("lets nobody in before the first answer", async () => {
    await assert.rejects(source([unreachable]).get(), AccessPolicyError);
  });

  it("keeps the last good one for 15 minutes, then lets nobody in", async () => {
    const { get, later } = source([() => item(4, { revoked: { ada: SINCE } }), unreachable]);
    await get();
    later(900);
    assert.equal((await get()).item, 4);
    later(1);
    await assert.rejects(get(), AccessPolicyError);
  });

  it("takes neither a tampered answer, nor an older one, nor an item that is gone, for a newer", async () => {
    const tampered = { ...item(5, {}), document: '{"version":1,"revoked":{}}' };
    for (const bad of [() => tampered, () => item(3, {}), () => undefined]) {
      const { get, later } = source([() => item(4, { revoked: { ada: SINCE } }), bad]);
      await get();
      later(30);
      assert.equal(isRevoked("ada", await get()), true);
      later(900);
      await assert.rejects(get(), AccessPolicyError);
    }
  });

  it("counts again as soon as a good one can be read", async () => {
    const { get, later } = source([() => item(1, {}), unreachable, () => item(2, {})]);
    await get();
    later(901);
    await assert.rejects(get(), AccessPolicyError);
    later(3);
    assert.equal((await get()).item, 2);
  });
});
