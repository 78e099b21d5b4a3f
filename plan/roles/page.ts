import { markdownTable } from "markdown-table";
import type { Plan } from "../plan.ts";
import { breaches, reaches } from "./reach.ts";
import { worldOf } from "./world.ts";

/** `docs/roles.md`: which role of which account leads where, computed from what the stacks declare. The graph lies beside it as `roles.svg`. */
export function rolesPage(plans: readonly Plan[]): string {
  const world = worldOf(plans);
  const ways = reaches(world);
  const bad = breaches(world);
  const rows = world.roles
    .filter(({ kind }) => kind !== "machinery")
    .map((role) => {
      const to = ways
        .filter(({ from }) => from === role)
        .map(({ to: session }) => `\`${session.role.name}\`${session.name === null ? "" : ` as ${session.name}`}`);
      return [`\`${role.name}\``, role.account, role.persona ?? "–", role.person ?? "–", to.join(", ") || "nowhere"];
    });
  const machinery = world.roles.filter(({ kind }) => kind === "machinery");
  const verdict = bad.length
    ? `**${bad.length} of these ways should not be there:**\n\n${bad.map(({ why }) => `- ${why}`).join("\n")}`
    : "No role reaches another persona, another person, another team, a role of the machinery, or its own rights.";
  return `# Which role leads where

Made by \`npm run generate\` from the roles, trust policies and permissions that the two stacks of this repository declare. \`npx gatehouse roles\` prints the
same for your own stacks and fails when a way is there that should not be.

![Roles of both accounts and the ways between them](roles.svg)

${markdownTable([["role", "account", "persona", "person", "leads to"], ...rows])}

${verdict}

## What is looked at

From every declared role, by any number of steps:

- \`sts:AssumeRole\`, allowed by both sides, under each person's name and under a name that nobody has, with and without a session tag that says another person;
- \`iam:PassRole\` to a service that the role trusts, with a call that starts work there: a training, processing or tuning job, a pipeline, a notebook instance,
  a profile, a function, a task;
- \`sagemaker:CreatePresignedDomainUrl\`, \`UpdateUserProfile\` and \`UpdateDomain\`: whoever opens or changes a profile works with its role;
- \`sagemaker:CreateSpace\`, \`UpdateSpace\` and \`CreateApp\`, private for each owner, shared, and outside of any space;
- changes of a role, of its trust, of its tags, or of a policy that hangs on it;
- the code of a function, and the parameter with a profile's settings.

What a caller can choose in a call (names, tags, external id, network) is taken as chosen in the worst way: an Allow counts as soon as some call may satisfy
its conditions, a Deny only where it hits every such call. A policy that no stack declares, AWS's own for instance, is reported, since nobody can say what
it allows. A permissions boundary is left out: it can only take away.

${machinery.length} roles belong to the machinery (network logs, the authorizer, MLflow's task, the role without any right that stands in for shared spaces). They are
looked at too and are left out of the table. Roles and users that these stacks don't declare, an administrator of the account above all, are not in sight.
`;
}
