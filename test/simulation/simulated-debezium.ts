import { headerNames, type LogRecord } from '../../lambda/change/envelope.ts';
import type { Random } from './random.ts';
import type { Process, Scheduler } from './scheduler.ts';
import type { SimulatedLog } from './simulated-log.ts';
import type { SimulatedRow } from './simulated-model.ts';
import type { Committed, SimulatedPostgres } from './simulated-postgres.ts';

/** A connector that carries committed transactions to the log, at least once, and is started again when it dies. */
export interface SimulatedDebezium {
  /** All commits below it are on the log for good: the replication slot's confirmed position. */
  captured(): bigint;
  /** How many are on the log, by the connection that there is. */
  sent(): number;
  /** Configures the generation, and begins at the start of a WAL that was restored. */
  restart(generation: number): void;
}

export function createSimulatedDebezium(options: {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly postgres: SimulatedPostgres;
  readonly log: SimulatedLog;
  readonly topic: string;
  readonly generation: number;
}): SimulatedDebezium {
  const { scheduler, random, postgres, log, topic } = options;
  let { generation } = options;
  let confirmed = 0;
  /** The slot serves one connection: of an older one only what it had sent can still arrive. */
  let connection = 0;
  let sentByConnection = 0;

  async function stream(process: Process, own: number): Promise<void> {
    const changeLog = log.open({ process });
    const configured = generation;
    let sent = confirmed;
    let idleMs = 10;
    for (;;) {
      const next = await scheduler.step(process, {
        label: 'reads the WAL',
        effect: () => {
          if (own !== connection) throw new Error('the replication slot serves another connection');
          return postgres.committed.slice(sent, sent + random.integer(1, 3));
        },
      });
      if (next.length === 0) {
        if (own === connection) confirmed = Math.max(confirmed, sent);
        idleMs = Math.min(idleMs * 2, 2_000);
        await scheduler.sleep(process, idleMs);
        continue;
      }
      idleMs = 10;
      const records = next.flatMap((transaction) =>
        renderTransaction(transaction, { topic, generation: configured }),
      );
      for (;;) {
        const { error } = await changeLog.append(records);
        if (error === undefined) break;
        await scheduler.sleep(process, 10);
      }
      sent += next.length;
      if (own === connection) sentByConnection = sent;
      if (random.chance(0.4)) {
        const upTo = sent;
        await scheduler.step(process, {
          label: `confirms ${upTo} transactions`,
          effect: () => {
            if (own === connection) confirmed = Math.max(confirmed, upTo);
          },
        });
      }
    }
  }

  scheduler.spawn({ name: 'connect', mayCrash: false }, async (process) => {
    for (;;) {
      connection += 1;
      sentByConnection = confirmed;
      const own = connection;
      const task = scheduler.spawn({ name: `debezium ${own}`, mayCrash: true }, (child) =>
        stream(child, own),
      );
      await scheduler.join(process, task);
      await scheduler.sleep(process, 50);
    }
  });
  return {
    // Of a WAL without changes the heartbeat confirms all.
    captured: () => postgres.committed[confirmed]?.lsn ?? postgres.insertPosition(),
    sent: () => sentByConnection,
    restart: (raised) => {
      generation = raised;
      confirmed = 0;
      connection += 1;
    },
  };
}

/** A transaction's changes as Debezium's JSON converter writes them, 64-bit integers as JSON numbers. */
function renderTransaction(
  { transaction, records }: Committed,
  { topic, generation }: { readonly topic: string; readonly generation: number },
): readonly LogRecord[] {
  return records.flatMap(({ lsn, before, after }) => {
    const row = after ?? before;
    if (row === undefined) return [];
    const op = after === undefined ? 'd' : before === undefined ? 'c' : 'u';
    const source = {
      connector: 'postgresql',
      table: 'shipment',
      txId: transaction,
      lsn: wide(lsn),
      ts_ms: 0,
    };
    const value = { before: rendered(before), after: rendered(after), op, source, ts_ms: 0 };
    return [
      {
        topic,
        key: JSON.stringify({ owner: row.owner, number: row.number }),
        value: JSON.stringify(value).replace(/"wide:(-?\d+)"/g, '$1'),
        headers: { [headerNames.schema]: '1', [headerNames.generation]: String(generation) },
      },
    ];
  });
}

const wide = (value: bigint | string): string => `wide:${value}`;
const rendered = (row: SimulatedRow | undefined) =>
  row === undefined ? null : { ...row, large: row.large === null ? null : wide(row.large) };
