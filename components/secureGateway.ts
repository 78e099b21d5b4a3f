import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door } from "../authorizer/catalogue/types.ts";
import type { Watched } from "./observability/watched.ts";
import { logRole } from "./secureGateway/accessLog.ts";
import { type TrustedUserPool, tokenAuthorizer } from "./secureGateway/authorizer.ts";
import { doorDomain } from "./secureGateway/domain.ts";
import { door, doorApi } from "./secureGateway/door.ts";
import { definitionOf } from "./secureGateway/doors.ts";
import { personaPolicies } from "./secureGateway/policies.ts";
import { sessionLimit } from "./secureGateway/sessionLimit.ts";
import type { CentralSettings } from "./settings/central.ts";
import type { AccessTable } from "./shared/accessTable.ts";

export interface SecureGatewayArgs {
  readonly account: string;
  readonly region: string;
  readonly settings: CentralSettings["gateway"];
  /** Who may call what: compiled into the policies of one door and the authorizer of the other. */
  readonly personas: readonly Persona[];
  /** Where MLflow is. */
  readonly server: {
    readonly loadBalancerArn: pulumi.Input<string>;
    /** null: the VPC link leads to the other. */
    readonly networkLoadBalancerArn: pulumi.Input<string> | null;
    readonly internalUrl: pulumi.Input<string>;
    readonly linkSubnetIds: readonly pulumi.Input<string>[];
    readonly linkSecurityGroupId: pulumi.Input<string>;
    readonly proof: pulumi.Input<string>;
    readonly assertionKey: pulumi.Input<string>;
    readonly kmsKeyArn: pulumi.Input<string>;
    readonly accessTable: AccessTable;
  };
  /** User pools whose tokens the `browser` door takes. */
  readonly userPools: readonly TrustedUserPool[];
  /** Origin of the UI, such as `https://mlflow.example`; null: no other origin is answered. */
  readonly origin: string | null;
}

/** The only way to MLflow: two REST APIs whose every call is decided by IAM or by the Lambda authorizer, from one catalogue of routes. */
export class SecureGateway extends pulumi.ComponentResource {
  readonly codeApiId: pulumi.Output<string>;
  readonly browserApiId: pulumi.Output<string>;
  /** Address of the `code` door, which is MLflow's tracking URI. */
  readonly codeUrl: pulumi.Output<string>;
  readonly browserUrl: pulumi.Output<string>;
  /** Names by which CloudWatch knows both doors. */
  readonly watched: Watched["doors"];
  /** Managed policies of each persona, for roles that call the `code` door. */
  readonly personaPolicies: Readonly<Record<string, readonly aws.iam.Policy[]>>;

  constructor(name: string, args: SecureGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:SecureGateway", name, {}, opts);
    const child = { parent: this };
    const { account, region, settings, server } = args;
    if (settings.internalCertificateArn === null)
      void pulumi.log.warn(
        "gateway.internalCertificateArn is null: requests travel as HTTP from the VPC link to the load balancer",
        this,
      );
    const link =
      server.networkLoadBalancerArn === null
        ? new aws.apigatewayv2.VpcLink(
            `${name}-link`,
            { subnetIds: [...server.linkSubnetIds], securityGroupIds: [server.linkSecurityGroupId] },
            child,
          )
        : new aws.apigateway.VpcLink(`${name}-link`, { targetArn: server.networkLoadBalancerArn }, child);
    const webAclArn =
      settings.requestsPerSession === null
        ? settings.webAclArn
        : sessionLimit(`${name}-sessions`, settings.requestsPerSession, child).arn;
    const doorArgs = {
      account,
      settings,
      link,
      loadBalancerArn: server.networkLoadBalancerArn === null ? server.loadBalancerArn : null,
      internalUrl: server.internalUrl,
      proof: server.proof,
      origin: args.origin,
      webAclArn,
      kmsKeyArn: server.kmsKeyArn,
      before: settings.logRole ? [logRole(`${name}-logs`, child)] : [],
    };

    const code = { name: `${name}-code`, definition: definitionOf("code") };
    const codeApi = doorApi(code.name, code.definition, settings, child);
    const codeStage = door(code.name, code.definition, codeApi, undefined, doorArgs, child);

    const browser = { name: `${name}-browser`, definition: definitionOf("browser") };
    const browserApi = doorApi(browser.name, browser.definition, settings, child);
    const authorizer = tokenAuthorizer(
      `${browser.name}-authorizer`,
      {
        restApi: browserApi,
        personas: args.personas,
        userPools: args.userPools,
        accessTable: server.accessTable,
        assertionKey: server.assertionKey,
        cacheSeconds: settings.tokenCacheSeconds,
        kmsKeyArn: server.kmsKeyArn,
        logDays: settings.logDays,
      },
      child,
    );
    const browserStage = door(browser.name, browser.definition, browserApi, authorizer, doorArgs, child);

    this.personaPolicies = personaPolicies(
      {
        personas: args.personas,
        account,
        region,
        stage: settings.stage,
        stageArn: pulumi.interpolate`${codeApi.executionArn}/${settings.stage}`,
      },
      child,
    );
    const watchedDoor = (api: aws.apigateway.RestApi, stage: aws.apigateway.Stage) => ({
      api: api.name,
      stage: settings.stage,
      accessLog: stage.accessLogSettings.apply((log) => log?.destinationArn.split(":log-group:")[1] ?? ""),
    });
    this.watched = { code: watchedDoor(codeApi, codeStage), browser: watchedDoor(browserApi, browserStage) };
    this.codeApiId = codeApi.id;
    this.browserApiId = browserApi.id;
    const address = (kind: Door, stage: aws.apigateway.Stage) => {
      const { domain } = settings[kind];
      return domain === null
        ? stage.invokeUrl
        : doorDomain(`${name}-${kind}-domain`, { domain, stage, tls: settings.tls }, child);
    };
    this.codeUrl = address("code", codeStage);
    this.browserUrl = address("browser", browserStage);
    this.registerOutputs({ codeUrl: this.codeUrl, browserUrl: this.browserUrl });
  }
}
