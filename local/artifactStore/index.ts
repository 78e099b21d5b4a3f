import type { Plan } from "../../plan/plan.ts";
import type { AccessKey } from "../issuer/index.ts";
import type { Container } from "../mlflowContainer.ts";
import { listen } from "../servers.ts";
import { declaredStore } from "./declaredStore.ts";
import { storeDoor } from "./door.ts";
import { startS3Server } from "./server.ts";

export interface ArtifactStoreOptions {
  /** The central stack. */
  readonly plan: Plan;
  readonly container: Container;
  readonly region: string;
  /** Where objects are kept. */
  readonly directory: string;
  /** Folder of the Python environment. */
  readonly venv: string;
  readonly logFile: string;
  /** With which MLflow signs. */
  readonly key: AccessKey;
}

export interface ArtifactStore {
  readonly url: string;
  readonly bucket: string;
  /** What MLflow has to know to find it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** The declared artifact bucket as a real S3 server: what MLflow, and whoever holds a URL that MLflow signed, can and can't do there. */
export async function startArtifactStore(options: ArtifactStoreOptions): Promise<ArtifactStore> {
  const { region, key } = options;
  const store = declaredStore(options.plan, options.container.environment.GATEHOUSE_ARTIFACTS ?? "");
  const server = await startS3Server({
    ...options,
    buckets: [{ name: store.bucket, versions: store.versions }],
  });
  try {
    const handle = storeDoor({ store, region, key, upstream: new URL(server.url) });
    const door = await listen(0, (request, response) => void handle(request, response));
    return {
      url: door.url,
      bucket: store.bucket,
      environment: { MLFLOW_S3_ENDPOINT_URL: door.url },
      close: async () => {
        await door.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
