import { personOfJob } from "../shared/names.ts";
import { type ConsumerSettings, consumerSchema } from "./consumer.ts";

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

/** What a VPC that is there already makes meaningless. */
const OWN_VPC = ["cidr", "zones", "flowLogs", "nat"] as const;
const BY_DEFAULT = consumerSchema.shape.network.parse({});
const SUBNETS = { min: 2, max: 16 };

function networkProblems({ network, studio }: Partial<ConsumerSettings>): string[] {
  if (!network) return [];
  if (network.vpcId !== null) return existingProblems(network);
  const alone = [
    ...(network.subnetIds.length ? ["network.subnetIds: goes with network.vpcId; give both or neither"] : []),
    ...(network.endpoints === "create"
      ? ["network.endpoints: `create` goes with network.vpcId; a VPC of the stack's own has what network.nat asks for"]
      : []),
  ];
  if (network.nat !== "none" || studio?.access !== "vpcOnly" || network.registry === "endpoint") return alone;
  return [
    ...alone,
    "network.nat: `none` leaves notebooks without a way to the registry while studio.access is vpcOnly; allowed: `single`, `perZone`, or network.registry: endpoint where central's API is private",
  ];
}

function existingProblems(network: ConsumerSettings["network"]): string[] {
  const { subnetIds } = network;
  const meaningless = OWN_VPC.filter((key) => network[key] !== BY_DEFAULT[key]).map(
    (key) => `network.${key}: is the owner's business in a VPC that is there already; leave it out`,
  );
  const twice = subnetIds.filter((id, index) => subnetIds.indexOf(id) !== index);
  return [
    ...meaningless,
    ...(subnetIds.length < SUBNETS.min || subnetIds.length > SUBNETS.max
      ? [
          `network.subnetIds: ${subnetIds.length} given; allowed: ${SUBNETS.min} to ${SUBNETS.max}, private subnets of network.vpcId in two zones or more`,
        ]
      : []),
    ...twice.map((id) => `network.subnetIds: \`${id}\` is there twice`),
  ];
}
