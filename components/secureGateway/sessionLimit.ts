import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Seconds that requests are counted in. Source: WAF API, RateBasedStatement: 60, 120, 300 or 600. */
const WINDOW = 300;

type Statement = aws.types.input.wafv2.WebAclRuleStatementRateBasedStatement;

/** What is counted, and of which requests. */
type Counted = Pick<Statement, "customKeys" | "scopeDownStatement">;

const AS_IT_IS = [{ priority: 0, type: "NONE" }];

/**
 * What a session can't do without and nobody shares: a token of the user pool, or the session token of a role's credentials, which SigV4 sends as a header
 * or in the query. Addresses say less: a team in one VPC has one. A request without the key is not counted by its rule.
 */
const SESSIONS: readonly (readonly [name: string, counted: Counted])[] = [
  [
    "token",
    {
      customKeys: [{ header: { name: "authorization", textTransformations: AS_IT_IS } }],
      // A signature of SigV4 is in the same header, and new with each request.
      scopeDownStatement: {
        byteMatchStatement: {
          fieldToMatch: { singleHeader: { name: "authorization" } },
          positionalConstraint: "STARTS_WITH",
          searchString: "bearer ",
          textTransformations: [{ priority: 0, type: "LOWERCASE" }],
        },
      },
    },
  ],
  ["credentials", { customKeys: [{ header: { name: "x-amz-security-token", textTransformations: AS_IT_IS } }] }],
  [
    "signed-query",
    { customKeys: [{ queryArgument: { name: "x-amz-security-token", textTransformations: AS_IT_IS } }] },
  ],
];

/**
 * A web ACL that refuses a session which sends too much, so that the throttle of a door, which all share, is left to the others.
 *
 * @param requests in five minutes, from 10
 */
export function sessionLimit(name: string, requests: number, opts: pulumi.ResourceOptions): aws.wafv2.WebAcl {
  const visibilityConfig = (metricName: string) => ({
    cloudwatchMetricsEnabled: true,
    metricName,
    // Samples hold headers, tokens among them.
    sampledRequestsEnabled: false,
  });
  return new aws.wafv2.WebAcl(
    name,
    {
      name,
      scope: "REGIONAL",
      description: "No session of the registry crowds the others out",
      defaultAction: { allow: {} },
      rules: SESSIONS.map(([session, counted], priority) => ({
        name: session,
        priority,
        action: { block: {} },
        statement: {
          rateBasedStatement: {
            limit: requests,
            evaluationWindowSec: WINDOW,
            aggregateKeyType: "CUSTOM_KEYS",
            ...counted,
          },
        },
        visibilityConfig: visibilityConfig(`${name}-${session}`),
      })),
      visibilityConfig: visibilityConfig(name),
    },
    opts,
  );
}
