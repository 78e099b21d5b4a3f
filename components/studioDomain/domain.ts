import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "../settings/consumer.ts";
import type { Place } from "./place.ts";
import { executionTrust } from "./trust.ts";

export interface DomainArgs {
  readonly account: string;
  readonly consumer: string;
  readonly studio: ConsumerSettings["studio"];
  readonly permissionsBoundaryArn: string | null;
  readonly kmsKeyId: pulumi.Input<string>;
  readonly network: Place;
  readonly securityGroupId: pulumi.Input<string>;
  readonly lifecycleConfigArn: pulumi.Input<string>;
}

/** Apps that Studio shows no more: the Classic ones, which AWS starts no longer, and those that would run beside JupyterLab's rules. */
const HIDDEN_APPS = ["JupyterServer", "KernelGateway", "RStudioServerPro", "RSessionGateway", "CodeEditor", "Canvas"];

/** The domain: JupyterLab spaces in private subnets, whose sessions name the profile as their source identity. */
export function studioDomain(name: string, args: DomainArgs, opts: pulumi.ResourceOptions): aws.sagemaker.Domain {
  const { studio, network } = args;
  const nobody = new aws.iam.Role(
    `${name}-nobody`,
    {
      description: "Default of Studio where no person's role applies, such as shared spaces; holds no permission",
      assumeRolePolicy: executionTrust(args.account),
      ...(args.permissionsBoundaryArn === null ? {} : { permissionsBoundary: args.permissionsBoundaryArn }),
    },
    opts,
  );
  return new aws.sagemaker.Domain(
    name,
    {
      domainName: `gatehouse-${args.consumer}`,
      authMode: studio.signIn === "iam" ? "IAM" : "SSO",
      vpcId: network.vpcId,
      subnetIds: [...network.privateSubnetIds],
      appNetworkAccessType: studio.access === "vpcOnly" ? "VpcOnly" : "PublicInternetOnly",
      kmsKeyId: args.kmsKeyId,
      tagPropagation: "ENABLED",
      domainSettings: { executionRoleIdentityConfig: "USER_PROFILE_NAME" },
      defaultUserSettings: {
        executionRole: nobody.arn,
        securityGroups: [args.securityGroupId],
        studioWebPortal: "ENABLED",
        defaultLandingUri: "studio::",
        studioWebPortalSettings: { hiddenAppTypes: [...HIDDEN_APPS] },
        spaceStorageSettings: {
          defaultEbsStorageSettings: {
            defaultEbsVolumeSizeInGb: Math.min(5, studio.volumeGb),
            maximumEbsVolumeSizeInGb: studio.volumeGb,
          },
        },
        jupyterLabAppSettings: {
          lifecycleConfigArns: [args.lifecycleConfigArn],
          defaultResourceSpec: {
            ...(studio.instanceTypes[0] === undefined ? {} : { instanceType: studio.instanceTypes[0] }),
            lifecycleConfigArn: args.lifecycleConfigArn,
          },
          appLifecycleManagement: {
            // Both bounds: nobody sets a longer time for himself.
            idleSettings: {
              lifecycleManagement: "ENABLED",
              idleTimeoutInMinutes: studio.idleShutdownMinutes,
              minIdleTimeoutInMinutes: 60,
              maxIdleTimeoutInMinutes: studio.idleShutdownMinutes,
            },
          },
        },
      },
      defaultSpaceSettings: { executionRole: nobody.arn, securityGroups: [args.securityGroupId] },
      retentionPolicy: { homeEfsFileSystem: studio.homeFileSystem === "retain" ? "Retain" : "Delete" },
    },
    { ...opts, protect: studio.homeFileSystem === "retain", dependsOn: [...network.ways] },
  );
}
