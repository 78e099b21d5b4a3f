import { readFileSync } from "node:fs";
import { matchEndpoint } from "../../authorizer/catalogue/index.ts";
import type { DeclaredAccess } from "../../plan/documents.ts";
import { decide } from "../../plan/matrix.ts";
import type { Difference, SampleRow } from "./difference.ts";
import { REASONS } from "./reasons.ts";

const ROWS = JSON.parse(readFileSync(new URL("matrix.json", import.meta.url), "utf8")) as readonly SampleRow[];

/** Where our declared documents answer otherwise than those of AWS's sample. @throws when a route of the sample is in no catalogue of ours */
export function differences(access: DeclaredAccess): readonly Difference[] {
  return ROWS.flatMap((row) =>
    (["code", "browser"] as const).flatMap((door) =>
      Object.entries(row[door]).flatMap(([persona, sample]) => {
        if (sample === null) return [];
        const { method, path } = row;
        const full = `/${door === "code" ? "api" : "ajax-api"}/2.0${path.replace(/\/X$/, "/a/b")}`;
        if (!matchEndpoint(method, full)) throw new Error(`${method} ${full} is not in the catalogue`);
        const held = access.personas.filter(({ name }) => name === persona);
        const ours = decide(access, door, held, method, full).effect === "allow";
        if (ours === sample) return [];
        const difference = { persona, door, method, path, ours };
        return [{ ...difference, why: REASONS.find(({ covers }) => covers(difference))?.why }];
      }),
    ),
  );
}
