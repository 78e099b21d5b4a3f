import { DOORS, type Door } from "../../../authorizer/catalogue/types.ts";
import { type Check, findings, shown } from "../check.ts";

const WHO = { code: "/api/2.0/mlflow/users/current", browser: "/ajax-api/2.0/mlflow/users/current" } as const;

/** Headers that name somebody else, in every spelling that some server reads as the same. */
export function forgeries(other: string): readonly (readonly (readonly [string, string])[])[] {
  const arn = `arn:aws:sts::111111111111:assumed-role/gatehouse-vision-admin/${other}`;
  const names = ["X-Gatehouse-Caller", "x_gatehouse_caller", "X-Gatehouse_Caller", "X-GATEHOUSE-CALLER"];
  const claim = { person: other, personas: "admin" };
  const assertion = `${Buffer.from(JSON.stringify(claim)).toString("base64url")}.${"0".repeat(43)}`;
  return [
    ...names.map((name) => [[name, arn] as const]),
    [
      ["X-Gatehouse-Caller", arn],
      ["X-Gatehouse-Caller", arn],
    ],
    [["X-Gatehouse-Caller", `${arn}, ${arn}`]],
    [["X-Gatehouse-Assertion", assertion]],
    [["X_Gatehouse_Assertion", assertion]],
    [
      ["X-Gatehouse-Proof", "a guess"],
      ["X-Gatehouse-Caller", arn],
    ],
    [["X-Amzn-Remapped-Authorization", "Basic YWRtaW46cGFzc3dvcmQ="]],
    [["X-Forwarded-User", other]],
    [["X-Amzn-Oidc-Identity", other]],
    [["Connection", "close, X-Gatehouse-Caller, X-Gatehouse-Proof, X-Gatehouse-Assertion"]],
  ];
}

/** Who MLflow says is calling. */
export const IDENTITY: Check = {
  name: "identity",
  about: "nobody names himself: MLflow knows the caller by what the gateway says, whatever the client sends",
  async run(bench) {
    const { found, add } = findings(this.name);
    for (const door of DOORS) {
      for (const { caller } of bench.callers(door)) {
        const ask = async (headers: readonly (readonly [string, string])[]) => {
          const answer = await bench.send(door, caller, { method: "GET", path: WHO[door], headers });
          return { answer, name: answer.status === 200 ? nameIn(answer.body) : undefined };
        };
        const plain = await ask([]);
        if (plain.name === undefined) {
          add("broken", door, caller, `GET ${WHO[door]}: ${shown(plain.answer)}, must say who calls`);
          continue;
        }
        const person = caller.person?.[door];
        // Whoever keeps the platform has a user of its own in MLflow for that.
        const known = caller.persona === "platform-admin" ? `${person}#platform-admin` : person;
        if (person !== undefined && known !== plain.name)
          add("hole", door, caller, `MLflow knows ${person} as ${plain.name}`);
        const tried = forgeries(plain.name === "root@acme.example" ? "boss@acme.example" : "root@acme.example");
        for (const headers of tried) {
          const { answer, name } = await ask(headers);
          // Refused is as good as ignored.
          const good = name === plain.name || (answer.status >= 400 && answer.status < 500);
          const what = headers.map(([header]) => header).join(" and ");
          if (!good) add("hole", door, caller, `sends ${what}: ${shown(answer)}, as ${name ?? "nobody"}`);
        }
        add("ok", door, caller, `is ${plain.name} to MLflow, whatever of ${tried.length} headers he sends`);
      }
    }
    found.push(...(await unauthenticated(bench)));
    return found;
  },
};

/** Comes with nothing, with something broken, and with what the other door takes. */
async function unauthenticated(bench: Parameters<Check["run"]>[0]): ReturnType<Check["run"]> {
  const { found, add } = findings(IDENTITY.name);
  const attempt = async (
    door: Door,
    what: string,
    caller: Parameters<typeof bench.send>[1],
    headers: [string, string][],
  ) => {
    const answer = await bench.send(door, caller, { method: "GET", path: WHO[door], headers });
    const refused = answer.byGateway && (answer.status === 401 || answer.status === 403);
    add(refused ? "ok" : "hole", door, null, `${what}: ${shown(answer)}${refused ? "" : ", must be refused"}`);
  };
  const [signer] = bench.callers("code");
  const [holder] = bench.callers("browser");
  for (const door of DOORS) {
    await attempt(door, "no login", null, []);
    await attempt(door, "a password", null, [["authorization", "Basic YWRtaW46cGFzc3dvcmQ="]]);
    await attempt(door, "a token that anybody can write", null, [["authorization", `Bearer ${NOBODYS_TOKEN}`]]);
  }
  const keys = signer?.caller.keys;
  if (keys) {
    const other = { persona: "nobody", keys: { ...keys, secretAccessKey: `${keys.secretAccessKey.slice(0, -1)}!` } };
    await attempt("code", "another secret key", other, []);
  }
  const token = holder?.caller.token;
  if (token !== undefined) {
    await attempt("code", "a token of the other door", null, [["authorization", `Bearer ${token}`]]);
    const [head, claims, signature = ""] = token.split(".");
    const changed = `${head}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    await attempt("browser", "a changed signature", null, [["authorization", `Bearer ${changed}`]]);
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    await attempt("browser", "the algorithm `none`", null, [
      ["authorization", `Bearer ${none}.${claims}.${signature}`],
    ]);
    await attempt("browser", "two tokens", null, [
      ["authorization", `Bearer ${changed}`],
      ["authorization", `Bearer ${token}`],
    ]);
  }
  return found;
}

const NOBODYS_TOKEN = ["eyJhbGciOiJIUzI1NiJ9", "eyJ1c2VybmFtZSI6InJvb3QifQ", "c2lnbmF0dXJl"].join(".");

function nameIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { user?: { username?: string } }).user?.username;
  } catch {
    return undefined;
  }
}
