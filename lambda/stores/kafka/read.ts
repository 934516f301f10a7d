import type { Key, Row } from '../../change/change.ts';
import { keyOf } from '../../change/encode.ts';
import type { Version } from '../../change/version.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { rowId } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { Unreadable } from '../view-store.ts';
import { readRecord } from './decode.ts';
import { partitionOf } from './partition.ts';
import type { FetchedRecord } from './topic-records.ts';

/** The highest version of a key that was read so far; a tombstone has no row. */
export interface LatestChange {
  readonly key: Key;
  readonly version: Version;
  readonly row: Row | undefined;
}

/** What is looked for in one partition: the texts of records' keys. */
export interface PartitionLookup {
  readonly partition: number;
  readonly keys: ReadonlySet<string>;
}

/** The text under which the changes of a key are on the log; it decides their partition. */
export const recordKey = (entity: CatalogEntity, key: Key): string => JSON.stringify(keyOf(entity, key));

/** Where keys are to be looked for. @param partitions how many the topic has */
export function planLookups(
  placement: Placement,
  keys: readonly Row[],
  partitions: number,
): readonly PartitionLookup[] {
  const lookups = new Map<number, Set<string>>();
  for (const key of keys) {
    const text = recordKey(placement.entity, key);
    const partition = partitionOf(Buffer.from(text), partitions);
    const wanted = lookups.get(partition) ?? new Set();
    lookups.set(partition, wanted.add(text));
  }
  return [...lookups].map(([partition, wanted]) => ({ partition, keys: wanted }));
}

/**
 * Takes what a record says into account, if it is of a key that is looked for. What cannot be read is no
 * change, and told: whoever applies the log has made a dead letter of it.
 */
export function takeRecord(
  { entity }: Placement,
  { partition, keys }: PartitionLookup,
  record: FetchedRecord,
  latest: Map<string, LatestChange>,
): (Unreadable & { readonly key: string }) | undefined {
  if (record.key === null || !keys.has(record.key.toString('utf8'))) return undefined;
  const said = readRecord(entity, partition, record);
  if (said.kind === 'unreadable') return { ...said.unreadable, key: record.key.toString('utf8') };
  if (said.kind === 'nothing') return undefined;
  const { change } = said;
  const id = rowId({ entity, target: entity.source }, change.key);
  const held = latest.get(id);
  // Equal versions carry equal content, so either may stay.
  if (held !== undefined && held.version >= change.version) return undefined;
  latest.set(id, {
    key: change.key,
    version: change.version,
    row: change.kind === 'upsert' ? change.row : undefined,
  });
  return undefined;
}
