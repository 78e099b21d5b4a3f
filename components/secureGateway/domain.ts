import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";

export interface DoorDomainArgs {
  readonly domain: NonNullable<CentralSettings["gateway"]["code"]["domain"]>;
  readonly stage: aws.apigateway.Stage;
  /** TLS policy, the same as of the API. */
  readonly tls: string;
}

/**
 * Gives a door a name of the company's own. The stage isn't part of such an address.
 *
 * @returns address without a trailing slash
 */
export function doorDomain(name: string, args: DoorDomainArgs, opts: pulumi.ResourceOptions): pulumi.Output<string> {
  const { domain, stage } = args;
  const made = new aws.apigateway.DomainName(
    name,
    {
      domainName: domain.name,
      regionalCertificateArn: domain.certificateArn,
      endpointConfiguration: { types: "REGIONAL" },
      securityPolicy: args.tls,
      endpointAccessMode: "STRICT",
    },
    opts,
  );
  const under = { ...opts, parent: made };
  const mapping = new aws.apigateway.BasePathMapping(
    name,
    { restApi: stage.restApi, stageName: stage.stageName, domainName: made.domainName },
    under,
  );
  if (domain.hostedZoneId !== null)
    new aws.route53.Record(
      name,
      {
        zoneId: domain.hostedZoneId,
        name: domain.name,
        type: "A",
        aliases: [{ name: made.regionalDomainName, zoneId: made.regionalZoneId, evaluateTargetHealth: false }],
      },
      under,
    );
  // Nobody is told an address that leads nowhere.
  return pulumi.all([mapping.id, made.domainName]).apply(([, host]) => `https://${host}`);
}
