/**
 * A person is one lower-case string, the same in the user pool, the profile, the role's tag, the session name and MLflow.
 * Bounds are those of a role session name. Source: STS API, `AssumeRole` → `RoleSessionName`.
 */
export const PERSON = /^[a-z0-9+=._@-]{2,64}$/;

export function isPerson(text: unknown): text is string {
  return typeof text === "string" && PERSON.test(text);
}
