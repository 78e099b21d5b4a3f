/** An IAM policy document as this program writes it. Source: IAM User Guide, "IAM JSON policy elements reference". */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export type OneOrMore = string | readonly string[];

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  /** operator → key → value(s); operators and keys are ANDed, values ORed. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

/** A managed policy holds at most this many characters, white space not counted. Source: IAM User Guide, "IAM and AWS STS quotas". */
export const MANAGED_POLICY_CHARACTERS = 6144;

/** Managed policies that one role can have attached (the default quota). Source: as above. */
export const MANAGED_POLICIES_PER_ROLE = 10;

/** Longest Resource ARN that API Gateway takes in an authorizer's answer. Source: API Gateway guide, "Output from an API Gateway Lambda authorizer". */
export const AUTHORIZER_ARN_CHARACTERS = 512;

/** Characters that count against IAM's limits: the document as compact JSON. */
export function policySize(document: PolicyDocument): number {
  return JSON.stringify(document).replaceAll(/\s/g, "").length;
}

/** The values of an element that may be written as one string or a list. */
export function list(value: OneOrMore | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
