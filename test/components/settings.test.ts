import assert from "node:assert/strict";
import { centralSchema } from "../../components/settings/central.ts";
import { consumerSchema } from "../../components/settings/consumer.ts";
import { nearest } from "../../components/settings/nearest.ts";
import { configurationPage } from "../../components/settings/page.ts";
import { parseSettings } from "../../components/settings/parse.ts";
import { isPrivateRange, subnetRange } from "../../components/shared/cidr.ts";
import { stackFile } from "./record.ts";

type Raw = Record<string, unknown>;

function settingsOf(stack: string): Raw {
  const { "aws:region": _, ...settings } = stackFile(stack);
  return settings;
}

const CENTRAL = settingsOf("central");
const CONSUMER = settingsOf("datascience");
const VISION = { account: "222222222222", personas: ["reader"], workspaces: ["vision"] };

function errorsOf(raw: Raw): readonly string[] {
  const parsed = parseSettings(raw);
  return "errors" in parsed ? parsed.errors : [];
}

/** One setting changed in a good stack, and what has to be said of it. */
const WRONG: readonly (readonly [what: string, base: Raw, change: Raw, error: RegExp])[] = [
  ["a misspelt key", CENTRAL, { gatway: {} }, /^gatway: is no setting; did you mean `gateway`\?$/],
  [
    "a misspelt key inside",
    CENTRAL,
    { server: { worker: 2 } },
    /^server\.worker: is no setting; did you mean `workers`\?$/,
  ],
  [
    "a key that is like none",
    CENTRAL,
    { database: { xyzzyplugh: 1 } },
    /^database\.xyzzyplugh: is no setting; known here: minAcu/,
  ],
  ["a key of the other kind", CENTRAL, { people: {} }, /^people: belongs to a stack of kind consumer$/],
  ["a key of central in a consumer", CONSUMER, { gateway: {} }, /^gateway: belongs to a stack of kind central$/],
  [
    "an account of 11 digits",
    CENTRAL,
    { account: "12345678901" },
    /^account: `12345678901` is not allowed; allowed: 12 digits/,
  ],
  [
    "an account without quotes",
    CENTRAL,
    { consumers: { vision: { ...VISION, account: 222222222222 } } },
    /^consumers\.vision\.account: .* 12 digits in quotes$/,
  ],
  ["no account", CENTRAL, { account: undefined }, /^account: is missing; allowed: 12 digits in quotes$/],
  [
    "text where an object belongs",
    CENTRAL,
    { network: "wide" },
    /^network: is not an object; write it as YAML below the key$/,
  ],
  ["a public range", CENTRAL, { network: { cidr: "52.0.0.0/16" } }, /^network\.cidr: .*private IPv4 range/],
  ["a range with host bits", CENTRAL, { network: { cidr: "10.40.1.0/16" } }, /^network\.cidr: /],
  ["one zone", CENTRAL, { network: { zones: 1 } }, /^network\.zones: `1` is not allowed; allowed: 2 to 3$/],
  [
    "a word that is no choice",
    CENTRAL,
    { network: { nat: "two" } },
    /^network\.nat: `two` .* `none`, `single`, `perZone`$/,
  ],
  ["an image by tag", CENTRAL, { server: { image: "mlflow:latest" } }, /^server\.image: /],
  [
    "memory that Fargate does not have",
    CENTRAL,
    { server: { cpu: 512, memory: 8192 } },
    /^server\.memory: `8192` does not go with 512 CPU units; allowed: 1024 to 4096/,
  ],
  [
    "more workers than memory",
    CENTRAL,
    { server: { cpu: 512, memory: 1024, workers: 8 } },
    /^server\.workers: 8 workers need 2304 MiB/,
  ],
  [
    "fewer tasks at most than at least",
    CENTRAL,
    { server: { tasks: { min: 4, max: 2 } } },
    /^server\.tasks\.min: `4` is more than server\.tasks\.max, 2$/,
  ],
  [
    "less capacity at most than at least",
    CENTRAL,
    { database: { minAcu: 8, maxAcu: 4 } },
    /^database\.minAcu: `8` is more than/,
  ],
  [
    "a stage that begins a path of MLflow",
    CENTRAL,
    { gateway: { stage: "ajax-api" } },
    /^gateway\.stage: `ajax-api` is how a path of MLflow begins/,
  ],
  ["a stage with a slash", CENTRAL, { gateway: { stage: "a/b" } }, /^gateway\.stage: `a\/b` is not allowed/],
  [
    "a certificate without a name",
    CENTRAL,
    { gateway: { internalCertificateArn: "arn:aws:acm:eu-west-1:111111111111:certificate/x" } },
    /^gateway\.internalName: .* set both or neither$/,
  ],
  [
    "a token kept for longer than five minutes",
    CENTRAL,
    { gateway: { tokenCacheSeconds: 3600 } },
    /^gateway\.tokenCacheSeconds: `3600` .* 0 to 300$/,
  ],
  ["a retention that CloudWatch does not have", CENTRAL, { gateway: { logDays: 100 } }, /^gateway\.logDays: /],
  ["a wildcard in an ARN", CENTRAL, { gateway: { webAclArn: "arn:aws:wafv2:*" } }, /^gateway\.webAclArn: /],
  ["an old TLS policy", CENTRAL, { gateway: { tls: "TLS_1_0" } }, /^gateway\.tls: /],
  ["a URL as domain", CENTRAL, { ui: { domain: "https://mlflow.example" } }, /^ui\.domain: /],
  ["an origin over HTTP", CENTRAL, { ui: { allowedOrigins: ["http://mlflow.example"] } }, /^ui\.allowedOrigins\.0: /],
  [
    "a shipped persona that is widened",
    CENTRAL,
    { personas: { reader: { may: ["run:write"] } } },
    /^personas\.reader\.may: a shipped persona can only be narrowed/,
  ],
  [
    "a persona of one's own with an unknown permission",
    CENTRAL,
    { personas: { labeler: { group: "labelers", may: ["run:fly"] } } },
    /^personas\.labeler\.may: `run:fly` is no permission/,
  ],
  [
    "a persona of one's own that crosses workspaces",
    CENTRAL,
    { personas: { labeler: { group: "labelers", may: ["workspace:admin"] } } },
    /belongs to platform-admin alone$/,
  ],
  [
    "a consumer's unknown persona",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["sientist"] } } },
    /^consumers\.vision\.personas: `sientist` is no persona; did you mean `scientist`\?$/,
  ],
  [
    "platform-admin given away",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["platform-admin"] } } },
    /^consumers\.vision\.personas: platform-admin exists only in the central account/,
  ],
  [
    "a persona listed twice",
    CENTRAL,
    { consumers: { vision: { ...VISION, personas: ["reader", "reader"] } } },
    /`reader` is listed twice$/,
  ],
  [
    "a consumer's unknown workspace",
    CENTRAL,
    { consumers: { vision: { ...VISION, workspaces: ["visoin"] } } },
    /^consumers\.vision\.workspaces: `visoin` is no workspace; did you mean `vision`\?$/,
  ],
  [
    "two consumers of one account",
    CENTRAL,
    { consumers: { vision: VISION, audio: VISION } },
    /^consumers\.audio\.account: `222222222222` is already the account of vision$/,
  ],
  [
    "two consumers whose roles would have one name",
    CENTRAL,
    {
      personas: { "x-one": { group: "g1", may: ["run:read"] }, one: { group: "g2", may: ["run:read"] } },
      consumers: {
        ab: { ...VISION, personas: ["x-one"] },
        "ab-x": { ...VISION, account: "333333333333", personas: ["one"] },
      },
    },
    /^consumers\.ab-x\.personas: `gatehouse-ab-x-one` is already a role of consumers\.ab; rename one of the two$/,
  ],
  [
    "neither organization nor external id",
    CENTRAL,
    { organization: null },
    /^consumers\.vision\.externalId: is needed where organization is null/,
  ],
  [
    "a name of a consumer in capitals",
    CENTRAL,
    { consumers: { Vision: VISION } },
    /^consumers\.Vision: is no name that is allowed here/,
  ],
  [
    "a reserved workspace",
    CENTRAL,
    { workspaces: { vision: {}, shared: {}, api: {} } },
    /^workspaces\.api: is no name that is allowed here/,
  ],
  [
    "a person in capitals",
    CONSUMER,
    { people: { ada: { person: "Ada@acme.example", persona: "reader", workspace: "vision" } } },
    /^people\.ada\.person: `Ada@acme\.example` is not allowed/,
  ],
  [
    "a person who is too long",
    CONSUMER,
    { people: { ada: { person: "a".repeat(65), persona: "reader", workspace: "vision" } } },
    /^people\.ada\.person: /,
  ],
  [
    "two profiles of one person and persona",
    CONSUMER,
    {
      people: {
        a: { person: "bo@x", persona: "reader", workspace: "vision" },
        b: { person: "bo@x", persona: "reader", workspace: "shared" },
      },
    },
    /^people\.b: `bo@x` as reader is already the profile a/,
  ],
  [
    "a platform administrator in Studio",
    CONSUMER,
    { people: { a: { person: "bo@x", persona: "platform-admin", workspace: "vision" } } },
    /^people\.a\.persona: platform-admin exists only/,
  ],
  ["no way out for notebooks", CONSUMER, { network: { nat: "none" } }, /^network\.nat: `none` leaves notebooks/],
  ["a stack without organization", CONSUMER, { central: { stack: "central" } }, /^central\.stack: /],
  [
    "a session of more than an hour",
    CONSUMER,
    { access: { sessionMinutes: 120 } },
    /^access\.sessionMinutes: `120` .* 15 to 60$/,
  ],
  ["no instance type", CONSUMER, { studio: { instanceTypes: [] } }, /^studio\.instanceTypes: /],
  ["no consumer", CONSUMER, { consumer: undefined }, /^consumer: is missing/],
];

