import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { resolvePersonas } from "../../authorizer/catalogue/personas.ts";
import { ciRoleName, personaRoleName } from "../shared/names.ts";
import type { CentralSettings } from "./central.ts";
import { identityProviderProblems } from "./identityProviders.ts";
import { nearest } from "./nearest.ts";

/** What is wrong between the settings of a central stack; a key that did not parse is left out. */
export function centralProblems(settings: Partial<CentralSettings>): readonly string[] {
  return [
    ...resolvePersonas(settings.personas ?? {}).errors,
    ...serverProblems(settings.server),
    ...databaseProblems(settings.database),
    ...gatewayProblems(settings.gateway),
    ...consumerProblems(settings),
    ...loginProblems(settings),
  ];
}

function loginProblems({ login, ui, personas }: Partial<CentralSettings>): string[] {
  if (!login) return [];
  const errors = identityProviderProblems(
    login.identityProviders,
    resolvePersonas(personas ?? {}).personas.map(({ name }) => name),
  );
  if (login.identityProviders.length && login.domainPrefix === null)
    errors.push("login.domainPrefix: is needed for login.identityProviders: their answers come back to that address");
  if (!login.identityProviders.length && login.domainPrefix !== null)
    errors.push("login.domainPrefix: serves login.identityProviders alone; name one, or leave the prefix out");
  if (login.identityProviders.length && ui?.domain === null)
    errors.push("ui.domain: is needed for login.identityProviders: a login ends at that address");
  if (ui?.hosting && ui.domain === null)
    errors.push("ui.domain: is needed for ui.hosting: the browser door answers pages of that address");
  return errors;
}

/** MiB that Fargate takes for a number of CPU units. Source: ECS Developer Guide, "Fargate task definition differences". */
const MEMORY: Readonly<Record<number, readonly [min: number, max: number, step: number]>> = {
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16384, 1024],
  4096: [8192, 30720, 1024],
  8192: [16384, 61440, 4096],
  16384: [32768, 122880, 8192],
};

/** MiB that MLflow takes before the first worker, and for each. */
const MLFLOW_MEMORY = 256;

function serverProblems(server: CentralSettings["server"] | undefined): string[] {
  if (!server) return [];
  const errors: string[] = [];
  const [min, max, step] = MEMORY[server.cpu] ?? [0, 0, 1];
  if (server.memory < min || server.memory > max || server.memory % step)
    errors.push(
      `server.memory: \`${server.memory}\` does not go with ${server.cpu} CPU units; allowed: ${min} to ${max} in steps of ${step}`,
    );
  const needed = MLFLOW_MEMORY * (1 + server.workers);
  if (server.memory < needed)
    errors.push(`server.workers: ${server.workers} workers need ${needed} MiB and server.memory is ${server.memory}`);
  if (server.tasks.min > server.tasks.max)
    errors.push(`server.tasks.min: \`${server.tasks.min}\` is more than server.tasks.max, ${server.tasks.max}`);
  return errors;
}

function databaseProblems(database: CentralSettings["database"] | undefined): string[] {
  if (!database || database.minAcu <= database.maxAcu) return [];
  return [`database.minAcu: \`${database.minAcu}\` is more than database.maxAcu, ${database.maxAcu}`];
}

