import type { Connection } from "./connection.ts";

/** What to set up, for people. */
export function connectText(connection: Connection): string {
  return connection.via === "github" ? workflowText(connection) : laptopText(connection);
}

function laptopText({ awsConfig, environment, permissionPolicy, persona }: Connection): string {
  const sections = Object.entries(awsConfig).map(
    ([name, keys]) =>
      `[${name}]\n${Object.entries(keys)
        .map(([key, value]) => `${key} = ${value}`)
        .join("\n")}`,
  );
  return `# 1. Into ~/.aws/config; sso_start_url and sso_region are those of your company's Identity Center
${sections.join("\n\n")}

# 2. Log in, and tell MLflow where to go
aws sso login --profile ${environment.AWS_PROFILE}-login
${exports(environment)}

# 3. Python
pip install ./client    # the folder of this repository: MLflow's plug-in that signs
python -c "import mlflow; print(mlflow.search_experiments())"

# Once, by whoever administers Identity Center: the permission set of ${persona} allows
${JSON.stringify(permissionPolicy)}
# and the attribute for access control \`gatehouse:person\` is \${path:userName}, in lower case.
`;
}

function workflowText({ roleArn, region, environment, persona }: Connection): string {
  const lines = Object.entries(environment).map(([key, value]) => `      ${key}: ${value}`);
  return `# A job of .github/workflows/*.yml that works as ${persona}
    permissions:
      id-token: write
      contents: read
    env:
${lines.join("\n")}
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${roleArn}
          aws-region: ${region}
      - run: pip install ./client    # the folder of this repository: MLflow's plug-in that signs
`;
}

function exports(environment: Connection["environment"]): string {
  return Object.entries(environment)
    .map(([key, value]) => `export ${key}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}
