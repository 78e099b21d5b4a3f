/** What one subject cost in each round, per operation, in microseconds. */
export interface Samples {
  /** Of this process with all its threads: hardly moved by what else runs on the machine. */
  readonly cpu: readonly number[];
  readonly wall: readonly number[];
}

/** One round of a subject. @returns how many operations it did */
export type Round = () => number | Promise<number>;

/** The value that a share `q` of all values doesn't exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * q) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The median of the rounds' own ratios: noise that hits both sides of a round cancels out. */
export function ratio(subject: readonly number[], against: readonly number[]): number {
  return median(subject.map((value, i) => value / (against[i] ?? Number.NaN)));
}

/** Runs the subjects in turn, beginning with another one in each round. One round before counts for nothing: it warms up. */
export async function interleaved<Name extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, Round>>,
): Promise<Readonly<Record<Name, Samples>>> {
  const names = Object.keys(subjects) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, { cpu: [], wall: [] }])) as unknown as Record<
    Name,
    { cpu: number[]; wall: number[] }
  >;
  for (const name of names) await subjects[name]();
  for (let round = 0; round < rounds; round++) {
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const began = performance.now();
      const before = process.cpuUsage();
      const operations = await subjects[name]();
      const { user, system } = process.cpuUsage(before);
      samples[name].cpu.push((user + system) / operations);
      samples[name].wall.push(((performance.now() - began) * 1000) / operations);
    }
  }
  return samples;
}