describe("settings", () => {
  it("takes both stack files as they are", () => {
    assert.deepEqual(errorsOf(CENTRAL), []);
    assert.deepEqual(errorsOf(CONSUMER), []);
  });

  it("reads objects as the JSON text that Pulumi hands over", () => {
    const text = Object.fromEntries(
      Object.entries(CENTRAL).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );
    assert.deepEqual(parseSettings(text), parseSettings(CENTRAL));
    assert.deepEqual(errorsOf({ ...text, organization: "null", consumers: "{}" }), []);
  });

  it("fills in every default, and a default only narrows", () => {
    const parsed = parseSettings({ kind: "central", account: "111111111111" });
    assert.ok("settings" in parsed && parsed.settings.kind === "central");
    const { network, database, login, gateway, server, ui } = parsed.settings;
    assert.equal(network.nat, "none");
    assert.equal(network.flowLogs, true);
    assert.equal(database.deletionProtection, true);
    assert.deepEqual(
      [login.mfa, login.passwordFlow, login.deletionProtection, login.identityPool],
      ["optional", false, true, false],
    );
    assert.equal(gateway.tls, "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09");
    assert.equal(server.aiGateway, false);
    assert.equal(ui.domain, null);
  });

  for (const [what, base, change, expected] of WRONG)
    it(`refuses ${what}`, () => {
      const errors = errorsOf({ ...base, ...change });
      assert.ok(
        errors.some((error) => expected.test(error)),
        `no error is ${expected}: ${JSON.stringify(errors)}`,
      );
    });

  it("says what kinds there are when the kind is missing or wrong", () => {
    assert.deepEqual(errorsOf({}), ["kind: is missing; say `central` or `consumer`"]);
    assert.match(
      errorsOf({ kind: "centrl" }).join(),
      /^kind: `centrl` is no kind of stack; allowed: `central` or `consumer`$/,
    );
  });

  it("reports all errors together, across keys and within one", () => {
    const errors = errorsOf({
      ...CENTRAL,
      account: "1",
      gatway: {},
      server: { cpus: 1, tasks: { min: 9, max: 2 } },
      consumers: { vision: { ...VISION, personas: ["sientist"] }, audio: { ...VISION, account: 3 } },
      personas: { reader: { may: ["run:write"] } },
    });
    const keys = errors.map((error) => error.split(":")[0]);
    assert.deepEqual(keys.sort(), [
      "account",
      "consumers.audio.account",
      "consumers.vision.personas",
      "gatway",
      "personas.reader.may",
      "server.cpus",
      "server.tasks.min",
    ]);
  });

  it("lets two profiles share a person, and a narrowed persona be", () => {
    const people = {
      bo: { person: "bo@x", persona: "reader", workspace: "vision" },
      bo2: { person: "bo@x", persona: "scientist", workspace: "vision" },
    };
    assert.deepEqual(errorsOf({ ...CONSUMER, people }), []);
    assert.deepEqual(errorsOf({ ...CENTRAL, personas: { scientist: { mayNot: ["dataset:delete"] } } }), []);
  });

  it("needs no organization where every consumer has an external id", () => {
    const consumers = { vision: { ...VISION, externalId: "vision-8f2c1a" } };
    assert.deepEqual(errorsOf({ ...CENTRAL, organization: null, consumers }), []);
  });
});

