import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { PermissionDiff } from "../../plan/diff/compare.ts";
import type { Fact } from "../../plan/diff/side.ts";
import { comment, LABEL, MARKER } from "../../plan/review/comment.ts";
import { GithubError, post } from "../../plan/review/github.ts";
import { readPreview } from "../../plan/review/preview.ts";
import { touchedStacks } from "../../plan/review/touched.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GAIN: Fact = {
  key: "k",
  area: "call",
  who: "members of group `x`",
  may: "delete runs",
  evidence: "POST /runs/delete",
};
const NOTHING: PermissionDiff = {
  base: "a",
  head: "b",
  gained: [],
  lost: [],
  routes: { appeared: [], vanished: [] },
  unknown: [],
  notes: [],
};

describe("which stacks a change can touch", () => {
  const stacks = ["central", "datascience"];
  const cases: readonly (readonly [paths: readonly string[], touched: readonly string[]])[] = [
    [["Pulumi.central.yaml"], ["central"]],
    [["components/mlflowServer.ts"], stacks],
    [["docker/Dockerfile"], stacks],
    [["package-lock.json"], stacks],
    [["README.md", "test/plan/proof.test.ts", "docs/login.md"], []],
    [["something/new"], stacks],
  ];
  for (const [paths, touched] of cases)
    it(`${paths.join(", ")}: ${touched.join(", ") || "none"}`, () =>
      assert.deepEqual(touchedStacks(paths, stacks), touched));
});

describe("the comment of a pull request", () => {
  const preview = readPreview(
    "central",
    JSON.stringify({
      steps: [
        { op: "same", urn: "urn:pulumi:central::p::aws:s3/bucket:Bucket::quiet" },
        {
          op: "update",
          urn: "urn:pulumi:central::p::gatehouse:index:A$aws:iam/policy:Policy::changed",
          diffReasons: ["policy"],
        },
        { op: "create-replacement", urn: "urn:pulumi:central::p::aws:s3/bucket:Bucket::replaced" },
        { op: "replace", urn: "urn:pulumi:central::p::aws:s3/bucket:Bucket::replaced", replaceReasons: ["bucket"] },
        { op: "delete-replaced", urn: "urn:pulumi:central::p::aws:s3/bucket:Bucket::replaced" },
      ],
    }),
  );

  it("says what changes, once, and leaves out what stays", () => {
    const text = comment({ diff: NOTHING, previews: [preview], unpreviewed: [], approved: false });
    assert.match(text, /1 to update, 1 to replace/);
    assert.match(text, /- update `aws:iam\/policy:Policy changed`: `policy`/);
    assert.doesNotMatch(text, /quiet/);
    assert.doesNotMatch(text, new RegExp(LABEL), "nobody gains, so nobody has to say anything");
  });

  it("asks for the label when someone gains, and says so when it is there", () => {
    const diff = { ...NOTHING, gained: [GAIN] };
    assert.match(
      comment({ diff, previews: [], unpreviewed: ["central"], approved: false }),
      /fails until .* `access-approved`/,
    );
    assert.match(comment({ diff, previews: [], unpreviewed: [], approved: true }), /Approved by the label/);
  });

  it("asks for it, too, when it can't be known that nobody gains", () =>
    assert.match(
      comment({ diff: { ...NOTHING, unknown: ["x"] }, previews: [], unpreviewed: [], approved: false }),
      /access-approved/,
    ));

  it("tells a preview that failed, whatever the engine said", () => {
    const failed = { stack: "central", counts: {}, steps: [], error: "~~~~\n# no\n![x](y)" };
    const text = comment({ diff: NOTHING, previews: [failed], unpreviewed: [], approved: false });
    assert.equal(text.split("\n").filter((line) => /^~{3,}/.test(line)).length, 2, "the engine's text ends the fence");
  });

  it("stays within what GitHub takes", () => {
    const gained = Array.from({ length: 5000 }, (_, i) => ({
      ...GAIN,
      key: `${i}`,
      who: `group ${i}`,
      may: `call ${i}`,
    }));
    const text = comment({ diff: { ...NOTHING, gained }, previews: [], unpreviewed: [], approved: false });
    assert.ok(text.length < 65_536 && text.startsWith(MARKER));
  });
});

