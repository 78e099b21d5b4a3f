import { resolve } from "node:path";
import { projectName } from "./engine/folder.ts";
import type { Engine } from "./engine/operations.ts";
import { pulumiOnPath } from "./engine/pulumi.ts";
import type { Surroundings } from "./jobs/run.ts";
import { JobStore } from "./jobs/store.ts";
import { type Organization, organizationOf } from "./organization/members.ts";
import { readOrganization } from "./organization/read.ts";
import type { OrganizationFile } from "./organization/schema.ts";

/** What everything here begins with. */
export interface Automation extends Surroundings {
  /** The organization file. */
  readonly path: string;
  readonly file: () => OrganizationFile;
}

export interface AutomationOptions {
  /** The organization file. */
  readonly org: string;
  /** Folder of the program. */
  readonly dir: string;
  /** Where jobs, and folders of stacks, are kept. */
  readonly data: string;
}

/** Opens an organization. @throws OrganizationError with all faults of the file at once */
export async function openAutomation({ org, dir, data }: AutomationOptions): Promise<Automation> {
  const [path, program, folder] = [resolve(org), resolve(dir), resolve(data)];
  const file = () => readOrganization(path);
  const organization = () => organizationOf(file(), projectName(program), path);
  organization();
  let pulumi: Engine["pulumi"] | undefined;
  const engine = async (current: Organization): Promise<Engine> => {
    pulumi ??= await pulumiOnPath();
    return { data: folder, program, pulumi, organization: current };
  };
  return { path, file, organization, engine, store: await JobStore.open(folder) };
}
