import { personOfJob } from "../shared/names.ts";
import type { ConsumerSettings } from "./consumer.ts";

/** What is wrong between the settings of a consumer stack; a key that did not parse is left out. */
export function consumerProblems(settings: Partial<ConsumerSettings>): readonly string[] {
  return [...peopleProblems(settings.people ?? {}), ...jobProblems(settings), ...networkProblems(settings)];
}

function peopleProblems(people: ConsumerSettings["people"]): string[] {
  const seen = new Map<string, string>();
  return Object.entries(people).flatMap(([profile, { person, persona }]) => {
    if (persona === "platform-admin")
      return [`people.${profile}.persona: platform-admin exists only in the central account`];
    const twin = seen.get(`${person} ${persona}`);
    seen.set(`${person} ${persona}`, profile);
    return twin === undefined
      ? []
      : [
          `people.${profile}: \`${person}\` as ${persona} is already the profile ${twin}; give another person or persona`,
        ];
  });
}

function jobProblems({ jobs, people, consumer }: Partial<ConsumerSettings>): string[] {
  const persons = new Set(Object.values(people ?? {}).map(({ person }) => person));
  return Object.entries(jobs ?? {}).flatMap(([name, { persona }]) => {
    if (persona === "platform-admin")
      return [`jobs.${name}.persona: platform-admin exists only in the central account`];
    const itself = personOfJob(consumer ?? "", name);
    return [
      ...(persons.has(itself) ? [`jobs.${name}: \`${itself}\` is a person already; rename the job`] : []),
      ...(people?.[`job-${name}`] ? [`jobs.${name}: the profile job-${name} has the same role; rename one`] : []),
    ];
  });
}

function networkProblems({ network, studio }: Partial<ConsumerSettings>): string[] {
  if (network?.nat !== "none" || studio?.access !== "vpcOnly" || network.registry === "endpoint") return [];
  return [
    "network.nat: `none` leaves notebooks without a way to the registry while studio.access is vpcOnly; allowed: `single`, `perZone`, or network.registry: endpoint where central's API is private",
  ];
}
