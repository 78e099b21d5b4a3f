import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chosen, organizationOf } from "../../automation/organization/members.ts";
import { addConsumer } from "../../automation/organization/onboard.ts";
import { parseOrganization } from "../../automation/organization/read.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const FILE = `version: 1
backend: file://state
region: eu-west-1
deployRole: gatehouse-deploy
settings: {tags: {owner: ml}}
central:
  account: "111111111111"
  settings:
    organization: o-a1b2c3d4e5
    workspaces: {vision: {groups: [team-vision]}, shared: {}}
consumers:
  vision: # the first team
    account: "222222222222"
    central: {personas: [reader], workspaces: [vision, shared]}
    settings: {people: {ada: {person: ada@acme.example, persona: reader, workspace: vision}}}
`;

const AUDIO = { name: "audio", account: "333333333333", central: { personas: ["reader"], workspaces: ["shared"] } };

const refusal = (text: string): string => {
  try {
    parseOrganization(text, "org.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return assert.fail("it was taken");
};

describe("an organization file", () => {
  it("becomes the configuration of each stack, central's list and what consumers read of it from one entry", () => {
    const { members, environment } = organizationOf(parseOrganization(FILE, ""), "mlflow-gatehouse", "/org/org.yaml");
    assert.deepEqual(environment, { PULUMI_BACKEND_URL: "file:///org/state" });
    assert.deepEqual(members, [
      {
        name: "central",
        kind: "central",
        stack: "central",
        qualified: "central",
        account: "111111111111",
        region: "eu-west-1",
        deployRole: "arn:aws:iam::111111111111:role/gatehouse-deploy",
        environment: {},
        config: {
          "aws:region": "eu-west-1",
          "mlflow-gatehouse:kind": "central",
          "mlflow-gatehouse:account": "111111111111",
          "mlflow-gatehouse:tags": { owner: "ml" },
          "mlflow-gatehouse:organization": "o-a1b2c3d4e5",
          "mlflow-gatehouse:workspaces": { vision: { groups: ["team-vision"] }, shared: {} },
          "mlflow-gatehouse:consumers": {
            vision: { account: "222222222222", personas: ["reader"], workspaces: ["vision", "shared"] },
          },
        },
      },
      {
        name: "vision",
        kind: "consumer",
        stack: "vision",
        qualified: "vision",
        account: "222222222222",
        region: "eu-west-1",
        deployRole: "arn:aws:iam::222222222222:role/gatehouse-deploy",
        environment: {},
        config: {
          "aws:region": "eu-west-1",
          "mlflow-gatehouse:kind": "consumer",
          "mlflow-gatehouse:account": "222222222222",
          "mlflow-gatehouse:tags": { owner: "ml" },
          "mlflow-gatehouse:people": { ada: { person: "ada@acme.example", persona: "reader", workspace: "vision" } },
          "mlflow-gatehouse:consumer": "vision",
          "mlflow-gatehouse:central": { stack: "organization/mlflow-gatehouse/central" },
        },
      },
    ]);
  });

  it("is refused with all its faults at once", () => {
    assert.deepEqual(
      refusal(
        `version: 2
region: Ireland
paralel: 3
central: {account: 111111111111}
consumers:
  Vision: {account: "222222222222", central: {personas: [reader], workspaces: []}}
  audio: {account: "333333333333", environment: {AWS_SECRET_ACCESS_KEY: x}}
`,
      ).split("\n"),
      [
        "org.yaml is wrong:",
        "  version: allowed: 1",
        "  region: allowed: a region such as eu-west-1",
        "  central.account: allowed: 12 digits in quotes",
        "  consumers.Vision: allowed: 2 to 20 lower-case letters, digits and single hyphens",
        "  consumers.audio.environment.AWS_SECRET_ACCESS_KEY: is a secret: set it in the environment of the process, not in this file",
        "  consumers.audio.central: Invalid input: expected object, received undefined",
        "  paralel: is no key of an organization file",
      ],
    );
  });

  it("is refused where its entries don't fit each other", () => {
    const wrong = FILE.replace("tags: {owner: ml}", "kind: central").replace(
      "consumers:\n",
      `consumers:
  audio: {stack: vision, account: "222222222222", central: {personas: [], workspaces: [music], account: "1"}, settings: {central: {}}}
