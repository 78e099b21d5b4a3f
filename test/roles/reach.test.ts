import assert from "node:assert/strict";
import { ofType, text } from "../../plan/plan.ts";
import { breaches, reaches } from "../../plan/roles/reach.ts";
import { worldOf } from "../../plan/roles/world.ts";
import { centralRun, consumerRun } from "../components/stacks.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { granted, type Plans, planOf, trusting, trustWith, withResource, withRole } from "./holes.ts";

const ADA_SPACE = { Effect: "Allow", Resource: "*" };
const SCIENTIST = "gatehouse-access-vision-scientist";
const APPROVER_ARN = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-approver";

describe("which role reaches which", function () {
  this.timeout(60_000);
  let plans: Plans;
  before(async () => {
    plans = [await declaredPlan("central"), await declaredPlan("datascience")];
  });
  const whys = (changed: Plans) => breaches(worldOf(changed)).map(({ why }) => why);
  const finds = (changed: Plans, why: RegExp) => {
    const found = whys(changed);
    assert.ok(
      found.some((each) => why.test(each)),
      `found ${JSON.stringify(found)}`,
    );
  };

  it("leads from each profile to its own persona under its own person's name, and nowhere else", () => {
    const people = reaches(worldOf(plans))
      .filter(({ from }) => from.kind === "person" && from.person?.includes("@"))
      .filter(({ to }) => to.role.kind === "persona")
      .map(({ from, to }) => [from.name, to.role.name, to.name]);
    assert.deepEqual(people, [
      ["gatehouse-vision-ada", "gatehouse-vision-scientist", "ada@acme.example"],
      ["gatehouse-vision-bo", "gatehouse-vision-reader", "bo@acme.example"],
      ["gatehouse-vision-cleo", "gatehouse-vision-approver", "cleo@acme.example"],
      ["gatehouse-vision-dan", "gatehouse-vision-admin", "dan@acme.example"],
    ]);
    assert.deepEqual(whys(plans), []);
  });

  const holes: Readonly<Record<string, readonly [change: (plans: Plans) => Plans, why: RegExp]>> = {
    "AssumeRole, where both sides are too wide": [
      (p) =>
        granted(
          trustWith(p, "gatehouse-access-vision-approver", (text) => text.replace("gatehouse/approver/*", "*")),
          "ada",
          { Effect: "Allow", Action: "sts:*", Resource: "*" },
        ),
      /gatehouse-vision-ada reaches the persona approver: sts:AssumeRole on gatehouse-vision-approver$/,
    ],
    "a session name that is bound to nobody": [
      (p) =>
        trustWith(p, SCIENTIST, (t) => t.replace('"sts:RoleSessionName":"${aws:PrincipalTag/gatehouse:person}",', "")),
      /gatehouse-vision-ada can be bo@acme\.example as scientist/,
    ],
    "a chain over a helper's role": [
      (p) =>
        granted(
          withRole(
            trustWith(p, "gatehouse-access-vision-approver", (t) =>
              t
                .replace("role/gatehouse/approver/*", "role/*")
                .replace('"sts:RoleSessionName":"${aws:PrincipalTag/gatehouse:person}",', ""),
            ),
            "helper",
            { Effect: "Allow", Principal: { AWS: "arn:aws:iam::222222222222:root" }, Action: "sts:AssumeRole" },
            { Effect: "Allow", Action: "sts:AssumeRole", Resource: APPROVER_ARN },
          ),
          "ada",
          { Effect: "Allow", Action: "sts:AssumeRole", Resource: "arn:aws:iam::222222222222:role/hel*" },
        ),
      /gatehouse-vision-ada reaches the persona approver: sts:AssumeRole on helper, then sts:AssumeRole on gatehouse-vision-approver/,
    ],
    "a role that takes itself with the tag of another": [
      (p) =>
        trusting(
          granted(p, "ada", { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Resource: "*" }),
          "gatehouse-studio-ada",
          {
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::222222222222:root" },
            Action: ["sts:AssumeRole", "sts:TagSession"],
          },
        ),
      /gatehouse-vision-ada can be bo@acme\.example as scientist: sts:AssumeRole with a tag of another person on gatehouse-vision-ada, then sts:AssumeRole on gatehouse-vision-scientist/,
    ],
    "a job with a colleague's role": [
      (p) => granted(p, "ada", { ...ADA_SPACE, Action: ["iam:PassRole", "sagemaker:CreateTrainingJob"] }),
      /gatehouse-vision-ada reaches the persona approver: iam:PassRole, sagemaker:CreateTrainingJob on gatehouse-vision-cleo/,
    ],
    "a colleague's presigned URL": [
      (p) => granted(p, "bo", { ...ADA_SPACE, Action: "sagemaker:CreatePresignedDomainUrl" }),
      /gatehouse-vision-bo reaches the persona scientist: sagemaker:CreatePresignedDomainUrl on gatehouse-vision-ada/,
    ],
    "a colleague's profile": [
      (p) => granted(p, "bo", { ...ADA_SPACE, Action: "sagemaker:Update*" }),
      /gatehouse-vision-bo reaches the persona approver: sagemaker:UpdateUserProfile on gatehouse-vision-cleo/,
    ],
    "the domain": [
      (p) => granted(p, "bo", { ...ADA_SPACE, Action: "sagemaker:UpdateDomain" }),
      /reaches the persona approver: sagemaker:UpdateDomain on gatehouse-vision-cleo/,
    ],
    "a space that a colleague owns": [
      (p) =>
        granted(p, "bo", {
          ...ADA_SPACE,
          Action: "sagemaker:CreateSpace",
          Condition: { StringEquals: { "sagemaker:SpaceSharingType": "Private" } },
        }),
      /gatehouse-vision-bo reaches the persona approver: sagemaker:CreateSpace on gatehouse-vision-cleo/,
    ],
    "an app outside of any space": [
      (p) =>
        granted(p, "bo", {
          ...ADA_SPACE,
          Action: "sagemaker:CreateApp",
          Condition: { Null: { "sagemaker:OwnerUserProfileArn": "true" } },
        }),
      /gatehouse-vision-bo reaches the persona approver: sagemaker:CreateApp on gatehouse-vision-cleo/,
    ],
    "rights that a role writes itself": [
      (p) => granted(p, "bo", { Effect: "Allow", NotAction: "s3:*", NotResource: "arn:aws:s3:::x" }),
      /gatehouse-vision-bo can change its own rights: iam:UpdateAssumeRolePolicy/,
    ],
    "a policy that a role versions": [
      (p) => granted(p, "bo", { ...ADA_SPACE, Action: "iam:CreatePolicyVersion" }),
      /gatehouse-vision-bo reaches the persona approver: iam:CreatePolicyVersion on gatehouse-vision-(?:cleo|approver)/,
    ],
    "a managed policy of AWS": [
      (p) =>
        withResource(p, {
          type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
          name: "wide",
          id: "wide",
          state: { role: "gatehouse-vision-ada", policyArn: "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess" },
        }),
      /gatehouse-vision-ada holds arn:aws:iam::aws:policy\/AmazonSageMakerFullAccess, which no stack declares/,
    ],
    "the function of another role": [
      (p) =>
        withResource(granted(p, "bo", { ...ADA_SPACE, Action: "lambda:*" }), {
          type: "aws:lambda/function:Function",
          name: "f",
          id: "f",
          state: { arn: "arn:aws:lambda:eu-west-1:222222222222:function:f", role: roleArn(p, "cleo") },
        }),
      /gatehouse-vision-bo reaches the persona approver: lambda:UpdateFunctionCode on gatehouse-vision-cleo/,
    ],
  };
  for (const [hole, [change, why]] of Object.entries(holes))
    it(`is found to be too much with ${hole}`, () => finds(change(plans), why));

  it("holds with jobs that are nobody's and workflows of CI, too", async () => {
    const central = await centralRun({
      consumers: {
        vision: {
          account: "222222222222",
          personas: ["reader", "scientist", "approver", "admin"],
          workspaces: ["vision"],
          permissionSets: { MlScientist: "scientist" },
          github: { train: { repository: "acme/vision", ref: "refs/heads/main", persona: "scientist" } },
        },
      },
    });
    const team = await consumerRun({ jobs: { nightly: { persona: "approver", workspace: "vision" } } });
    const more: Plans = [planOf(central, "central"), planOf(team, "datascience")];
    assert.deepEqual(whys(more), []);
    const kinds = worldOf(more).roles.map(({ name, kind, persona, person }) => [name, kind, persona, person]);
    for (const role of [
      ["gatehouse-vision-ci-train", "service", "scientist", null],
      ["gatehouse-vision-job-nightly", "person", "approver", "job-nightly.vision"],
    ])
      assert.deepEqual(
        kinds.find(([name]) => name === role[0]),
        role,
      );
    finds(
      granted(more, "cleo", {
        Effect: "Allow",
        Action: ["iam:PassRole", "sagemaker:CreateProcessingJob"],
        Resource: "*",
        Condition: { StringLike: { "iam:PassedToService": "*" } },
      }),
      /gatehouse-vision-cleo can be job-nightly\.vision as approver: iam:PassRole, sagemaker:/,
    );
  });

  it("counts a Deny that holds for every such call, and none that a caller can avoid", () => {
    const open = granted(plans, "bo", { ...ADA_SPACE, Action: "sagemaker:CreatePresignedDomainUrl" });
    const deny = { Effect: "Deny", Action: "sagemaker:CreatePresignedDomainUrl" };
    const own = `${text(ofType(plans[1], "aws:sagemaker/domain:Domain")[0] ?? never(), "arn").replace(":domain/", ":user-profile/")}/bo`;
    assert.deepEqual(whys(granted(open, "bo", { ...deny, NotResource: own })), []);
    const avoidable = { ...deny, Resource: "*", Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } };
    finds(granted(open, "bo", avoidable), /gatehouse-vision-bo reaches the persona scientist/);
  });
});

function roleArn([, team]: Plans, profile: string): string {
  return String((team.outputs.executionRoleArns as Record<string, string>)[profile]);
}

function never(): never {
  throw new Error("the team's stack declares no domain");
}
