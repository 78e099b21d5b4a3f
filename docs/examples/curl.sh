#!/bin/bash
# Searches experiments, and finds one by its name, with nothing but the AWS CLI and curl (7.86 or later, which signs by itself).
# Takes what `gatehouse connect` or `gatehouse credentials` prints: MLFLOW_TRACKING_URI, GATEHOUSE_ROLE_ARN, GATEHOUSE_SESSION_NAME, AWS_REGION, credentials.
set -euo pipefail
export AWS_DEFAULT_REGION="$AWS_REGION"  # the AWS CLI reads no AWS_REGION

# The persona's credentials, under one's own name: another name is refused.
read -r id secret token < <(
  aws sts assume-role --output text --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' \
    --role-arn "$GATEHOUSE_ROLE_ARN" --role-session-name "$GATEHOUSE_SESSION_NAME" \
    ${GATEHOUSE_EXTERNAL_ID:+--external-id "$GATEHOUSE_EXTERNAL_ID"}
)

# call METHOD PATH [BODY]: the keys go in by a file descriptor, so that no list of processes shows them.
call() {
  curl --silent --show-error --fail-with-body --request "$1" "$MLFLOW_TRACKING_URI$2" \
    --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" \
    --config <(printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' "$id" "$secret" "$token") \
    --header "x-mlflow-workspace: $MLFLOW_WORKSPACE" \
    ${3:+--header "content-type: application/json" --data "$3"}
}

call POST /api/2.0/mlflow/experiments/search '{"max_results": 5}'
echo
# A name of plain letters, digits, `-`, `_` and `.`: curl signs a query as it stands.
if [ $# -gt 0 ]; then call GET "/api/2.0/mlflow/experiments/get-by-name?experiment_name=$1"; fi
