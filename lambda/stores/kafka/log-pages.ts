import { headerNames } from '../../change/envelope.ts';
import { PolystoreError } from '../../errors.ts';
import { addSpan, lower, type PartitionReading } from './reading.ts';
import type { FetchedRecord, TopicRecords } from './topic-records.ts';

/** A broker that says that there are records and gives none is asked so often, 500 ms each. */
const attempts = 20;

/**
 * Reads on in one partition, until its end or until so many records were taken; the last batch is taken whole. What
 * the log has forgotten meanwhile is passed over, and then not among what was read.
 */
export async function readOn(
  topic: TopicRecords,
  partition: PartitionReading,
  { limit, take }: { readonly limit: number; readonly take: (record: FetchedRecord) => void },
): Promise<{ readonly partition: PartitionReading; readonly records: number }> {
  const { partition: number, end } = partition;
  let { next, read, generation } = partition;
  let records = 0;
  for (let idle = 0; next < end && records < limit; ) {
    const fetched = await topic.read(number, next);
    if (fetched.kind === 'out of range') {
      const earliest = (await topic.offsets('earliest')).get(number) ?? 0n;
      if (earliest <= next) throw madeAnew(number, next);
      next = lower(earliest, end);
      continue;
    }
    const to = lower(fetched.next, end);
    idle = to === next ? idle + 1 : 0;
    if (idle === attempts) throw silent(number, next);
    for (const record of fetched.records) {
      if (record.offset >= end) break;
      generation ??= generationOf(record);
      take(record);
      records += 1;
    }
    read = addSpan(read, { from: next, to });
    next = to;
  }
  return { partition: { ...partition, next, read, generation }, records };
}

/** Of whatever captured it. A record that does not say it cannot be decoded either; 0 takes nothing for older. */
function generationOf({ headers }: FetchedRecord): number {
  const header = headers.find(([name]) => name?.toString('utf8') === headerNames.generation)?.[1];
  const text = header?.toString('utf8') ?? '';
  return /^\d{1,3}$/.test(text) ? Number(text) : 0;
}

const madeAnew = (partition: number, next: bigint): PolystoreError =>
  new PolystoreError(
    'conflict',
    `Partition ${partition} of the topic has no offset ${next} any more and none above it: the topic was made anew since the reading began. Begin again.`,
  );

const silent = (partition: number, next: bigint): PolystoreError =>
  new PolystoreError(
    'store_unavailable',
    `The change log gave no record at offset ${next} of partition ${partition}, though its end is above it. It is tried again.`,
  );
