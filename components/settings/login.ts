import { z } from "zod";
import { field, flag, HOST, text, whole, word } from "./fields.ts";

const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::\d{2,5})?$/;

/** The user pool. */
export const login = z
  .strictObject({
    mfa: word(["off", "optional", "required"], "Second factor (an authenticator app).").default("optional"),
    accessTokenMinutes: whole(5, 1440, "Life of a token.").default(15),
    refreshTokenHours: whole(1, 87600, "How long a login lasts.").default(12),
    passwordFlow: flag(
      "Also lets clients send user name and password instead of SRP, which never sends the password.",
    ).default(false),
    deletionProtection: flag("Refuses to delete the user pool.").default(true),
    identityPool: flag("Adds an identity pool for the same logins; its role holds no permission.").default(false),
  })
  .prefault({});

/** The web UI. */
export const ui = z
  .strictObject({
    domain: text(HOST, "Host of the web UI; null: the browser door answers no other origin.", "a host name or null")
      .nullable()
      .default(null),
    allowedOrigins: field(
      z.array(text(ORIGIN, "Origin.", "https://<host>")),
      "Further origins that MLflow takes in a request's Origin header; the browser door answers `ui.domain` alone.",
      "a list of https://<host>",
    ).default([]),
  })
  .prefault({});
