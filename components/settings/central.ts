import { z } from "zod";
import { alarms } from "./alarms.ts";
import { account, arn, field, tags, text } from "./fields.ts";
import { gateway } from "./gateway.ts";
import { login, ui } from "./login.ts";
import { consumers, personas, workspaces } from "./people.ts";
import { artifacts, database, network, server } from "./server.ts";

/** Settings of the central account: MLflow, its two doors and who may come through them. */
export const centralSchema = z.strictObject({
  kind: field(z.literal("central"), "What the stack deploys.", "`central` or `consumer`"),
  account: account("The only account that the stack may be deployed into."),
  organization: text(
    /^o-[a-z0-9]{10,32}$/,
    "AWS Organization that callers have to belong to; null: every consumer needs an externalId.",
    "an organization id such as `o-a1b2c3d4e5`, or null",
  )
    .nullable()
    .default(null),
  tags: tags(),
  network,
  server,
  database,
  artifacts,
  gateway,
  alarms,
  login,
  ui,
  personas,
  consumers,
  workspaces,
  githubProviderArn: arn(
    "iam",
    "OpenID provider of GitHub Actions in this account; null: the stack makes it, where a consumer has `github`. An account has one.",
  )
    .nullable()
    .default(null),
});

export type CentralSettings = z.output<typeof centralSchema>;
