import assert from "node:assert/strict";
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminUserGlobalSignOutCommand,
  CognitoIdentityProviderClient,
  ListUsersCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import {
  confirmResetPassword,
  confirmSignIn,
  fetchAuthSession,
  fetchMFAPreference,
  resetPassword,
  setUpTOTP,
  signIn,
  signOut,
  updateMFAPreference,
  verifyTOTPSetup,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { sharedInMemoryStorage } from "aws-amplify/utils";
import { createIssuer, type Issuer, type Mail } from "../../local/issuer/index.ts";
import { codeAt } from "../../local/issuer/totp.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Served, serve } from "../helpers/serve.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { centralPlan, REGION } from "./tinyPlan.ts";

const KEY = { accessKeyId: "AKIALOCALADMIN000001", secretAccessKey: "an administrator's key of the test" };
const POOL = `${REGION}_TinyPool1`;
const PASSWORD = "Correct-Horse-1";

function withPool(inputs: Record<string, unknown>): Plan {
  const plan = centralPlan();
  const resources = plan.resources.map((one) =>
    one.type.endsWith(":UserPool") ? { ...one, inputs: { ...one.inputs, ...inputs } } : one,
  );
  return { ...plan, resources };
}

describe("local issuer with stock AWS clients", () => {
  const mails: Mail[] = [];
  let offset = 0;
  let issuer: Issuer;
  let served: Served;
  let admin: CognitoIdentityProviderClient;

  /** A pool of its own, as declared. */
  const open = async (pool: Record<string, unknown> = {}) => {
    issuer = await createIssuer({
      plan: withPool({
        accountRecoverySetting: { recoveryMechanisms: [{ name: "verified_email", priority: 1 }] },
        ...pool,
      }),
      users: [{ name: "ada@acme.example", password: PASSWORD, groups: ["readers"] }],
      directory: temporaryFolder(),
      allowPasswordFlow: false,
      administrator: KEY,
      deliver: (mail) => mails.push(mail),
      now: () => Date.now() + offset,
    });
  };
  before(async () => {
    await open();
    served = await serve((request, response) => issuer.handle(request, response));
    admin = new CognitoIdentityProviderClient({ region: REGION, endpoint: served.origin, credentials: KEY });
    const [clientId = ""] = issuer.clientIds;
    Amplify.configure({
      Auth: { Cognito: { userPoolId: POOL, userPoolClientId: clientId, userPoolEndpoint: served.origin } },
    });
    cognitoUserPoolsTokenProvider.setKeyValueStorage(sharedInMemoryStorage);
  });
  afterEach(async () => {
    offset = 0;
    mails.length = 0;
    await signOut();
  });
  after(async () => {
    admin.destroy();
    await served.close();
  });
  const groups = async () =>
    (await fetchAuthSession()).tokens?.accessToken.payload["cognito:groups"] as readonly string[] | undefined;
  const create = (name: string) =>
    admin.send(
      new AdminCreateUserCommand({
        UserPoolId: POOL,
        Username: name,
        UserAttributes: [
          { Name: "email", Value: name },
          { Name: "email_verified", Value: "true" },
        ],
      }),
    );

  it("signs in by SRP, whatever the case of the name, and refreshes", async () => {
    assert.deepEqual((await signIn({ username: "Ada@acme.example", password: PASSWORD })).nextStep, {
      signInStep: "DONE",
    });
    assert.deepEqual(await groups(), ["readers"]);
    const before = (await fetchAuthSession()).tokens?.accessToken.toString();
    const after = (await fetchAuthSession({ forceRefresh: true })).tokens?.accessToken.toString();
    assert.ok(after && after !== before);
  });

  it("refuses a wrong password and an unknown name alike", async () => {
    for (const username of ["ada@acme.example", "nobody@acme.example"])
      await assert.rejects(signIn({ username, password: "Wrong-Horse-1" }), {
        name: "NotAuthorizedException",
        message: "Incorrect username or password.",
      });
  });

  it("refuses values with which SRP would need no password", async () => {
    const n = "F".repeat(16);
    for (const SRP_A of ["0", n.slice(0, 0) || "00", "xyz"]) {
      const response = await fetch(served.origin, {
        method: "POST",
        headers: { "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth" },
        body: JSON.stringify({
          AuthFlow: "USER_SRP_AUTH",
          ClientId: issuer.clientIds[0],
          AuthParameters: { USERNAME: "ada@acme.example", SRP_A },
        }),
      });
      assert.equal(response.status, 400);
    }
  });

  it("lets somebody invited choose a password, which then is his", async () => {
    await create("new@acme.example");
    await admin.send(
      new AdminAddUserToGroupCommand({ UserPoolId: POOL, Username: "new@acme.example", GroupName: "readers" }),
    );
    const [invitation] = mails;
    assert.equal(invitation?.user, "new@acme.example");
    const asked = await signIn({ username: "new@acme.example", password: invitation?.text ?? "" });
    assert.equal(asked.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
    const done = await confirmSignIn({ challengeResponse: "My-Own-Horse-1" });
    assert.equal(done.nextStep.signInStep, "DONE");
    assert.deepEqual(await groups(), ["readers"]);
    await signOut();
    await assert.rejects(signIn({ username: "new@acme.example", password: invitation?.text ?? "" }));
    await signIn({ username: "new@acme.example", password: "My-Own-Horse-1" });
  });

  it("refuses a new password that the declared policy does", async () => {
    await open({ passwordPolicy: { minimumLength: 14 } });
    await create("weak@acme.example");
    await signIn({ username: "weak@acme.example", password: mails[0]?.text ?? "" });
    await assert.rejects(confirmSignIn({ challengeResponse: "Short-1a" }), { name: "InvalidPasswordException" });
  });

  it("replaces a forgotten password with a mailed code, once, and tells nobody who exists", async () => {
    await open();
    const step = (await resetPassword({ username: "ada@acme.example" })).nextStep;
    assert.equal(step.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
    const stranger = (await resetPassword({ username: "nobody@acme.example" })).nextStep;
    assert.deepEqual(stranger, step);
    assert.deepEqual(
      mails.map(({ user, subject }) => [user, subject]),
      [["ada@acme.example", "verification code"]],
    );
    const confirm = (confirmationCode: string) =>
      confirmResetPassword({ username: "ada@acme.example", confirmationCode, newPassword: "Changed-Horse-1" });
    const code = mails[0]?.text ?? "";
    await assert.rejects(confirm(code === "000000" ? "000001" : "000000"), { name: "CodeMismatchException" });
    await confirm(code);
    await assert.rejects(confirm(code), { name: "CodeMismatchException" });
    await signIn({ username: "ada@acme.example", password: "Changed-Horse-1" });
  });

  it("sends no code where an administrator resets passwords", async () => {
    await open({ accountRecoverySetting: { recoveryMechanisms: [{ name: "admin_only", priority: 1 }] } });
    await assert.rejects(resetPassword({ username: "ada@acme.example" }), { name: "NotAuthorizedException" });
    assert.deepEqual(mails, []);
  });

  it("asks for a second factor where declared, from the first login on, and takes a code once", async () => {
    await open({ mfaConfiguration: "ON" });
    const { nextStep } = await signIn({ username: "ada@acme.example", password: PASSWORD });
    assert.ok(nextStep.signInStep === "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
    const secret = nextStep.totpSetupDetails.sharedSecret;
    const code = () => codeAt(secret, (Date.now() + offset) / 1000);
    assert.equal((await confirmSignIn({ challengeResponse: code() })).nextStep.signInStep, "DONE");
    await signOut();
    const again = await signIn({ username: "ada@acme.example", password: PASSWORD });
    assert.equal(again.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    await assert.rejects(confirmSignIn({ challengeResponse: code() }), /already been used/);
    await signIn({ username: "ada@acme.example", password: PASSWORD });
    offset = 60_000;
    assert.equal((await confirmSignIn({ challengeResponse: code() })).nextStep.signInStep, "DONE");
  });

  it("lets a person add a second factor where it is optional", async () => {
    await open({ mfaConfiguration: "OPTIONAL" });
    await signIn({ username: "ada@acme.example", password: PASSWORD });
    const { sharedSecret } = await setUpTOTP();
    await verifyTOTPSetup({ code: codeAt(sharedSecret, Date.now() / 1000) });
    await updateMFAPreference({ totp: "PREFERRED" });
    assert.deepEqual(await fetchMFAPreference(), { enabled: ["TOTP"], preferred: "TOTP" });
    await signOut();
    const again = await signIn({ username: "ada@acme.example", password: PASSWORD });
    assert.equal(again.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  });

  it("ends the login of a person whom an administrator signs out or disables", async () => {
    await open();
    const target = { UserPoolId: POOL, Username: "ada@acme.example" };
    await signIn({ username: target.Username, password: PASSWORD });
    await admin.send(new AdminUserGlobalSignOutCommand(target));
    await assert.rejects(fetchAuthSession({ forceRefresh: true }).then(({ tokens }) => assert.ok(tokens)));
    await admin.send(new AdminDisableUserCommand(target));
    await assert.rejects(issuer.tokenFor(target.Username), /is disabled and gets no token/);
    await assert.rejects(signIn({ username: target.Username, password: PASSWORD }), /User is disabled/);
  });

  it("manages users for nobody without the administrator's signature", async () => {
    const secrets = [
      { accessKeyId: KEY.accessKeyId, secretAccessKey: "another" },
      { accessKeyId: "AKIASOMEBODYELSE0001", secretAccessKey: KEY.secretAccessKey },
    ];
    for (const credentials of secrets) {
      const stranger = new CognitoIdentityProviderClient({ region: REGION, endpoint: served.origin, credentials });
      await assert.rejects(stranger.send(new ListUsersCommand({ UserPoolId: POOL })), (error: Error) =>
        ["InvalidSignatureException", "UnrecognizedClientException"].includes(error.name),
      );
      stranger.destroy();
    }
    const unsigned = await fetch(served.origin, {
      method: "POST",
      headers: { "x-amz-target": "AWSCognitoIdentityProviderService.ListUsers" },
      body: JSON.stringify({ UserPoolId: POOL }),
    });
    assert.equal(unsigned.status, 400);
    const listed = await admin.send(new ListUsersCommand({ UserPoolId: POOL }));
    assert.deepEqual(
      listed.Users?.map(({ Username }) => Username),
      ["ada@acme.example"],
    );
  });
});
