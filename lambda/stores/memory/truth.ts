import type { Change } from '../../change/change.ts';
import { rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { Truth, TruthRequest } from '../view-store.ts';
import type { Held, Rows } from './rows.ts';

/** As DynamoDB answers: rows and tombstones with their own versions; what is absent has none. */
export function readTruth({ placement, of }: TruthRequest, rows: Rows): Truth {
  const entity = placement.entity.name;
  const changeOf = ({ key, version, row }: Held): Change =>
    row === undefined
      ? { kind: 'delete', entity, key, version }
      : { kind: 'upsert', entity, key, version, row };
  if (of.kind === 'keys') {
    const found = of.keys.map((key) => ({ key, held: rows.at(rowId(placement, key), '') }));
    return {
      changes: found.flatMap(({ held }) => (held === undefined ? [] : [changeOf(held)])),
      absent: found.flatMap(({ key, held }) => (held === undefined ? [key] : [])),
      floor: undefined,
      next: undefined,
      bytes: 0,
    };
  }
  const { after, limit, buckets } = of;
  const rest = rows.entries().filter(([id]) => after === undefined || id > after);
  const page = rest.slice(0, limit);
  return {
    changes: page
      .filter(([id]) => buckets === undefined || buckets.only.has(bucketOf(id, buckets.of)))
      .flatMap(([, places]) => places.map(changeOf)),
    absent: [],
    floor: undefined,
    next: rest.length > page.length ? page.at(-1)?.[0] : undefined,
    bytes: 0,
  };
}
