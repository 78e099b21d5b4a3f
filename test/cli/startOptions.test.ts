import assert from "node:assert/strict";
import { postgresUrl } from "../../cli/startOptions.ts";

describe("start --postgres", () => {
  it("takes a URL of PostgreSQL in every usual spelling", () => {
    for (const scheme of ["postgres", "postgresql", "postgresql+psycopg"])
      assert.equal(
        postgresUrl(`${scheme}://ada:a%40b@db:5432/mlflow`),
        "postgresql+psycopg://ada:a%40b@db:5432/mlflow",
      );
  });

  it("repeats nothing of a wrong one, which may hold a password", () => {
    assert.throws(
      () => postgresUrl("mysql://ada:secret@db/mlflow"),
      (error: Error) => !error.message.includes("secret"),
    );
  });
});
