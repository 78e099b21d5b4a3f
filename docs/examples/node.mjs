// Calls MLflow's REST API from Node with AWS's own signer: npm install @aws-sdk/client-sts @smithy/signature-v4 @smithy/protocol-http
// Takes the same environment as curl.sh.
import { createHash, createHmac } from "node:crypto";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";

const {
  MLFLOW_TRACKING_URI: uri = "",
  MLFLOW_WORKSPACE: workspace = "default",
  AWS_REGION: region = "",
  GATEHOUSE_ROLE_ARN: RoleArn,
  GATEHOUSE_SESSION_NAME: RoleSessionName,
  GATEHOUSE_EXTERNAL_ID: ExternalId,
} = process.env;

class Sha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data) {
    this.hash.update(data);
  }
  async digest() {
    return this.hash.digest();
  }
}

/** Credentials of the persona, taken again when they are about to end. */
const sts = new STSClient({ region });
const signer = new SignatureV4({
  service: "execute-api",
  region,
  sha256: Sha256,
  credentials: async () => {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName, ExternalId }));
    return {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken,
      expiration: Credentials?.Expiration,
    };
  },
});

/** One call of MLflow's REST API. Gives its answer; throws with what the gateway or MLflow says. */
export async function mlflow(method, path, { query = {}, body } = {}) {
  const url = new URL(`${uri}${path}`);
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: url.port ? Number(url.port) : undefined,
      path: url.pathname,
      query,
      headers: { host: url.host, "x-mlflow-workspace": workspace, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );
  // Encoded as it was signed: a space is %20, not +.
  const search = Object.entries(query).map((pair) => pair.map(encoded).join("="));
  const address = search.length ? `${url}?${search.join("&")}` : url;
  const { host: _, ...headers } = signed.headers;
  const response = await fetch(address, { method, headers, body: signed.body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

console.log(JSON.stringify(await mlflow("POST", "/api/2.0/mlflow/experiments/search", { body: { max_results: 5 } })));
const name = process.argv[2];
if (name !== undefined) {
  const query = { experiment_name: name };
  console.log(JSON.stringify(await mlflow("GET", "/api/2.0/mlflow/experiments/get-by-name", { query })));
}
