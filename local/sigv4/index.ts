export { type SignedRequest, sha256 } from "./canonical.ts";
export { type PresignedResult, verifyPresigned } from "./presigned.ts";
export { type Credential, type SigV4ErrorType, type SigV4Result, verifySigV4 } from "./verify.ts";
