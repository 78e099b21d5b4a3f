/** One line for each request of a door: who, what, allowed or denied, and why. No query, no header, no secret. */
export interface GatewayLogRecord {
  readonly time: string;
  readonly door: string;
  readonly requestId: string;
  readonly method: string;
  /** Below the stage, as sent. */
  readonly path: string;
  readonly person?: string;
  /** ARN of the role session, or what the authorizer calls the caller. */
  readonly principal?: string;
  readonly personas?: readonly string[];
  /** Of the gateway; MLflow may still refuse what it allows, which the status tells. */
  readonly decision: "allow" | "deny";
  readonly status: number;
  readonly reason?: string;
  readonly ms: number;
  /** The line that the stage's declared access log has of this request on AWS. */
  readonly accessLog?: Readonly<Record<string, string>>;
}

/** What is known of the caller so far. */
export interface Caller {
  person?: string;
  principal?: string;
  personas?: readonly string[];
}