`,
    );
    assert.deepEqual(refusal(wrong).split("\n").slice(1), [
      "  settings.kind: is set by this file; leave it out",
      "  consumers.audio.central.workspaces: `music` is no key of central.settings.workspaces; there is vision, shared",
      "  consumers.audio.central.account: is said by consumers.audio.account",
      "  consumers.audio.settings.central: is set by this file; leave it out",
      "  consumers.vision.stack: `vision` is the stack of consumers.audio, too",
      "  consumers.vision.account: 222222222222 is the account of consumers.audio, too",
    ]);
  });

  it("says who is there when somebody is named who isn't", () => {
    const { members } = organizationOf(parseOrganization(FILE, ""), "mlflow-gatehouse", "/org/org.yaml");
    assert.throws(() => chosen(members, ["audio"]), /the organization has no `audio`; it has central, vision/);
  });
});

describe("an organization file that somebody poisoned", () => {
  const settings = (text: string) => FILE.replace("tags: {owner: ml}", text);

  it("can't fill the memory with aliases, name a prototype, or leave its folder", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...[..."bcdefgh"].map((each, i) => `${each}: &${each} [${Array(9).fill(`*${"abcdefgh"[i]}`).join()}]`),
    ];
    assert.match(refusal(`${FILE}\n${bomb.join("\n")}\n`), /org\.yaml is wrong:\n {2}Excessive alias count/);
    for (const name of ["../../etc", "..", "a/b", "-rf", "--help", "$(id)", "a;id"])
      assert.match(
        refusal(FILE.replace("  vision: # the first team", `  vision:\n    stack: "${name}"`)),
        /consumers\.vision\.stack: allowed/,
        name,
      );
    for (const name of ["../../etc", "__proto__", "constructor; id", "-rf"])
      assert.match(refusal(FILE.replace("  vision: #", `  "${name}": #`)), /is wrong/, name);
    assert.match(refusal(settings("__proto__: {polluted: yes}")), /`__proto__` is no key/);
    assert.match(refusal(settings('"\\u005f_proto__": {polluted: yes}')), /`__proto__` is no key/);
  });

  it("holds no credentials of a backend, and no variable whose name says that it is a secret", () => {
    assert.match(refusal(FILE.replace("file://state", "https://ada:secret@api.example")), /backend: holds credentials/);
    for (const name of ["PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "AWS_SESSION_TOKEN"])
      assert.match(refusal(FILE.replace("central:\n", `central:\n  environment: {${name}: x}\n`)), /is a secret/, name);
  });
});

describe("an organization whose state is on Pulumi Cloud", () => {
  const CLOUD = FILE.replace("file://state", "https://api.pulumi.com");

  it("has to say which organization there has the stacks", () => {
    assert.match(refusal(CLOUD), /stackOrganization: name the organization on Pulumi Cloud/);
  });

  it("names each stack by that organization, for pulumi and for the stacks that read its outputs", () => {
    const { members, environment } = organizationOf(
      parseOrganization(`${CLOUD}stackOrganization: acme\n`, ""),
      "mlflow-gatehouse",
      "/o",
    );
    assert.deepEqual(environment, { PULUMI_BACKEND_URL: "https://api.pulumi.com" });
    assert.deepEqual(
      members.map(({ stack, qualified }) => [stack, qualified]),
      [
        ["central", "acme/mlflow-gatehouse/central"],
        ["vision", "acme/mlflow-gatehouse/vision"],
      ],
    );
    assert.deepEqual(members[1]?.config["mlflow-gatehouse:central"], { stack: "acme/mlflow-gatehouse/central" });
  });
});

describe("adding a consumer to the organization file", () => {
  const file = () => {
    const path = join(temporaryFolder(), "org.yaml");
    writeFileSync(path, FILE);
    return path;
  };

  it("keeps what stands there, comments included, and does nothing the second time", () => {
    const path = file();
    assert.equal(addConsumer(path, AUDIO), true);
    const after = readFileSync(path, "utf8");
    assert.match(after, /# the first team/);
    assert.deepEqual(Object.keys(parseOrganization(after, path).consumers), ["vision", "audio"]);
    assert.equal(addConsumer(path, AUDIO), false);
    assert.equal(readFileSync(path, "utf8"), after);
  });

  it("writes nothing that would make the file wrong", () => {
    const path = file();
    for (const wrong of [
      { ...AUDIO, account: "33" },
      { ...AUDIO, central: { personas: ["reader"], workspaces: ["music"] } },
      { ...AUDIO, name: "vision" },
    ])
      assert.throws(() => addConsumer(path, wrong), { name: "OrganizationError" });
    assert.equal(readFileSync(path, "utf8"), FILE);
  });
});
