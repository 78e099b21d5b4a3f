import type { Rule, StackRule } from "../rule.ts";
import { bucketsAreClosed, databaseIsPrivate, dataIsKept, storesAreEncrypted, trailsShowChanges } from "./data.ts";
import { codeDoorRefusesStrangers, methodHasAuthorizer, modernTls, noDataTrace, stageHasAccessLog } from "./gateway.ts";
import {
  noBroadManagedPolicy,
  noWildcardGrant,
  resourcePolicyNamesPrincipals,
  trustNamesPrincipals,
} from "./grants.ts";
import { personaStaysInCatalogue } from "./personas.ts";
import {
  containersAreConfined,
  lambdaRuntimeIsSupported,
  logsEnd,
  noOpenPort,
  oneRolePerProfile,
  serviceIsPrivate,
} from "./runtime.ts";

/** What a resource must be, each alone. */
export const RULES: readonly Rule[] = [
  methodHasAuthorizer,
  personaStaysInCatalogue,
  noWildcardGrant,
  noBroadManagedPolicy,
  trustNamesPrincipals,
  resourcePolicyNamesPrincipals,
  storesAreEncrypted,
  dataIsKept,
  databaseIsPrivate,
  modernTls,
  noDataTrace,
  stageHasAccessLog,
  logsEnd,
  trailsShowChanges,
  lambdaRuntimeIsSupported,
  containersAreConfined,
  serviceIsPrivate,
  noOpenPort,
];

/** What a stack must be as a whole. */
export const STACK_RULES: readonly StackRule[] = [codeDoorRefusesStrangers, bucketsAreClosed, oneRolePerProfile];
