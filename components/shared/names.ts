/** Path of every role that the `code` door lets in, in any account. */
export const ROLE_PATH = "/gatehouse/";

/** Role of the central account that one consumer's people take for one persona. */
export function personaRoleName(consumer: string, persona: string): string {
  return `gatehouse-${consumer}-${persona}`;
}

/** Role of the central account that one workflow of a consumer's takes. */
export function ciRoleName(consumer: string, workflow: string): string {
  return `gatehouse-${consumer}-ci-${workflow}`;
}

/** Execution role of one profile, in the consumer's account. */
export function executionRoleName(consumer: string, profile: string): string {
  return `gatehouse-${consumer}-${profile}`;
}

/** Path of the execution roles of one persona: what a persona's trust policy in the central account names. */
export function executionRolePath(persona: string): string {
  return `${ROLE_PATH}${persona}/`;
}

/** Tag of an execution role that says whose it is. */
export const PERSON_TAG = "gatehouse:person";

/** Who a job is that belongs to nobody: a person's name that no login has, since a person's starts otherwise in every directory we know. */
export function personOfJob(consumer: string, job: string): string {
  return `job-${job}.${consumer}`;
}
