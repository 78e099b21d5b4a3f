import { type Automation, type AutomationOptions, openAutomation } from "../../automation/open.ts";

/** Opens an organization for as long as something is done with it. @throws OrganizationError with all faults of the file at once */
export async function withAutomation<T>(
  options: AutomationOptions,
  use: (automation: Automation) => T | Promise<T>,
): Promise<T> {
  const automation = await openAutomation(options);
  try {
    return await use(automation);
  } finally {
    automation.store.close();
  }
}
