import type * as pulumi from "@pulumi/pulumi";
import { type Persona, resolvePersonas } from "../../authorizer/catalogue/personas.ts";
import { codeDocuments } from "../../authorizer/policy/compile.ts";
import { CognitoUi } from "../cognitoUi.ts";
import { CrossAccountAccess } from "../crossAccountAccess.ts";
import { directoryOf } from "../mlflowServer/directory.ts";
import { MLFLOW_VERSION, MlflowServer } from "../mlflowServer.ts";
import { observability } from "../observability.ts";
import { digestOf } from "../secureGateway/policies.ts";
import { SecureGateway } from "../secureGateway.ts";
import type { CentralSettings } from "../settings/central.ts";

type Central = CentralSettings & { readonly region: string };

/** The central account: MLflow, the gateway in front of it, the login of its UI, and the roles that consumers take. */
export function central(settings: Central, opts: pulumi.ComponentResourceOptions) {
  const { account, region, gateway, ui } = settings;
  const { personas } = resolvePersonas(settings.personas);
  const origin = ui.domain === null ? null : `https://${ui.domain}`;

  const server = new MlflowServer(
    "gatehouse-mlflow",
    {
      account,
      region,
      settings,
      directory: directoryOf(settings, personas),
      privateLink: gateway.loadBalancer === "nlb",
      proofGeneration: gateway.proofGeneration,
      stage: gateway.stage,
      certificate:
        gateway.internalCertificateArn === null || gateway.internalName === null
          ? null
          : { arn: gateway.internalCertificateArn, name: gateway.internalName },
      origins: [...(origin === null ? [] : [origin]), ...ui.allowedOrigins],
      logDays: gateway.logDays,
    },
    opts,
  );
  const login = new CognitoUi(
    "gatehouse-login",
    {
      account,
      region,
      settings: settings.login,
      ui,
      personas,
      groups: groupsOf(settings, personas),
      logDays: gateway.logDays,
    },
    opts,
  );
  const doors = new SecureGateway(
    "gatehouse",
    {
      account,
      region,
      settings: gateway,
      personas,
      server,
      userPools: [{ userPoolId: login.userPoolId, clientIds: [login.clientId], personClaim: login.personClaim }],
      origin,
    },
    opts,
  );
  login.deployUi(doors.browserUrl);
  const access = new CrossAccountAccess(
    "gatehouse-access",
    {
      side: "central",
      organization: settings.organization,
      consumers: settings.consumers,
      githubProviderArn: settings.githubProviderArn,
      personaPolicies: doors.personaPolicies,
    },
    opts,
  );

  const seen = observability(
    "gatehouse",
    {
      account,
      watched: { region, doors: doors.watched, ...server.watched },
      settings: settings.alarms,
      kmsKeyArn: server.kmsKeyArn,
    },
    { parent: server },
  );

  return {
    trackingUri: doors.codeUrl,
    browserApiUrl: doors.browserUrl,
    uiUrl: origin,
    region,
    codeApiId: doors.codeApiId,
    browserApiId: doors.browserApiId,
    apiStage: gateway.stage,
    personaPolicyArns: mapValues(doors.personaPolicies, (policies) => policies.map((policy) => policy.arn)),
    personaRoleArns: access.personaRoleArns,
    ciRoleArns: access.ciRoleArns,
    permissionSets: mapValues(settings.consumers, ({ account, permissionSets }) => ({ account, permissionSets })),
    externalIds: mapValues(settings.consumers, (consumer) => consumer.externalId),
    consumerWorkspaces: mapValues(settings.consumers, (consumer) => consumer.workspaces),
    userPoolId: login.userPoolId,
    userPoolClientId: login.clientId,
    tokenIssuer: login.issuer,
    loginDomain: login.loginDomain,
    identityProviders: login.providers,
    ...(login.identityPoolId === null ? {} : { identityPoolId: login.identityPoolId }),
    accessTable: server.accessTable.name,
    artifactBucket: server.artifactBucket,
    imageUri: server.imageUri,
    dashboardUrl: seen.dashboardUrl,
    alarmTopicArn: seen.topicArn,
    mlflowVersion: MLFLOW_VERSION,
    catalogueDigest: catalogueDigest(personas),
  };
}

/** Every group that means something, with what it means. */
function groupsOf(settings: CentralSettings, personas: readonly Persona[]): Readonly<Record<string, string>> {
  const uses = [
    ...personas.map(({ group, name }) => ({ group, use: `persona ${name}` })),
    ...Object.entries(settings.workspaces).flatMap(([workspace, { groups }]) =>
      (groups ?? []).map((group) => ({ group, use: `workspace ${workspace}` })),
    ),
  ];
  const byGroup = Object.groupBy(uses, ({ group }) => group);
  return mapValues(byGroup, (each) => (each ?? []).map(({ use }) => use).join(", "));
}

/** What all personas together may call by code, whatever the API's address: two stacks with the same digest grant the same. */
function catalogueDigest(personas: readonly Persona[]): string {
  return digestOf(
    personas.flatMap((persona) => [persona.name, ...codeDocuments(persona, "").map((each) => JSON.stringify(each))]),
  );
}

function mapValues<T, R>(values: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)] as const));
}
