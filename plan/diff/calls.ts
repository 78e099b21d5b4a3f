import type { Persona } from "../../authorizer/catalogue/personas.ts";
import type { Door } from "../../authorizer/catalogue/types.ts";
import { list, type PolicyDocument } from "../../authorizer/policy/document.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import type { DeclaredAccess } from "../documents.ts";
import type { DeclaredRole } from "./roles.ts";
import type { Fact, RouteRow } from "./side.ts";
import { permissionWords } from "./words.ts";

/**
 * Who may call which route of MLflow: each role at the `code` door by the policies that hang on it, each group at the `browser` door by the authorizer's
 * own answer.
 *
 * @param routes routes of both sides, so that each side answers for the other's too
 */
export function callFacts(
  access: DeclaredAccess,
  roles: readonly DeclaredRole[],
  routes: readonly RouteRow[],
): readonly Fact[] {
  const known = new Map<string, readonly Grant[]>();
  const granted = (documents: readonly PolicyDocument[], door: Door) => {
    const key = door + JSON.stringify(documents);
    const found = known.get(key) ?? grants(documents.map(withoutConditions), access.stageArns[door], routes);
    known.set(key, found);
    return found;
  };
  const groups = Object.groupBy(access.personas, (persona) => persona.group);
  return [
    ...roles.flatMap(({ who, documents }) =>
      facts(
        "code",
        who,
        granted(
          documents.map((each) => each.document),
          "code",
        ),
      ),
    ),
    ...Object.entries(groups).flatMap(([group, personas = []]) =>
      facts("browser", `members of group \`${group}\``, granted(browserDocuments(access, personas), "browser")),
    ),
  ];
}

interface Grant {
  readonly what: string;
  readonly may: string;
}

function browserDocuments(access: DeclaredAccess, personas: readonly Persona[]): readonly PolicyDocument[] {
  return access.documents("browser", personas);
}

function grants(documents: readonly PolicyDocument[], stageArn: string, routes: readonly RouteRow[]): readonly Grant[] {
  if (!reaches(documents)) return [];
  const allowed = routes.filter(
    ({ method, path }) =>
      evaluate(documents, {
        action: "execute-api:Invoke",
        resource: `${stageArn}/${method}${example(path)}`,
        context: {},
      }).effect === "allow",
  );
  const exact = new Set(routes.map(({ method, path }) => `${method}${path.replaceAll(/\{[^}]+\}/g, "*")}`));
  const strange = documents
    .flatMap((document) => document.Statement)
    .filter(
      ({ Effect, Action }) => Effect === "Allow" && list(Action).some((action) => action.startsWith("execute-api")),
    )
    .flatMap(({ Resource }) => list(Resource))
    .filter((resource) => resource.startsWith(`${stageArn}/`))
    .map((resource) => resource.slice(stageArn.length + 1))
    .filter((resource) => !exact.has(resource));
  return [
    ...allowed.map(({ method, path, needs }) => ({ what: `${method} ${path}`, may: permissionWords(needs) })),
    ...[...new Set(strange)].map((resource) => ({
      what: resource,
      may: "call paths that no route of the catalogue stands for",
    })),
  ];
}

/** Most roles have nothing to do with the gateway. */
function reaches(documents: readonly PolicyDocument[]): boolean {
  return documents.some((document) => /execute-api|"\*"|NotAction/.test(JSON.stringify(document)));
}

/** A condition may hold: what is allowed under one counts as allowed, what is denied under one doesn't count. */
function withoutConditions(document: PolicyDocument): PolicyDocument {
  return {
    ...document,
    Statement: document.Statement.flatMap(({ Condition, ...statement }) =>
      Condition !== undefined && statement.Effect === "Deny" ? [] : [statement],
    ),
  };
}

function facts(door: Door, who: string, granted: readonly Grant[]): readonly Fact[] {
  return granted.map(({ what, may }) => ({
    key: `call|${door}|${who}|${what}`,
    area: "call" as const,
    who,
    may,
    evidence: what,
  }));
}

function example(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, (parameter) => (parameter.endsWith("+}") ? "a/b.c" : "a1"));
}
