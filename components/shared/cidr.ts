interface Range {
  readonly address: number;
  readonly prefix: number;
}

const PRIVATE: readonly Range[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(parsed);

/** Whether text is a private IPv4 range of the sizes that a VPC here can have, written with its first address. */
export function isPrivateRange(text: string): boolean {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(text)) return false;
  if (
    text
      .split(/[./]/)
      .slice(0, 4)
      .some((octet) => Number(octet) > 255)
  )
    return false;
  const range = parsed(text);
  if (range.prefix < 16 || range.prefix > 24 || first(range.address, range.prefix) !== range.address) return false;
  return PRIVATE.some(({ address, prefix }) => first(range.address, prefix) === address);
}

/**
 * The subnet at a position of a VPC's range: sixteen of equal size.
 *
 * @param index 0 to 15
 */
export function subnetRange(cidr: string, index: number): string {
  const { address, prefix } = parsed(cidr);
  const size = 2 ** (32 - prefix - 4);
  const start = address + index * size;
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${octets.join(".")}/${prefix + 4}`;
}

function parsed(text: string): Range {
  const [address = "", prefix = ""] = text.split("/");
  return { address: address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0), prefix: Number(prefix) };
}

function first(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}
