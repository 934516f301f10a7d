import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { nameOf } from './faulty-view-store.ts';
import { hiddenSince } from './oracle.ts';
import type { OpenLetter } from './simulated-letters.ts';
import { everything } from './view-watch.ts';

/** What a record of the log says, read without Polystore's decoder. */
interface Told {
  readonly key: string;
  readonly version: bigint;
  readonly deleted: boolean;
}

/** @returns undefined for what nobody can read. */
function tellRecord({ value, headers, offset }: LoggedRecord): Told | undefined {
  const text = Buffer.from(value ?? []).toString();
  const generation = BigInt(headers['polystore-generation'] ?? 0);
  const position = /"(?:lsn|position)":"?(\d+)/.exec(text)?.[1];
  const row = /"(?:after|before)":\{[^}]*"owner":"(\w+)","number":(\d+)/.exec(text);
  if (row === null) return undefined;
  return {
    key: `${row[1]}|${row[2]}`,
    version: (generation << 56n) | BigInt(position ?? offset),
    deleted: /"op":"d"/.test(text),
  };
}

/** Key and version of each delete that records tell of. */
export const deletesIn = (records: readonly LoggedRecord[]): ReadonlySet<string> =>
  new Set(
    records.flatMap((record) => {
      const told = tellRecord(record);
      return told?.deleted === true ? [`${told.key} ${told.version}`] : [];
    }),
  );

/**
 * Whether readers of every view see what the records say, or later: that is what a function claims that does
 * not fail, and what progress claims. What a view refused must be told by a letter.
 */
export async function judgeTaken(options: {
  readonly store: ViewStore;
  readonly placements: readonly Placement[];
  readonly records: readonly LoggedRecord[];
  readonly letters: Iterable<OpenLetter>;
  /** The keys that an entity's source has now. */
  readonly truth: (entity: string) => Pick<ReadonlySet<string>, 'has'>;
  readonly claim: string;
  readonly nowMs: number;
  readonly report: (problem: string) => void;
}): Promise<void> {
  const { store, placements, records, claim, report } = options;
  /** A letter of a later change tells of the earlier ones that it came with, too. */
  const told = new Map<string, bigint>();
  for (const { scope, key, version } of options.letters) {
    const id = `${scope} ${key}`;
    const latest = BigInt(version ?? 0);
    if ((told.get(id) ?? -1n) < latest) told.set(id, latest);
  }
  const byTopic = Map.groupBy(records, ({ topic }) => topic);
  const toldBy = new Map(
    [...byTopic].map(([topic, each]) => [topic, each.flatMap((record) => tellRecord(record) ?? [])]),
  );
  for (const placement of placements) {
    const all = toldBy.get(placement.entity.topic);
    if (all === undefined) continue;
    const viewName = 'name' in placement.target ? placement.target.name : '';
    const asked = new Set(all.map(({ key }) => key));
    const held = new Map<string, bigint>();
    const shown = new Set<string>();
    for (const row of await everything(store, placement)) {
      const key = `${row.key.owner}|${row.key.number}`;
      if (!asked.has(key)) continue;
      if ((held.get(key) ?? -1n) < row.version) held.set(key, row.version);
      if (row.row !== undefined && (hiddenSince(viewName, row.row) ?? Infinity) > options.nowMs)
        shown.add(key);
    }
    // A build that was filled from the source shows nothing of what was deleted before, even if it is there again and
    // though the delete may come later on the log: whether it lacks a row the comparison at the end tells.
    const isFilled = (await buildOf(store, placement)) > 1;
    const there = options.truth(placement.entity.name);
    const last = new Map<string, Told>();
    for (const each of all) if ((last.get(each.key)?.version ?? -1n) < each.version) last.set(each.key, each);
    for (const { key, version } of all) {
      const [owner, number] = key.split('|');
      const letter =
        told.get(`${placement.entity.name}.${viewName} [["number",${number}],["owner","${owner}"]]`) ?? -1n;
      // A fill leaves an older tombstone as it is where the source has no row.
      if (!shown.has(key) && (isFilled || !there.has(key) || last.get(key)?.deleted === true)) continue;
      if ((held.get(key) ?? -1n) < version && letter < version)
        report(`${nameOf(placement)} lacks ${key} at ${version}: ${claim}`);
    }
  }
}

/** The number of the build that a placement names: without one the build that readers see. */
async function buildOf(store: ViewStore, placement: Placement): Promise<number> {
  if (placement.build !== undefined) return placement.build;
  return (await store.builds(placement)).find(({ state }) => state === 'active')?.number ?? 1;
}
