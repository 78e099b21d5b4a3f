import { readSettings } from "./components/settings/read.ts";
import { central } from "./components/stacks/central.ts";
import { consumer } from "./components/stacks/consumer.ts";
import { onlyAccount } from "./components/stacks/provider.ts";

/** The program of one account: its settings, AWS in that account alone, and what the kind of stack deploys. Returns the stack's outputs. */
export default async function gatehouse() {
  const settings = readSettings();
  const aws = onlyAccount(settings.account, settings.region, settings.tags);
  switch (settings.kind) {
    case "central":
      return central(settings, { providers: [aws] });
    case "consumer":
      return consumer(settings, { providers: [aws] });
  }
}
