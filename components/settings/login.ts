import { z } from "zod";
import { arn, field, flag, HOST, text, whole, word } from "./fields.ts";
import { identityProviders } from "./identityProviders.ts";

const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::\d{2,5})?$/;

/** Sender of Cognito's e-mail: a verified identity of SES in the stack's region. */
const email = field(
  z.strictObject({
    from: text(/^[^<>\r\n]{3,200}(?:<[^<>\s]+@[^<>\s]+>)?$/, "Sender.", "an address, or a name with <address>"),
    identityArn: arn("ses", "Identity of SES that the sender belongs to."),
    replyTo: text(/^[^\s@]+@[^\s@]+$/, "Address for answers.", "an address or null")
      .nullable()
      .default(null),
  }),
  "Sends invitations and codes through SES; null: Cognito's own sender, 50 a day.",
  "null, or {from, identityArn, replyTo}",
);

/** The user pool. */
export const login = z
  .strictObject({
    domainPrefix: text(
      /^(?!.*(?:aws|amazon|cognito))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
      "Prefix of the managed login page's address, through which identity providers are reached.",
      "lower-case letters, digits and hyphens, without aws, amazon and cognito; or null",
    )
      .nullable()
      .default(null),
    identityProviders,
    email: email.nullable().default(null),
    recovery: word(
      ["email", "administrator"],
      "Who replaces a forgotten password: a code sent to the address that an administrator gave, or an administrator.",
    ).default("email"),
    passwordLength: whole(12, 99, "Least number of characters of a password.").default(14),
    threatProtection: word(
      ["off", "audit", "enforced"],
      "Cognito's threat protection; other than off, the pool has the PLUS plan, which costs more per user.",
    ).default("off"),
    mfa: word(["off", "optional", "required"], "Second factor (an authenticator app).").default("optional"),
    accessTokenMinutes: whole(5, 1440, "Life of a token.").default(15),
    refreshTokenHours: whole(1, 87600, "How long a login lasts.").default(12),
    passwordFlow: flag(
      "Also lets clients send user name and password instead of SRP, which never sends the password.",
    ).default(false),
    deletionProtection: flag("Refuses to delete the user pool.").default(true),
    identityPool: flag(
      "Adds an identity pool for the same logins: one role per persona, by group, without a permission until somebody attaches one; else no credentials.",
    ).default(false),
  })
  .prefault({});

/** The web UI. */
export const ui = z
  .strictObject({
    domain: text(HOST, "Host of the web UI; null: the browser door answers no other origin.", "a host name or null")
      .nullable()
      .default(null),
    hosting: flag(
      "Deploys the UI with Amplify Hosting under `ui.domain`; false: somebody else serves what `node tools/ui.ts` builds.",
    ).default(false),
    allowedOrigins: field(
      z.array(text(ORIGIN, "Origin.", "https://<host>")),
      "Further origins that MLflow takes in a request's Origin header; the browser door answers `ui.domain` alone.",
      "a list of https://<host>",
    ).default([]),
  })
  .prefault({});
