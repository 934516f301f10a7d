import { type Change, coalesce, keyText } from '../change/change.ts';
import { type Decoded, decodeRecord } from '../change/decode.ts';
import type { LoggedRecord } from '../change/envelope.ts';
import { renderVersion } from '../change/version.ts';
import type { Catalog } from '../model/index.ts';
import { placeOf } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { DeadLetter } from './dead-letters.ts';

/** What a batch of the log asks of one store. */
export interface ApplyPlan {
  /** Records that cannot be read, and what can only be applied by reading the truth at the source. */
  readonly poison: readonly DeadLetter[];
  /** For each placement the last change of each key, in each place where the placement has held it. */
  readonly work: readonly { readonly placement: Placement; readonly changes: readonly Change[] }[];
  /** Kafka tombstones, and changes of entities that this store holds no view of. */
  readonly ignored: number;
  readonly changes: number;
  /** The record that brought a change, for the letter when a store refuses it. */
  readonly recordOf: (change: Change) => LoggedRecord | undefined;
}

const idOf = (change: Change): string =>
  `${change.entity}|${keyText(change.key)}|${renderVersion(change.version)}`;

/** Decides what to do with a batch. `placements` are the views of one store. */
export function planApply(
  catalog: Catalog,
  placements: readonly Placement[],
  records: readonly LoggedRecord[],
): ApplyPlan {
  const poison: DeadLetter[] = [];
  const changes: Change[] = [];
  const origin = new Map<string, LoggedRecord>();
  let ignored = 0;
  for (const record of records) {
    const entity = catalog.entities.find((candidate) => candidate.topic === record.topic);
    if (entity === undefined) {
      const reason = `the topic ${record.topic} carries no entity of the model ${catalog.name}`;
      poison.push({ scope: record.topic, key: undefined, version: undefined, reason, record });
      continue;
    }
    const decoded = decodeRecord(entity, record);
    const held = placements.filter((placement) => placement.entity.name === entity.name);
    if (decoded.kind === 'poison')
      poison.push({ scope: entity.name, key: undefined, version: undefined, reason: decoded.reason, record });
    else if (decoded.kind === 'ignored' || held.length === 0) ignored += 1;
    else if (decoded.kind === 'change') {
      changes.push(decoded.change);
      origin.set(idOf(decoded.change), record);
    } else poison.push(...held.map((placement) => letterForTruth(placement, decoded, record)));
  }
  const work = placements
    .map((placement) => ({
      placement,
      changes: coalesce(
        changes.filter((change) => change.entity === placement.entity.name),
        placeOf(placement),
      ),
    }))
    .filter((part) => part.changes.length > 0);
  return { poison, work, ignored, changes: changes.length, recordOf: (change) => origin.get(idOf(change)) };
}

/** What a view lacks until somebody reads the truth at the source: a row, or which rows are left. */
function letterForTruth(
  placement: Placement,
  decoded: Extract<Decoded, { readonly kind: 'incomplete' | 'truncate' }>,
  record: LoggedRecord,
): DeadLetter {
  const { version, reason } = decoded;
  const common = { scope: scopeOf(placement), version: renderVersion(version), reason, record };
  return decoded.kind === 'incomplete'
    ? { ...common, key: keyText(decoded.key), retry: 'key' }
    : { ...common, key: undefined, retry: 'view' };
}

/** What has the hole when one view lacks a change. */
export const scopeOf = ({ entity, target }: Placement): string =>
  'name' in target ? `${entity.name}.${target.name}` : entity.name;
