/** What a maker knows of the resource. */
export interface MakerArgs {
  readonly name: string;
  readonly physicalName: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly region: string;
  readonly account: string;
  /** Hexadecimal, of project, stack, type and name. */
  readonly digest: string;
  /** Secret bytes of this resource. */
  readonly random: (bytes: number) => Buffer;
}

/** What the cloud adds to a resource's inputs. */
export interface Made {
  readonly id?: string;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly secret?: readonly string[];
}

export type Maker = (args: MakerArgs) => Made;

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Lower-case letters and digits, as API Gateway's and Cognito's ids are. */
function letters(digest: string, length: number): string {
  const bytes = Buffer.from(digest, "hex");
  return Array.from({ length }, (_, i) => LETTERS[(bytes[i % bytes.length] ?? 0) % LETTERS.length]).join("");
}

const named =
  (service: string, before: string): Maker =>
  ({ region, account, physicalName }) => ({
    id: physicalName,
    state: { arn: `arn:aws:${service}:${region}:${account}:${before}${physicalName}` },
  });

const ec2 =
  (prefix: string, kind: string, more: (args: MakerArgs) => Record<string, unknown> = () => ({})): Maker =>
  (args) => {
    const id = `${prefix}-0${args.digest.slice(0, 16)}`;
    return { id, state: { arn: `arn:aws:ec2:${args.region}:${args.account}:${kind}/${id}`, ...more(args) } };
  };

const iam =
  (kind: string): Maker =>
  ({ account, physicalName, inputs, digest }) => {
    const path = typeof inputs.path === "string" ? inputs.path : "/";
    const arn = `arn:aws:iam::${account}:${kind}${path}${physicalName}`;
    return {
      id: kind === "role" ? physicalName : arn,
      state: { arn, path, uniqueId: `AROA${digest.slice(0, 16).toUpperCase()}` },
    };
  };

const loadBalancing =
  (kind: string): Maker =>
  ({ region, account, physicalName, digest }) => {
    const suffix = `${kind}/${physicalName}/${digest.slice(0, 16)}`;
    const arn = `arn:aws:elasticloadbalancing:${region}:${account}:${suffix}`;
    const dns = `internal-${physicalName}-${Number.parseInt(digest.slice(0, 8), 16)}.${region}.elb.amazonaws.com`;
    return { id: arn, state: { arn, arnSuffix: suffix, dnsName: dns, zoneId: "Z32O12XQLNTSW2" } };
  };

const apiGatewayId: Maker = ({ digest }) => ({ id: letters(digest, 6) });

/**
 * How AWS names and addresses each type of resource. A type that isn't here gets an id and its inputs; whatever the program then reads of it beyond
 * those stays without a value, and the run says so.
 */
