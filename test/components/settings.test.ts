import assert from "node:assert/strict";
import { centralSchema } from "../../components/settings/central.ts";
import { consumerSchema } from "../../components/settings/consumer.ts";
import { COSTS } from "../../components/settings/costs.ts";
import { nearest } from "../../components/settings/nearest.ts";
import { configurationPage, settingKeys } from "../../components/settings/page.ts";
import { parseSettings } from "../../components/settings/parse.ts";
import { isPrivateRange, subnetRange } from "../../components/shared/cidr.ts";
import { CENTRAL, CONSUMER, type Raw, VISION, WRONG } from "./wrongSettings.ts";

function errorsOf(raw: Raw): readonly string[] {
  const parsed = parseSettings(raw);
  return "errors" in parsed ? parsed.errors : [];
}

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
    const parsed = parseSettings({ kind: "central", account: "111111111111", workspaces: { vision: {} } });
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

  it("says of every setting that AWS charges for what it costs, and of none that there isn't", () => {
    const central =
      "network.zones network.flowLogs network.nat server.image server.architecture server.cpu server.memory server.tasks.min server.tasks.max server.aiGateway database.minAcu database.maxAcu database.backupDays database.snapshotBeforeUpgrade artifacts.keepOldVersionsDays artifacts.removeDeletedDays artifacts.dataEvents gateway.loadBalancer gateway.requestsPerSession gateway.webAclArn gateway.logDays login.identityProviders login.email login.threatProtection ui.hosting";
    const consumer =
      "network.zones network.flowLogs network.nat network.registry studio.instanceTypes studio.jobInstanceTypes studio.volumeGb studio.idleShutdownMinutes studio.homeFileSystem";
    for (const [schema, billed] of [
      [centralSchema, central],
      [consumerSchema, consumer],
    ] as const) {
      const costs = COSTS.get(schema) ?? {};
      assert.deepEqual(Object.keys(costs).sort(), billed.split(" ").sort());
      const keys = settingKeys(schema);
      for (const [key, cost] of Object.entries(costs)) {
        assert.ok(keys.includes(key), `${key} is no setting`);
        assert.match(cost, /\d|price/, key);
        assert.ok(configurationPage().includes(`| \`${key}\``), key);
      }
    }
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
