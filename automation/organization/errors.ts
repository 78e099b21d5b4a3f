/** The organization file is wrong or can't be read; the message names every fault at once. */
export class OrganizationError extends Error {
  override readonly name = "OrganizationError";
}