function gatewayProblems(gateway: CentralSettings["gateway"] | undefined): string[] {
  if (!gateway) return [];
  const errors: string[] = [];
  // The load balancer strips a leading stage: one named as MLflow's own first segment would take a part of the path with it.
  const segments = new Set(ENDPOINTS.map((endpoint) => endpoint.path.split("/")[1]));
  if (segments.has(gateway.stage))
    errors.push(`gateway.stage: \`${gateway.stage}\` is how a path of MLflow begins; choose another name`);
  const { code, browser } = gateway;
  if ((code.endpoint === "private") !== code.vpcEndpointIds.length > 0)
    errors.push("gateway.code.vpcEndpointIds: goes with gateway.code.endpoint `private`; give both or neither");
  if (code.endpoint === "private" && code.domain !== null)
    errors.push(
      "gateway.code.domain: a private door keeps API Gateway's address, which the VPC endpoints resolve; take it out",
    );
  if (code.domain !== null && code.domain.name === browser.domain?.name)
    errors.push(`gateway.browser.domain: \`${code.domain.name}\` is already the name of the code door`);
  if (gateway.requestsPerSession !== null && gateway.webAclArn !== null)
    errors.push(
      "gateway.requestsPerSession: a door has one web ACL, and gateway.webAclArn is yours; add a rate-based rule there, or take one of the two out",
    );
  if ((gateway.internalCertificateArn === null) !== (gateway.internalName === null))
    errors.push("gateway.internalName: goes with gateway.internalCertificateArn; set both or neither");
  return errors;
}

function consumerProblems(settings: Partial<CentralSettings>): string[] {
  const errors: string[] = [];
  const consumers = Object.entries(settings.consumers ?? {});
  const personas = resolvePersonas(settings.personas ?? {}).personas.map((persona) => persona.name);
  const workspaces = settings.workspaces && Object.keys(settings.workspaces);
  const accounts = new Map<string, string>();
  const roles = new Map<string, string>();
  for (const [name, consumer] of consumers) {
    const at = `consumers.${name}`;
    for (const persona of consumer.personas) {
      const role = personaRoleName(name, persona);
      const twin = roles.get(role);
      if (persona === "platform-admin")
        errors.push(`${at}.personas: platform-admin exists only in the central account; take it out`);
      else if (!personas.includes(persona)) errors.push(`${at}.personas: ${unknown(persona, personas, "persona")}`);
      else if (twin === at) errors.push(`${at}.personas: \`${persona}\` is listed twice`);
      else if (twin !== undefined)
        errors.push(`${at}.personas: \`${role}\` is already a role of ${twin}; rename one of the two`);
      roles.set(role, at);
    }
    for (const [permissionSet, persona] of Object.entries(consumer.permissionSets))
      if (!consumer.personas.includes(persona))
        errors.push(
          `${at}.permissionSets.${permissionSet}: \`${persona}\` is not one of ${at}.personas: ${consumer.personas.join(", ")}`,
        );
    for (const [workflow, settings] of Object.entries(consumer.github)) {
      const where = `${at}.github.${workflow}`;
      const role = ciRoleName(name, workflow);
      const twin = roles.get(role);
      if (!consumer.personas.includes(settings.persona))
        errors.push(
          `${where}.persona: \`${settings.persona}\` is not one of ${at}.personas: ${consumer.personas.join(", ")}`,
        );
      if ((settings.ref === null) === (settings.environment === null))
        errors.push(`${where}: give \`ref\` or \`environment\`, one of the two`);
      if (twin !== undefined) errors.push(`${where}: \`${role}\` is already a role of ${twin}; rename one of the two`);
      roles.set(role, where);
    }
    for (const [index, workspace] of consumer.workspaces.entries()) {
      if (workspaces && !workspaces.includes(workspace))
        errors.push(`${at}.workspaces: ${unknown(workspace, workspaces, "workspace")}`);
      if (consumer.workspaces.indexOf(workspace) !== index)
        errors.push(`${at}.workspaces: \`${workspace}\` is listed twice`);
    }
    if (settings.organization === null && consumer.externalId === null)
      errors.push(`${at}.externalId: is needed where organization is null; give 8 to 128 characters`);
    // A persona's trust names an account and a path of roles: two consumers of one account would trust each other's people.
    const other = accounts.get(consumer.account);
    if (other) errors.push(`${at}.account: \`${consumer.account}\` is already the account of ${other}`);
    accounts.set(consumer.account, name);
  }
  return errors;
}

function unknown(name: string, known: readonly string[], what: string): string {
  const meant = nearest(name, known);
  return `\`${name}\` is no ${what}; ${meant ? `did you mean \`${meant}\`?` : `known: ${known.join(", ") || "none"}`}`;
}