describe("configuration page", () => {
  it("lists every key of both kinds with its default and meaning", () => {
    const page = configurationPage();
    for (const schema of [centralSchema, consumerSchema])
      for (const key of Object.keys(schema.shape)) assert.match(page, new RegExp(`\\| \`${key}[.\`]`), key);
    assert.match(page, /\| `gateway\.tokenCacheSeconds` +\| 0 to 300 +\| `300` +\| How long/);
    assert.match(page, /\| `people\.<name>\.person` +\| [^|]+\| \*\*required\*\* +\| Who it is/);
  });

  it("leaves no field without meaning or allowed values", () => {
    const rows = configurationPage()
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    assert.ok(rows.length > 60);
    for (const row of rows)
      for (const cell of row.split(/(?<!\\)\|/).slice(1, -1)) assert.notEqual(cell.trim(), "", row);
  });
});

describe("nearest key", () => {
  it("finds the one with the fewest edits, and none that is far off", () => {
    assert.equal(nearest("gatway", ["gateway", "server", "people"]), "gateway");
    assert.equal(nearest("Workers", ["workers", "worker"]), "workers");
    assert.equal(nearest("xyzzy", ["gateway", "server"]), undefined);
  });
});

describe("address ranges", () => {
  it("knows private ranges of the sizes that a VPC takes", () => {
    for (const good of ["10.0.0.0/16", "172.31.0.0/16", "192.168.4.0/24"])
      assert.equal(isPrivateRange(good), true, good);
    for (const bad of [
      "10.0.0.0/8",
      "172.32.0.0/16",
      "8.8.8.0/24",
      "10.0.0.1/24",
      "10.0.0.0/28",
      "10.256.0.0/16",
      "ten",
    ])
      assert.equal(isPrivateRange(bad), false, bad);
  });

  it("cuts sixteen subnets that do not overlap", () => {
    const all = Array.from({ length: 16 }, (_, index) => subnetRange("10.40.0.0/16", index));
    assert.deepEqual(
      [all[0], all[1], all[8], all[15]],
      ["10.40.0.0/20", "10.40.16.0/20", "10.40.128.0/20", "10.40.240.0/20"],
    );
    assert.equal(new Set(all).size, 16);
    assert.equal(subnetRange("192.168.4.0/24", 3), "192.168.4.48/28");
  });
});
