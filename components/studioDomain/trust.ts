/**
 * Trust policy of an execution role: SageMaker, for resources of this account alone. SageMaker names the profile as the session's source identity, which
 * stays through every role that is taken from there and stands in CloudTrail.
 */
export function executionTrust(account: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sagemaker.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:SetSourceIdentity"],
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
    ],
  });
}