export const MAKERS: Readonly<Record<string, Maker>> = {
  "aws:amplify/app:App": ({ region, account, digest }) => {
    const id = `d${letters(digest, 13)}`;
    const arn = `arn:aws:amplify:${region}:${account}:apps/${id}`;
    return { id, state: { arn, defaultDomain: `${id}.amplifyapp.com` } };
  },
  "aws:amplify/branch:Branch": ({ region, account, inputs }) => {
    const [app, branch] = [String(inputs.appId), String(inputs.branchName)];
    return {
      id: `${app}/${branch}`,
      state: { arn: `arn:aws:amplify:${region}:${account}:apps/${app}/branches/${branch}` },
    };
  },
  "aws:apigateway/restApi:RestApi": ({ region, account, digest }) => {
    const id = letters(digest, 10);
    return {
      id,
      state: {
        arn: `arn:aws:apigateway:${region}::/restapis/${id}`,
        executionArn: `arn:aws:execute-api:${region}:${account}:${id}`,
        rootResourceId: letters(digest.slice(20), 10),
      },
    };
  },
  "aws:apigateway/resource:Resource": ({ digest, inputs }) => ({
    id: letters(digest, 6),
    state: { path: `/${String(inputs.pathPart)}` },
  }),
  "aws:apigateway/authorizer:Authorizer": ({ region, inputs, digest }) => ({
    id: letters(digest, 6),
    state: {
      arn: `arn:aws:apigateway:${region}::/restapis/${String(inputs.restApi)}/authorizers/${letters(digest, 6)}`,
    },
  }),
  "aws:apigateway/deployment:Deployment": apiGatewayId,
  "aws:apigateway/stage:Stage": ({ region, account, inputs }) => {
    const [api, stage] = [String(inputs.restApi), String(inputs.stageName)];
    return {
      id: `ags-${api}-${stage}`,
      state: {
        arn: `arn:aws:apigateway:${region}::/restapis/${api}/stages/${stage}`,
        executionArn: `arn:aws:execute-api:${region}:${account}:${api}/${stage}`,
        invokeUrl: `https://${api}.execute-api.${region}.amazonaws.com/${stage}`,
      },
    };
  },
  "aws:apigatewayv2/vpcLink:VpcLink": apiGatewayId,
  "aws:apigateway/vpcLink:VpcLink": apiGatewayId,
  "aws:cloudwatch/logGroup:LogGroup": named("logs", "log-group:"),
  "aws:cognito/identityPool:IdentityPool": ({ region, digest }) => ({ id: `${region}:${digest.slice(0, 32)}` }),
  "aws:cognito/userPool:UserPool": ({ region, account, digest }) => {
    const id = `${region}_${letters(digest, 9)}`;
    return {
      id,
      state: {
        arn: `arn:aws:cognito-idp:${region}:${account}:userpool/${id}`,
        endpoint: `cognito-idp.${region}.amazonaws.com/${id}`,
      },
    };
  },
  "aws:cognito/userPoolClient:UserPoolClient": ({ digest }) => ({ id: letters(digest, 26) }),
  "aws:dynamodb/table:Table": named("dynamodb", "table/"),
  "aws:ec2/eip:Eip": ec2("eipalloc", "elastic-ip"),
  "aws:ec2/internetGateway:InternetGateway": ec2("igw", "internet-gateway"),
  "aws:ec2/natGateway:NatGateway": ec2("nat", "natgateway"),
  "aws:ec2/routeTable:RouteTable": ec2("rtb", "route-table"),
  "aws:ec2/securityGroup:SecurityGroup": ec2("sg", "security-group"),
  "aws:ec2/subnet:Subnet": ec2("subnet", "subnet"),
  "aws:ec2/vpc:Vpc": ec2("vpc", "vpc", ({ digest }) => ({ defaultSecurityGroupId: `sg-0${digest.slice(16, 32)}` })),
  "aws:ec2/vpcEndpoint:VpcEndpoint": ec2("vpce", "vpc-endpoint", ({ digest }) => ({
    prefixListId: `pl-${digest.slice(0, 8)}`,
  })),
  "aws:ecr/repository:Repository": ({ region, account, physicalName }) => ({
    id: physicalName,
    state: {
      arn: `arn:aws:ecr:${region}:${account}:repository/${physicalName}`,
      repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${physicalName}`,
      registryId: account,
    },
  }),
  "aws:ecs/cluster:Cluster": named("ecs", "cluster/"),
  "aws:ecs/service:Service": named("ecs", "service/"),
  "aws:ecs/taskDefinition:TaskDefinition": ({ region, account, inputs }) => ({
    id: String(inputs.family),
    state: { arn: `arn:aws:ecs:${region}:${account}:task-definition/${String(inputs.family)}:1`, revision: 1 },
  }),
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ({ account, inputs }) => {
    const arn = `arn:aws:iam::${account}:oidc-provider/${String(inputs.url).replace("https://", "")}`;
    return { id: arn, state: { arn } };
  },
  "aws:iam/policy:Policy": iam("policy"),
  "aws:iam/role:Role": iam("role"),
  "aws:kms/key:Key": ({ region, account, digest }) => ({
    id: digest.slice(0, 32),
    state: { keyId: digest.slice(0, 32), arn: `arn:aws:kms:${region}:${account}:key/${digest.slice(0, 32)}` },
  }),
  "aws:lambda/function:Function": ({ region, account, physicalName }) => {
    const arn = `arn:aws:lambda:${region}:${account}:function:${physicalName}`;
    return {
      id: physicalName,
      state: { arn, invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations` },
    };
  },
  "aws:lb/listener:Listener": loadBalancing("listener"),
  "aws:lb/listenerRule:ListenerRule": loadBalancing("listener-rule"),
  "aws:lb/loadBalancer:LoadBalancer": loadBalancing("app"),
  "aws:lb/targetGroup:TargetGroup": loadBalancing("targetgroup"),
  "aws:rds/cluster:Cluster": ({ region, account, name, digest }) => ({
    id: name,
    state: {
      arn: `arn:aws:rds:${region}:${account}:cluster:${name}`,
      clusterResourceId: `cluster-${letters(digest, 26).toUpperCase()}`,
      endpoint: `${name}.cluster-${letters(digest, 12)}.${region}.rds.amazonaws.com`,
      readerEndpoint: `${name}.cluster-ro-${letters(digest, 12)}.${region}.rds.amazonaws.com`,
      port: 5432,
      masterUserSecrets: [
        {
          kmsKeyId: "",
          secretArn: `arn:aws:secretsmanager:${region}:${account}:secret:rds!cluster-${digest.slice(0, 8)}-${letters(digest, 6)}`,
          secretStatus: "active",
        },
      ],
    },
  }),
  "aws:s3/bucket:Bucket": ({ region, name, inputs, digest }) => {
    const bucket = typeof inputs.bucket === "string" ? inputs.bucket : `${name}-${digest.slice(0, 7)}`;
    return {
      id: bucket,
      state: {
        bucket,
        arn: `arn:aws:s3:::${bucket}`,
        bucketDomainName: `${bucket}.s3.amazonaws.com`,
        bucketRegionalDomainName: `${bucket}.s3.${region}.amazonaws.com`,
      },
    };
  },
  "aws:sagemaker/domain:Domain": ({ region, account, digest }) => {
    const id = `d-${letters(digest, 12)}`;
    return {
      id,
      state: {
        arn: `arn:aws:sagemaker:${region}:${account}:domain/${id}`,
        url: `https://${id}.studio.${region}.sagemaker.aws`,
        homeEfsFileSystemId: `fs-0${digest.slice(0, 16)}`,
        securityGroupIdForDomainBoundary: `sg-0${digest.slice(16, 32)}`,
      },
    };
  },
  "aws:sagemaker/userProfile:UserProfile": ({ region, account, inputs }) => ({
    id: `arn:aws:sagemaker:${region}:${account}:user-profile/${String(inputs.domainId)}/${String(inputs.userProfileName)}`,
    state: {
      arn: `arn:aws:sagemaker:${region}:${account}:user-profile/${String(inputs.domainId)}/${String(inputs.userProfileName)}`,
    },
  }),
  "aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig": ({ region, account, inputs }) => {
    const name = String(inputs.studioLifecycleConfigName);
    return { id: name, state: { arn: `arn:aws:sagemaker:${region}:${account}:studio-lifecycle-config/${name}` } };
  },
  "aws:ssm/parameter:Parameter": ({ region, account, physicalName }) => ({
    id: physicalName,
    state: { arn: `arn:aws:ssm:${region}:${account}:parameter${physicalName}` },
  }),
  "aws:secretsmanager/secret:Secret": ({ region, account, physicalName, digest }) => {
    const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${physicalName}-${letters(digest, 6)}`;
    return { id: arn, state: { arn } };
  },
  "aws:sns/topic:Topic": ({ region, account, physicalName }) => {
    const arn = `arn:aws:sns:${region}:${account}:${physicalName}`;
    return { id: arn, state: { arn } };
  },
  "aws:wafv2/webAcl:WebAcl": ({ region, account, physicalName, digest }) => {
    const id = digest.slice(0, 32);
    return { id, state: { arn: `arn:aws:wafv2:${region}:${account}:regional/webacl/${physicalName}/${id}` } };
  },
  "awsx:ecr:Image": ({ region, account, digest }) => ({
    state: { imageUri: `${account}.dkr.ecr.${region}.amazonaws.com/mlflow@sha256:${digest}` },
  }),
  "random:index/randomBytes:RandomBytes": ({ inputs, random }) => {
    const bytes = random(Number(inputs.length));
    const [base64, hex] = [bytes.toString("base64"), bytes.toString("hex")];
    return { state: { base64, hex }, secret: [base64, hex] };
  },
  "random:index/randomPassword:RandomPassword": ({ inputs, random }) => {
    const length = Number(inputs.length);
    // base64url letters of as many bytes are more than enough; `-` and `_` are left out, since a program may ask for no special characters.
    const result = random(length * 2)
      .toString("base64url")
      .replaceAll(/[-_]/g, "")
      .slice(0, length);
    return { state: { result, bcryptHash: "" }, secret: [result] };
  },
};
