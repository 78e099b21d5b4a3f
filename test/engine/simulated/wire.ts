import * as pulumi from "@pulumi/pulumi";
import struct, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";

/** Properties as the engine sends them: plain JSON, with marks for secrets, archives and values not known yet. */
export type Properties = Readonly<Record<string, unknown>>;

const { specialSigKey: SIGNATURE, specialSecretSig: SECRET } = pulumi.runtime;
const { specialArchiveSig: ARCHIVE, specialAssetSig: ASSET } = pulumi.runtime;

/** What stands in a preview for a value that only AWS will know. */
export const UNKNOWN: string = pulumi.runtime.unknownValue;

export function fromWire(message: Struct | undefined): Properties {
  return (message?.toJavaScript() ?? {}) as Properties;
}

export function toWire(properties: Properties): Struct {
  // By way of JSON, since a Struct takes no undefined.
  return struct.Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as Record<string, never>);
}

/** The value without marks, as plan/ shows it: secrets in clear, an archive as `{archive: {<path>: <text>}}`. */
export function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  const { [SIGNATURE]: mark, ...rest } = value as Record<string, unknown>;
  if (mark === SECRET) return revealed(rest.value);
  if (mark === ASSET) return rest.text;
  const plain = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, revealed(item)] as const));
  return mark === ARCHIVE ? { archive: plain.assets } : plain;
}
