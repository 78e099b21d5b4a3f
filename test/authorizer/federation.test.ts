import assert from "node:assert/strict";
import { companyGroups, FederationError, federatedIdentity } from "../../authorizer/identity/federation.ts";

describe("who a user of an identity provider is", () => {
  const settings = {
    providers: {
      Acme: { groups: { "ML-Approvers": "model-approvers" }, domains: ["acme.example"] },
      Open: { groups: {}, domains: [] },
    },
    workspaceGroups: ["team-vision"],
  };
  const identities = (...names: readonly string[]) =>
    JSON.stringify(names.map((providerName) => ({ providerName, userId: "1" })));
  const identity = (attributes: Record<string, string | undefined>, groups: readonly string[] = []) =>
    federatedIdentity(
      {
        userName: "Acme_1",
        groups,
        attributes: {
          "cognito:user_status": "EXTERNAL_PROVIDER",
          identities: identities("Acme"),
          "custom:person": "ada@acme.example",
          ...attributes,
        },
      },
      settings,
    );

  it("is what the provider says, with the groups that the settings map and those of a workspace", () => {
    const company = JSON.stringify(["ML-Approvers", "admins", "team-vision", "constructor"]);
    assert.deepEqual(identity({ "custom:person": "Ada@ACME.example", "custom:groups": company }, ["readers"]), {
      person: "ada@acme.example",
      groups: ["readers", "model-approvers", "team-vision"],
    });
  });

  for (const [what, attributes] of Object.entries({
    "another domain": { "custom:person": "ada@evil.example" },
    "another domain behind the right one": { "custom:person": "ada@acme.example@evil.example" },
    "a domain below the right one": { "custom:person": "ada@sub.acme.example" },
    "the domain alone": { "custom:person": "acme.example" },
    "nobody's name": { "custom:person": undefined },
    "a name with a space": { "custom:person": "ada lovelace@acme.example" },
    "no provider": { identities: undefined },
    "an unknown provider": { identities: identities("Other") },
    "a provider of every object": { identities: identities("constructor") },
    "two providers": { identities: identities("Acme", "Open") },
    "what is no list": { identities: '{"providerName":"Acme"}' },
  }))
    it(`refuses ${what}`, () => assert.throws(() => identity(attributes), FederationError));

  it("takes nothing from what a user of the pool itself may write", () => {
    const own = {
      "cognito:user_status": "CONFIRMED",
      "custom:person": "eve@acme.example",
      "custom:groups": "ML-Approvers",
    };
    const user = { userName: "bo", groups: ["readers"], attributes: { ...own, identities: identities("Acme") } };
    assert.deepEqual(federatedIdentity(user, settings), { person: "bo", groups: ["readers"] });
    assert.throws(() => federatedIdentity({ ...user, userName: "Bo B" }, settings), FederationError);
  });

  it("reads a list as Cognito stores it", () => {
    assert.deepEqual(companyGroups('["a","b, c"]'), ["a", "b, c"]);
    assert.deepEqual(companyGroups("[a, b]"), ["a", "b"]);
    assert.deepEqual(companyGroups("a"), ["a"]);
    assert.deepEqual(companyGroups(undefined), []);
    assert.deepEqual(companyGroups('[1,{"a":"b"},"c"]'), ["c"]);
  });
});
