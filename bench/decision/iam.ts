import { randomBytes } from "node:crypto";
import { endpointsOf } from "../../authorizer/catalogue/index.ts";
import { apiOf } from "../../local/gateway/api.ts";
import { authenticate, authorize, type IamSettings } from "../../local/gateway/iam.ts";
import type { SignedRequest } from "../../local/sigv4/index.ts";
import { createSts, type Session } from "../../local/sts/index.ts";
import { declaredAccess, restApis } from "../../plan/documents.ts";
import { decide, examplePath } from "../../plan/matrix.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { signedHeaders } from "../../test/helpers/signed.ts";
import { micros, type Report, times } from "../report.ts";
import { ROOT } from "../root.ts";
import { interleaved, median, ratio } from "../statistics.ts";

const REQUESTS = 300;
const ROUNDS = 15;
const ORIGIN = "http://127.0.0.1:8080";

/** What the local gateway does at the code door, against AWS's own signer making the same signature once. */
export async function iamDecision(): Promise<Report> {
  const { api, settings, sign, calls } = await declared();
  const requests: SignedRequest[] = [];
  for (const call of calls) {
    const { method, url, body } = call;
    const headers = Object.entries(await sign(call));
    requests.push({ method, target: url.pathname, headers, body: Buffer.from(body ?? "") });
  }
  const sessions: Session[] = requests.map((request) => authenticate(api, request, settings));
  const samples = await interleaved(ROUNDS, {
    sign: async () => {
      for (const call of calls) await sign(call);
      return calls.length;
    },
    verify: () => {
      for (const request of requests) authenticate(api, request, settings);
      return requests.length;
    },
    evaluate: () => {
      for (const [i, session] of sessions.entries()) authorize(api, session, calls[i]?.methodArn ?? "", settings);
      return sessions.length;
    },
  });
  const against = (subject: keyof typeof samples) => times(ratio(samples[subject].cpu, samples.sign.cpu));
  const cpu = (subject: keyof typeof samples) => micros(median(samples[subject].cpu));
  const both = samples.verify.cpu.map((value, i) => value + (samples.evaluate.cpu[i] ?? 0));
  return {
    title: `Decision at the code door (CPU time of one request, ${calls.length} requests × ${ROUNDS} rounds)`,
    figures: [
      {
        what: "SigV4 verification and IAM evaluation",
        ratio: times(ratio(both, samples.sign.cpu)),
        against: "signing",
        absolute: micros(median(both)),
      },
      { what: "SigV4 verification alone", ratio: against("verify"), against: "signing", absolute: cpu("verify") },
      {
        what: "IAM evaluation alone (a scientist's policies)",
        ratio: against("evaluate"),
        against: "signing",
        absolute: cpu("evaluate"),
      },
      { what: "signing: `@smithy/signature-v4` over `node:crypto`", absolute: cpu("sign") },
    ],
    bars: [],
  };
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly body?: string;
  readonly methodArn: string;
}

/** The code door as declared, and calls of a scientist that it allows. */
async function declared() {
  const central = await runProgram({ dir: ROOT, stack: "central" });
  const consumer = await runProgram({
    dir: ROOT,
    stack: "datascience",
    stackOutputs: { central: central.outputs },
  });
  const api = apiOf(central, restApis(central).code.id);
  const sts = createSts({ plans: [central, consumer], key: randomBytes(32), region: api.region });
  const { scientist = "" } = consumer.outputs.personaRoleArns as Readonly<Record<string, string>>;
  const credentials = sts.issue({ roleArn: scientist, sessionName: "ada@acme.example" });
  const settings: IamSettings = {
    sts,
    now: Date.now,
    lenient: false,
    context: { "aws:SourceIp": "127.0.0.1", "aws:SecureTransport": "true" },
  };
  const access = await declaredAccess(central);
  const persona = access.personas.filter(({ name }) => name === "scientist");
  const allowed = endpointsOf("code").filter(
    (endpoint) => decide(access, "code", persona, endpoint.method, examplePath(endpoint)).effect === "allow",
  );
  const calls = Array.from({ length: REQUESTS }, (_, i): Call[] => {
    const endpoint = allowed[i % allowed.length];
    if (!endpoint) return [];
    const { method } = endpoint;
    const path = examplePath(endpoint);
    return [
      {
        method,
        url: new URL(`/${api.stage}${path}`, ORIGIN),
        methodArn: `${access.stageArns.code}/${method}${path}`,
        ...(method === "GET" ? {} : { body: JSON.stringify({ experiment_ids: [String(i)], max_results: 100 }) }),
      },
    ];
  }).flat();
  const sign = ({ method, url, body }: Call) =>
    signedHeaders(credentials, method, url, {
      ...(body === undefined ? {} : { body }),
      scope: { region: api.region },
    });
  return { api, settings, sign, calls };
}
