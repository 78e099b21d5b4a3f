import { z } from "zod";
import { isPrivateRange } from "../shared/cidr.ts";

declare module "zod" {
  interface GlobalMeta {
    /** What a value of this field may be, as one phrase for the page and for error messages. */
    allowed?: string;
  }
}

/** A host name with at least one dot. */
export const HOST = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** A security group, as opposed to a range of addresses. */
export const SECURITY_GROUP = /^sg-[0-9a-f]{8,17}$/;

/** Gives a field what the configuration page and every error message say of it. */
export function field<T extends z.ZodType>(schema: T, meaning: string, allowed: string): T {
  return schema.meta({ description: meaning, allowed });
}

/** A whole number within bounds, both allowed. */
export function whole(min: number, max: number, meaning: string): z.ZodNumber {
  return field(z.number().int().min(min).max(max), meaning, `${min} to ${max}`);
}

/** true or false. */
export function flag(meaning: string): z.ZodBoolean {
  return field(z.boolean(), meaning, "true or false");
}

/** One of a few words. */
export function word<const T extends readonly [string, ...string[]]>(words: T, meaning: string) {
  return field(z.enum(words), meaning, words.map((each) => `\`${each}\``).join(", "));
}

/** Text of one shape. */
export function text(pattern: RegExp, meaning: string, allowed: string): z.ZodString {
  return field(z.string().regex(pattern), meaning, allowed);
}

/** An AWS account. As a number it would lose a leading zero. */
export function account(meaning: string): z.ZodString {
  return text(/^\d{12}$/, meaning, "12 digits in quotes");
}

/** ARN of one AWS service. */
export function arn(service: string, meaning: string): z.ZodString {
  return text(new RegExp(`^arn:aws[a-z-]*:${service}:[^\\s*]+$`), meaning, `an ARN of ${service}, without wildcard`);
}

/** Name of a consumer: it becomes part of role names (64 characters) beside a persona or a profile. */
export const CONSUMER = /^(?=.{2,20}$)[a-z](?:-?[a-z0-9])*$/;

/** Name of a persona: part of role names and paths, and a key of MLflow's directory. */
export const PERSONA = /^(?=.{2,20}$)[a-z](?:-?[a-z0-9])*$/;

/** Name of a workspace. Source: MLflow `utils/workspace_utils.py`. */
export const WORKSPACE = /^(?!(?:workspaces|api|ajax-api|static-files)$)[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/;

/** Group of the user pool. */
export const GROUP = /^[A-Za-z0-9][A-Za-z0-9_+=.@-]{0,62}$/;

/** Tags of every resource of a stack. */
export function tags() {
  return field(
    z.record(z.string().min(1).max(128), z.string().max(256)),
    "Tags of every resource.",
    "tag: text",
  ).default({});
}

/** Keys of a private network that both kinds share. */
export function networkFields(cidr: string) {
  return {
    cidr: field(
      z.string().refine(isPrivateRange),
      "Addresses of the VPC.",
      "a private IPv4 range from /16 to /24, such as `10.40.0.0/16`",
    ).default(cidr),
    zones: whole(2, 3, "Availability zones.").default(2),
    flowLogs: flag("Keeps VPC flow logs.").default(true),
  };
}

/** Days that CloudWatch Logs can keep. Source: CloudWatch Logs API, PutRetentionPolicy. */
export const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
