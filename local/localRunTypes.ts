import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Plan } from "../plan/plan.ts";
import type { Control } from "./control.ts";
import type { GatewayLogRecord } from "./gateway/index.ts";
import type { LocalUser } from "./issuer/index.ts";
import type { Profile } from "./people.ts";
import type { StsLogRecord, WebIdentityKeys } from "./sts/index.ts";
import type { SiteSettings } from "./ui/index.ts";

export interface LocalRunOptions {
  /** The program's folder. */
  readonly dir: string;
  /** Central stack. */
  readonly central: string;
  /** Consumer stacks. */
  readonly consumers: readonly string[];
  /** First of five ports in a row: code door, browser door, user pool, STS, web UI. 0 takes free ones. */
  readonly port: number;
  readonly data: string;
  /** Folder of the Python environment. */
  readonly venv: string;
  /** The built web UI; default none is served. */
  readonly ui?: SiteSettings | undefined;
  /** Origin (`https://…`, as Amplify wants it) of whoever ends TLS in front of the user pool: with it, people of the declared OpenID providers log in. */
  readonly loginOrigin?: string | undefined;
  readonly lenientSigv4?: boolean;
  /** SQLAlchemy URL of a PostgreSQL database; default SQLite in the data folder. */
  readonly postgres?: string | undefined;
  /** Keeps artifacts in an S3 server on this machine, as the stack declares its bucket; default a folder, which knows no presigned URLs. */
  readonly s3?: boolean | undefined;
  /** Keys of the OpenID providers of CI whose tokens are believed; default none. `gatehouse start` believes none. */
  readonly webIdentities?: WebIdentityKeys | undefined;
  readonly log?: (record: GatewayLogRecord | StsLogRecord) => void;
  /** Ends a start that is under way; `startLocalRun` rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Told as each part comes up. */
  readonly progress?: (part: string) => void;
}

export interface LocalRun extends Control {
  readonly urls: {
    /** With the stage: `MLFLOW_TRACKING_URI`. */
    readonly code: string;
    readonly browser: string;
    readonly userPool: string;
    readonly sts: string;
    /** The web UI, on its own origin; null where none was built. */
    readonly ui: string | null;
    /** MLflow itself, which refuses whoever is not the gateway. */
    readonly mlflow: string;
  };
  /** The artifact bucket's S3 server; null where artifacts lie in a folder. */
  readonly artifacts: { readonly url: string; readonly bucket: string } | null;
  readonly region: string;
  readonly plans: { readonly central: Plan; readonly consumers: readonly Plan[] };
  readonly personas: readonly Persona[];
  readonly profiles: readonly Profile[];
  /** Jobs that are nobody's: `<consumer>/job-<name>`. */
  readonly jobs: readonly Profile[];
  readonly users: readonly LocalUser[];
  readonly clientId: string;
  /** Resolves when MLflow ends by itself. */
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<void>;
}
