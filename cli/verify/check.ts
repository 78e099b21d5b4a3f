import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { DOORS, type Door } from "../../authorizer/catalogue/types.ts";
import { type Answer, type Asked, comesTo, send } from "./send.ts";
import type { Caller, Expected, Finding, Outcome, Target } from "./target.ts";

/** One question about a stack, asked at every door and as every caller that it concerns. */
export interface Check {
  readonly name: string;
  /** What is at stake, for people. */
  readonly about: string;
  readonly run: (bench: Bench) => Promise<readonly Finding[]>;
}

/** What checks work with. */
export interface Bench {
  readonly target: Target;
  readonly expected: Expected;
  /** Callers with their persona, at a door. */
  readonly callers: (door: Door) => readonly { readonly caller: Caller; readonly persona: Persona }[];
  /** The first caller at a door whose persona may do this, or may not. */
  readonly one: (door: Door, method: string, path: string, may: boolean) => Caller | undefined;
  readonly send: (door: Door, caller: Caller | null, asked: Asked) => Promise<Answer>;
}

export function bench(target: Target, expected: Expected): Bench {
  const callers = (door: Door) =>
    target.callers
      .filter((caller) => comesTo(caller, door))
      .flatMap((caller) => {
        const persona = expected.personas.find(({ name }) => name === caller.persona);
        return persona ? [{ caller, persona }] : [];
      });
  return {
    target,
    expected,
    callers,
    one: (door, method, path, may) =>
      callers(door).find(({ persona }) => expected.allows(door, persona, method, path) === may)?.caller,
    send: (door, caller, asked) => send(target, door, caller, asked),
  };
}

/** Makes the findings of one check. */
export function findings(check: string) {
  const found: Finding[] = [];
  const add = (outcome: Outcome, door: Door | null, caller: Caller | null, said: string) =>
    void found.push({ check, door, persona: caller?.persona ?? null, outcome, said });
  return { found, add };
}

/** An answer in a few words. */
export function shown(answer: Answer): string {
  const by = answer.byGateway ? "the gateway" : "MLflow";
  return `${answer.status} of ${by}`;
}

/** The answer of an MLflow that took the call for its own. */
export function reached(answer: Answer): boolean {
  return !answer.byGateway;
}

export const doors = DOORS;
