import * as pulumi from "@pulumi/pulumi";
import { given } from "../crossAccountAccess/given.ts";
import { CrossAccountAccess } from "../crossAccountAccess.ts";
import type { ConsumerSettings } from "../settings/consumer.ts";
import { personOfJob } from "../shared/names.ts";
import { StudioDomain } from "../studioDomain.ts";
import { type CentralOutputs, centralOutputs } from "./centralOutputs.ts";

type Consumer = ConsumerSettings & { readonly region: string };

/** A team's account: Studio with one role per person, and its way into the central account. */
export async function consumer(settings: Consumer, opts: pulumi.ComponentResourceOptions) {
  const { account, region, people } = settings;
  const central = await centralOutputs(settings.central.stack, settings.consumer);
  // Before the first resource: a person whom the central stack does not let in is an error, not half a deployment.
  const environments = mapEntries(people, (person) => clientEnvironment(settings, person, central));
  const jobEnvironments = mapEntries(settings.jobs, (job, name) =>
    clientEnvironment(settings, { ...job, person: personOfJob(settings.consumer, name) }, central),
  );

  const studio = new StudioDomain(
    "gatehouse-studio",
    {
      account,
      region,
      consumer: settings.consumer,
      settings,
      permissionsBoundaryArn: settings.access.permissionsBoundaryArn,
      environments,
      jobEnvironments,
    },
    opts,
  );
  new CrossAccountAccess(
    "gatehouse-access",
    {
      side: "consumer",
      consumer: settings.consumer,
      roles: {
        ...mapEntries(studio.executionRoles, (role, profile) => ({ role, persona: people[profile]?.persona ?? "" })),
        ...Object.fromEntries(
          Object.entries(studio.jobRoles).map(
            ([job, role]) => [`job-${job}`, { role, persona: settings.jobs[job]?.persona ?? "" }] as const,
          ),
        ),
      },
      personaRoleArns: central.personaRoleArns,
    },
    opts,
  );

  return {
    consumer: settings.consumer,
    trackingUri: central.trackingUri,
    studioDomainId: studio.domainId,
    studioUrl: studio.url,
    executionRoleArns: mapEntries(studio.executionRoles, (role) => role.arn),
    jobRoleArns: mapEntries(studio.jobRoles, (role) => role.arn),
    jobPlace: studio.jobPlace,
    personaRoleArns: central.personaRoleArns,
    clientEnvironment: environments,
    jobEnvironment: jobEnvironments,
  };
}

/**
 * From this size a file goes in parts straight to S3, by URLs that MLflow signs: API Gateway takes 10 MB a request, within 29 s. S3's smallest part, too,
 * so a file that is sent in parts is never in more of them than it must be.
 */
const MULTIPART_BYTES = 5 * 1024 * 1024;

/** What a person's code needs in its environment. */
function clientEnvironment(
  settings: Consumer,
  { person, persona, workspace }: Pick<ConsumerSettings["people"][string], "person" | "persona" | "workspace">,
  central: CentralOutputs,
) {
  return {
    MLFLOW_TRACKING_URI: central.trackingUri,
    MLFLOW_TRACKING_AUTH: "gatehouse",
    MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(MULTIPART_BYTES),
    MLFLOW_WORKSPACE: oneOf(workspace, central.workspaces, settings.consumer),
    GATEHOUSE_ROLE_ARN: given(central.personaRoleArns, settings.consumer, persona),
    GATEHOUSE_SESSION_NAME: person,
    GATEHOUSE_DURATION_SECONDS: String(settings.access.sessionMinutes * 60),
    AWS_REGION: central.region,
    // MLflow would print links to the code door, which no browser can open.
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
    ...(central.uiUrl === null ? {} : { MLFLOW_UI_URL: central.uiUrl }),
    ...(central.externalId === null ? {} : { GATEHOUSE_EXTERNAL_ID: central.externalId }),
  };
}

function oneOf(workspace: string, given: readonly string[], consumer: string): string {
  if (given.includes(workspace)) return workspace;
  throw new pulumi.RunError(
    `people: the central stack gives \`${consumer}\` no workspace \`${workspace}\`; it gives ${given.join(", ")}. Add it to consumers.${consumer}.workspaces there and deploy it first`,
  );
}

function mapEntries<T, R>(
  values: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)] as const));
}
