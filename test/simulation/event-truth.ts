import { eventOf } from './applications.ts';
import type { SimulatedLog } from './simulated-log.ts';
import { idOf, type SimulatedRow } from './simulated-model.ts';

/**
 * The rows that the events on a topic make, by their ids. Of these the log is the source: each record is read once,
 * and the log forgets none of them here.
 *
 * @param startMs as `eventOf` takes it
 */
export function createEventTruth(
  log: SimulatedLog,
  topic: string,
  startMs: number,
): () => ReadonlyMap<string, SimulatedRow> {
  const rows = new Map<string, SimulatedRow>();
  /** Of each partition, the offset to go on from. */
  const read: bigint[] = [];
  return () => {
    for (let partition = 0; partition < log.partitionsOf(topic); partition += 1) {
      const from = read[partition] ?? 0n;
      for (const { key } of log.read(topic, partition, from, Number.POSITIVE_INFINITY)) {
        const text = Buffer.from(key ?? []).toString();
        if (text === '{}') continue;
        // Ingest writes the key's columns.
        const { owner, number } = JSON.parse(text) as Pick<SimulatedRow, 'owner' | 'number'>;
        const id = idOf({ owner, number });
        if (!rows.has(id)) rows.set(id, eventOf(owner, number, startMs));
      }
      read[partition] = log.endOf(topic, partition);
    }
    return rows;
  };
}
