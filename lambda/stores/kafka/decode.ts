import type { Change } from '../../change/change.ts';
import { decodeRecord } from '../../change/decode.ts';
import type { CatalogEntity } from '../../model/index.ts';
import type { Unreadable } from '../view-store.ts';
import type { FetchedRecord } from './topic-records.ts';

/** What a record of a topic says, to whoever asks for the truth. */
export type Said =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly unreadable: Unreadable };

export function readRecord(entity: CatalogEntity, partition: number, record: FetchedRecord): Said {
  const decoded = decodeRecord(entity, {
    topic: entity.topic,
    partition,
    offset: record.offset,
    timestampMs: Number(record.timestamp),
    key: record.key ?? undefined,
    value: record.value ?? undefined,
    headers: Object.fromEntries(
      record.headers.map(([name, value]) => [name?.toString('utf8') ?? '', value?.toString('utf8') ?? '']),
    ),
  });
  if (decoded.kind === 'change') return decoded;
  if (decoded.kind === 'ignored') return { kind: 'nothing' };
  const at = `offset ${record.offset} of partition ${partition} of ${entity.topic}`;
  return { kind: 'unreadable', unreadable: { at, reason: decoded.reason } };
}

/** Bytes of a record's key and value. */
export const sizeOf = ({ key, value }: FetchedRecord): number => (key?.length ?? 0) + (value?.length ?? 0);
