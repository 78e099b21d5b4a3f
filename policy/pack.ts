import { type Policies, PolicyPack, type PolicyResource } from "@pulumi/policy";
import type { Declared, DeclaredStack, Rule, StackRule } from "./rule.ts";
import { RULES, STACK_RULES } from "./rules/index.ts";

// The engine learns of the pack by its construction.
new PolicyPack("gatehouse", {
  enforcementLevel: "mandatory",
  policies: [...RULES.map(one), ...STACK_RULES.map(whole)],
});

function one(rule: Rule): Policies[number] {
  return {
    ...said(rule),
    validateResource: ({ type, name, props, opts }, report) => {
      if (!rule.types.includes(type)) return;
      for (const fault of rule.check({ type, name, props, protect: opts.protect })) report(fault);
    },
  };
}

function whole(rule: StackRule): Policies[number] {
  return {
    ...said(rule),
    validateStack: ({ resources }, report) => {
      const kept = new Map(resources.map((resource) => [declared(resource), resource] as const));
      const stack: DeclaredStack = {
        resources: [...kept.keys()],
        refers: (from, property, to) => {
          const target = kept.get(to)?.urn;
          return (kept.get(from)?.propertyDependencies[property] ?? []).some(({ urn }) => urn === target);
        },
      };
      for (const { on, message } of rule.check(stack)) report(message, kept.get(on)?.urn);
    },
  };
}

function declared({ type, name, props, opts }: PolicyResource): Declared {
  return { type, name, props, protect: opts.protect };
}

function said({ name, description, remedy }: Rule | StackRule) {
  return { name, description, remediationSteps: remedy };
}
