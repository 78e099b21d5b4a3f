import type { Difference } from "./difference.ts";

interface Reason {
  readonly why: string;
  readonly covers: (difference: Omit<Difference, "why">) => boolean;
}

/** Why an answer differs from that of AWS's sample for MLflow 2.12. A difference without a reason fails the tests, and so does a reason without a difference. */
export const REASONS: readonly Reason[] = [
  {
    why: "the sample's approver could register models and versions; register ≠ approve",
    covers: ({ persona, path, ours }) =>
      persona === "approver" && !ours && /\/(registered-models|model-versions)\/create$/.test(path),
  },
  {
    why: "the sample's approver could delete versions at one door; approve ≠ delete",
    covers: ({ persona, door, path, method, ours }) =>
      persona === "approver" &&
      door === "browser" &&
      !ours &&
      method === "DELETE" &&
      path.endsWith("/model-versions/delete"),
  },
  {
    why: "the sample's approver could rename a model, which takes its name from whoever serves it",
    covers: ({ persona, path, ours }) => persona === "approver" && !ours && path.endsWith("/registered-models/rename"),
  },
  {
    why: "the sample's approver could set tags of a whole model and describe versions; that is the writer's",
    covers: ({ persona, path, ours }) =>
      persona === "approver" && !ours && /registered-models\/set-tag$|model-versions\/update$/.test(path),
  },
  {
    why: "the sample's approver could set an alias and not delete it, and his doors disagreed on tags",
    covers: ({ persona, path, method, ours }) =>
      persona === "approver" &&
      ours &&
      method === "DELETE" &&
      /registered-models\/alias$|model-versions\/delete-tag$/.test(path),
  },
  {
    why: "the sample refused artifacts to its browser users, whose UI then shows none",
    covers: ({ persona, door, path, method, ours }) =>
      persona !== "admin" && door === "browser" && ours && method === "GET" && path.startsWith("/mlflow-artifacts/"),
  },
  {
    why: "the sample took these reads for writes, since they are sent as POST",
    covers: ({ persona, path, method, ours }) =>
      persona !== "admin" && ours && method === "POST" && /search-datasets$|get-latest-versions$/.test(path),
  },
];
