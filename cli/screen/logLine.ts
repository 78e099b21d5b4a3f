import { styleText } from "node:util";
import type { GatewayLogRecord } from "../../local/gateway/index.ts";
import type { StsLogRecord } from "../../local/sts/index.ts";

/** One request as one line: who, what, decision, reason, milliseconds. */
export function logLine(record: GatewayLogRecord | StsLogRecord): string {
  const what = "action" in record ? `${record.action} ${record.role ?? ""}` : `${record.method} ${record.path}`;
  const who =
    "action" in record ? record.principal : record.person && `${record.person} (${record.personas?.join("+")})`;
  const colour = record.decision === "deny" ? "red" : record.status >= 400 ? "yellow" : "green";
  return [
    styleText("dim", record.time.slice(11, 19)),
    record.door.padEnd(7),
    styleText(colour, `${record.decision.padEnd(5)} ${record.status}`),
    printable(who ?? "nobody known"),
    printable(what),
    styleText("dim", `${Math.round(record.ms)} ms`),
    record.reason === undefined ? "" : styleText("dim", `· ${printable(record.reason)}`),
  ].join(" ");
}

/** A caller chooses his path, and must not write to our terminal with it. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, "�");
}
