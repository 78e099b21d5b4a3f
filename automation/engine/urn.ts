/** `<type> <name>` of a URN. Source: Pulumi docs, "URNs". */
export function resourceOf(urn: string): string {
  const [, , types = "", ...name] = urn.split("::");
  return `${types.split("$").at(-1)} ${name.join("::")}`;
}
