import { z } from "zod";
import { arn, field, HOST, text, word } from "./fields.ts";

const HTTPS = /^https:\/\/[^\s"'<>]{4,400}$/;

/** Keys of one provider; those of the other protocol are refused by a check. */
const provider = z.strictObject({
  name: text(
    /^(?!cognito$)[A-Za-z][A-Za-z0-9-]{1,31}$/i,
    "Name in the user pool and on the button.",
    "2 to 32 letters, digits and hyphens",
  ),
  type: word(["oidc", "saml"], "Protocol."),
  issuer: text(HTTPS, "Issuer of an OpenID provider.", "https://<issuer>").nullable().default(null),
  clientId: text(/^[\x21-\x7e]{1,255}$/, "Client of this user pool at an OpenID provider.", "a client id")
    .nullable()
    .default(null),
  clientSecretArn: arn("secretsmanager", "Secret whose text is that client's secret; null: a public client.")
    .nullable()
    .default(null),
  scopes: field(
    z.array(text(/^[\x21-\x7e]+$/, "Scope.", "a scope")),
    "Scopes asked of an OpenID provider.",
    "a list of scopes",
  ).default(["openid", "email"]),
  metadataUrl: text(HTTPS, "Metadata of a SAML provider.", "https://<address>").nullable().default(null),
  person: text(
    /^[\w:./-]{1,128}$/,
    "Claim (OIDC) or attribute (SAML) with the person's name in MLflow, which is lower-cased. Only the company's directory may set it.",
    "a claim or attribute",
  ).default("email"),
  groupsFrom: text(
    /^[\w:./-]{1,128}$/,
    "Claim or attribute with the company's groups.",
    "a claim or attribute",
  ).default("groups"),
  groups: field(
    z.record(z.string().min(1).max(128), z.string()),
    "Company group to persona. Groups of workspaces come by their own name.",
    "company group: persona",
  ).default({}),
  domains: field(
    z.array(text(HOST, "Domain.", "a domain")),
    "Domains of the people that it may name.",
    "a list of domains such as `acme.example`; needed with several providers",
  ).default([]),
});

/** Foreign identity providers of the user pool. */
export const identityProviders = field(
  z.array(provider).max(20),
  "Identity providers of the company, through which its people log in to the UI.",
  "a list of {name, type, issuer, clientId, clientSecretArn, metadataUrl, person, groupsFrom, groups, domains}",
).default([]);

export type IdentityProviderSetting = z.infer<typeof provider>;

/** What is wrong between providers, and with the keys of each protocol. */
export function identityProviderProblems(
  providers: readonly IdentityProviderSetting[],
  personas: readonly string[],
): string[] {
  const taken = new Map<string, string>();
  return providers.flatMap((each, index) => {
    const at = `login.identityProviders.${index}`;
    const errors: string[] = [];
    const [needed, foreign] =
      each.type === "oidc"
        ? ([["issuer", "clientId"], ["metadataUrl"]] as const)
        : ([["metadataUrl"], ["issuer", "clientId", "clientSecretArn"]] as const);
    for (const key of needed) if (each[key] === null) errors.push(`${at}.${key}: is needed for ${each.type}`);
    for (const key of foreign)
      if (each[key] !== null) errors.push(`${at}.${key}: is no key of ${each.type}; leave it out`);
    const name = each.name.toLowerCase();
    if (taken.has(name)) errors.push(`${at}.name: \`${each.name}\` is already the name of another provider`);
    taken.set(name, at);
    for (const [group, persona] of Object.entries(each.groups))
      if (!personas.includes(persona))
        errors.push(`${at}.groups.${group}: \`${persona}\` is no persona; known: ${personas.join(", ")}`);
    if (providers.length > 1 && !each.domains.length)
      errors.push(`${at}.domains: is needed with several providers, else one could name another's people`);
    for (const domain of each.domains) {
      const other = taken.get(`@${domain}`);
      if (other !== undefined) errors.push(`${at}.domains: \`${domain}\` is already a domain of ${other}`);
      taken.set(`@${domain}`, at);
    }
    return errors;
  });
}
