import type { ConsumerSettings } from "./consumer.ts";

/** What is wrong between the settings of a consumer stack; a key that did not parse is left out. */
export function consumerProblems(settings: Partial<ConsumerSettings>): readonly string[] {
  return [...peopleProblems(settings.people ?? {}), ...networkProblems(settings)];
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

function networkProblems({ network, studio }: Partial<ConsumerSettings>): string[] {
  if (network?.nat !== "none" || studio?.access !== "vpcOnly") return [];
  return [
    "network.nat: `none` leaves notebooks without a way to the registry while studio.access is vpcOnly; allowed: `single`, `perZone`",
  ];
}
