import type { Action } from "../engine/operations.ts";
import { chosen, type Member } from "../organization/members.ts";
import type { NewStep } from "./store.ts";
import type { JobRequest } from "./types.ts";

/**
 * The steps of a job in their order: central before consumers, since they read its outputs; consumers before central when all is destroyed. What changes
 * nothing has no order.
 *
 * @throws OrganizationError naming a member that isn't there
 */
export function stepsOf({ kind, only }: JobRequest, members: readonly Member[]): readonly NewStep[] {
  const all = chosen(members, only);
  const [central, consumers] = [
    all.filter((each) => each.kind === "central"),
    all.filter((each) => each.kind === "consumer"),
  ];
  const stages: readonly (readonly [Action, readonly Member[]])[] = (() => {
    switch (kind) {
      case "preview":
      case "drift":
      case "refresh":
        return [[kind, all]];
      case "deploy":
        return [
          [kind, central],
          [kind, consumers],
        ];
      case "destroy":
        return [
          [kind, consumers],
          [kind, central],
        ];
      case "onboard": {
        // Whatever consumer is new, central has to list it first.
        const first = members.filter((each) => each.kind === "central");
        return [
          ["preview", first],
          ["deploy", first],
          ["preview", consumers],
          ["deploy", consumers],
        ];
      }
    }
  })();
  return stages
    .filter(([, of]) => of.length > 0)
    .flatMap(([action, of], stage) => of.map(({ name, stack }) => ({ stage, member: name, stack, action })));
}
