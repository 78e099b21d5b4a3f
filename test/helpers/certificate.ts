import { execFileSync } from "node:child_process";
import { PYTHON } from "./python.ts";

/** PEM of a key and a certificate for 127.0.0.1 that signs itself, good for a day. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const SCRIPT = `
import datetime, ipaddress, json
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
now = datetime.datetime.now(datetime.timezone.utc)
cert = (
    x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    .sign(key, hashes.SHA256())
)
print(json.dumps({
    "key": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode(),
    "cert": cert.public_bytes(s.Encoding.PEM).decode(),
}))
`;

export function certificate(): Certificate {
  return JSON.parse(execFileSync(PYTHON, ["-c", SCRIPT], { encoding: "utf8" })) as Certificate;
}
