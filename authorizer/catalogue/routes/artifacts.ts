import { BOTH } from "../surfaces.ts";
import type { Route } from "../types.ts";

export const ARTIFACTS: readonly Route[] = [
  { methods: ["GET"], path: "2.0/mlflow-artifacts/artifacts", surfaces: BOTH, needs: "artifact:read" },
  {
    methods: ["DELETE"],
    path: "2.0/mlflow-artifacts/artifacts/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:delete",
  },
  { methods: ["GET"], path: "2.0/mlflow-artifacts/artifacts/{artifact_path+}", surfaces: BOTH, needs: "artifact:read" },
  {
    methods: ["PUT"],
    path: "2.0/mlflow-artifacts/artifacts/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:write",
  },
  {
    methods: ["POST"],
    path: "2.0/mlflow-artifacts/mpu/abort/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:write",
  },
  {
    methods: ["POST"],
    path: "2.0/mlflow-artifacts/mpu/complete/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:write",
  },
  {
    methods: ["POST"],
    path: "2.0/mlflow-artifacts/mpu/create/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:write",
  },
  {
    methods: ["GET"],
    path: "2.0/mlflow-artifacts/presigned/{artifact_path+}",
    surfaces: BOTH,
    needs: "artifact:read",
    why: "gives a short-lived URL of one artifact",
  },
];