/** GitHub's answers to the calls of `post`, with the comments it keeps. */
async function github(comments: { id: number; body: string; user: { type: string } }[], sha: string) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "http://x");
      seen.push(`${request.method} ${url.pathname}`);
      const answer = (value: unknown, status = 200) => response.writeHead(status).end(JSON.stringify(value));
      if (request.headers.authorization !== "Bearer t") return answer({ message: "Bad credentials" }, 401);
      if (url.pathname.endsWith("/pulls/7")) return answer({ head: { sha } });
      if (request.method === "GET") {
        const page = Number(url.searchParams.get("page")) - 1;
        return answer(comments.slice(page * 100, page * 100 + 100));
      }
      const text = (JSON.parse(body) as { body: string }).body;
      if (request.method === "POST") comments.push({ id: comments.length + 1, body: text, user: { type: "Bot" } });
      else for (const each of comments) if (url.pathname.endsWith(`/comments/${each.id}`)) each.body = text;
      return answer({});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { pull: { api, repository: "acme/gatehouse", number: 7, token: "t" }, seen, close: () => server.close() };
}

describe("the sticky comment", () => {
  it("is written once and then updated, among others' comments, however many", async () => {
    const others = Array.from({ length: 130 }, (_, i) => ({ id: 1000 + i, body: "hello", user: { type: "User" } }));
    const quoted = { id: 999, body: `${MARKER} said a person`, user: { type: "User" } };
    const comments = [quoted, ...others];
    const { pull, close } = await github(comments, "abc");
    try {
      assert.equal(await post(pull, `${MARKER}\nfirst`, "abc"), "written");
      assert.equal(await post(pull, `${MARKER}\nsecond`), "updated");
      assert.deepEqual(
        comments.filter(({ user }) => user.type === "Bot").map(({ body }) => body),
        [`${MARKER}\nsecond`],
      );
      assert.equal(quoted.body, `${MARKER} said a person`);
    } finally {
      close();
    }
  });

  it("isn't written to a pull request that is at another commit", async () => {
    const { pull, seen, close } = await github([], "abc");
    try {
      await assert.rejects(post(pull, MARKER, "def"), /is at abc, not at def: nothing was written/);
      assert.deepEqual(seen, ["GET /repos/acme/gatehouse/pulls/7"]);
    } finally {
      close();
    }
  });

  it("tells GitHub's refusal", async () => {
    const { pull, close } = await github([], "abc");
    try {
      await assert.rejects(
        post({ ...pull, token: "wrong" }, MARKER),
        (error: unknown) => error instanceof GithubError && /401/.test(error.message),
      );
    } finally {
      close();
    }
  });
});

interface Workflow {
  readonly permissions: object;
  readonly on: object;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>;
        readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
      }
    >
  >;
}

describe("the workflows", () => {
  const read = (name: string) => {
    const text = readFileSync(`${ROOT}.github/workflows/${name}`, "utf8");
    return { text, workflow: parse(text) as Workflow };
  };

  for (const name of ["pull-request.yml", "comment.yml"])
    it(`${name}: every action is pinned to a commit, and no job has a permission by default`, () => {
      const { workflow, text } = read(name);
      assert.deepEqual(workflow.permissions, {});
      for (const [, job] of Object.entries(workflow.jobs)) {
        assert.ok(job.permissions, "a job without permissions of its own");
        for (const { uses } of job.steps) if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      }
      // A stranger's text in a script is a stranger's script.
      for (const { run } of Object.values(workflow.jobs).flatMap(({ steps }) => steps))
        assert.doesNotMatch(run ?? "", /\$\{\{\s*github\.(?:head_ref|event\.pull_request\.(?:title|body|head\.ref))/);
      assert.doesNotMatch(text, /secrets\./);
    });

  it("what runs a stranger's code may write nothing", () => {
    const { workflow } = read("pull-request.yml");
    assert.ok(!("pull_request_target" in workflow.on));
    assert.deepEqual(workflow.jobs.review?.permissions, { contents: "read", "id-token": "write" });
  });

  it("what may write runs no stranger's code", () => {
    const { workflow, text } = read("comment.yml");
    assert.doesNotMatch(text, /ref:\s|head\.sha \}\}/);
    assert.ok(workflow.jobs.approval?.steps.every(({ uses }) => uses === undefined));
  });
});
