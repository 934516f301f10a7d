import type { CatalogEntity } from '../../lambda/model/index.ts';
import type { SourceWriter } from '../../lambda/stores/store.ts';
import { rowWriter } from '../stores/row-writer.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Random } from './random.ts';
import type { Process, Scheduler } from './scheduler.ts';
import { idOf, numbers, owners, places, type SimulatedRow } from './simulated-model.ts';
import type { SimulatedPostgres } from './simulated-postgres.ts';

export interface RowMaker {
  /** A row with any values under one of a few keys. */
  next(): SimulatedRow;
}

/** @param startMs epoch milliseconds around which rows expire */
export function createRowMaker(random: Random, startMs: number): RowMaker {
  let written = 0;
  const hour = 3_600_000;
  return {
    next: () => {
      written += 1;
      const at = startMs + random.pick([-35, -12, 0, 30]) * hour;
      return {
        owner: random.pick(owners),
        number: random.pick(numbers),
        place: random.pick(places),
        at: new Date(at).toISOString().replace('Z', '000Z'),
        score: random.chance(0.2) ? null : random.integer(-5, 5),
        large: random.chance(0.3) ? null : String(9_007_199_254_740_992n + BigInt(random.integer(0, 9))),
        // No two writes are alike, so that the wrong one is seen.
        note: random.chance(0.08) ? 'refused' : `write ${written}`,
      };
    },
  };
}

/** Transactions of a few statements; rows are locked until their commit is visible. */
export async function writePostgres(
  process: Process,
  options: {
    readonly scheduler: Scheduler;
    readonly random: Random;
    readonly postgres: SimulatedPostgres;
    readonly rows: RowMaker;
    readonly transactions: number;
  },
): Promise<void> {
  const { scheduler, random, postgres, rows } = options;
  const pause = (label: string, effect: () => void): Promise<void> =>
    scheduler.step(process, { label, effect });
  for (let count = 0; count < options.transactions; count += 1) {
    const transaction = postgres.begin();
    // In one order in every transaction, so that none waits for another that waits for it.
    const wanted = Array.from({ length: random.integer(1, 3) }, () => rows.next()).sort((a, b) =>
      idOf(a) < idOf(b) ? -1 : 1,
    );
    for (const row of wanted) {
      const id = idOf(row);
      while (!transaction.lock(id)) await scheduler.sleep(process, 5);
      await pause(`transaction ${transaction.id} writes ${id}`, () => {
        const held = transaction.read(id);
        if (held === undefined) transaction.insert(row);
        else if (random.chance(0.35)) {
          transaction.delete(id);
          // Elsewhere, in the same transaction.
          if (random.chance(0.3)) transaction.insert(row);
        } else transaction.update({ ...row, place: held.place, at: held.at });
      });
      // Some transactions are long.
      if (random.chance(0.2)) await scheduler.sleep(process, random.pick([20, 100, 1_000]));
    }
    if (random.chance(0.1)) {
      await pause(`transaction ${transaction.id} rolls back`, () => transaction.rollBack());
      continue;
    }
    await pause(`transaction ${transaction.id} commits`, () => transaction.writeCommit());
    await pause(`transaction ${transaction.id} is visible`, () => transaction.becomeVisible());
  }
}

/** Inserts, updates and deletes through Polystore's own writer, tried again when the table did not answer. */
export async function writeItems(
  process: Process,
  options: {
    readonly scheduler: Scheduler;
    readonly random: Random;
    readonly writer: SourceWriter;
    readonly entity: CatalogEntity;
    readonly rows: RowMaker;
    readonly writes: number;
  },
): Promise<void> {
  const { scheduler, random, entity } = options;
  const writer = rowWriter(options.writer);
  for (let count = 0; count < options.writes; count += 1) {
    const row = { ...options.rows.next() };
    const key = { owner: row.owner, number: row.number };
    const { place: _place, at: _at, owner: _owner, number: _number, ...changing } = row;
    const kind = random.pick(['insert', 'insert', 'update', 'update', 'delete'] as const);
    try {
      if (kind === 'insert') await writer.insert(entity, [row]);
      else if (kind === 'update') await writer.update(entity, key, changing);
      else await writer.delete(entity, key);
    } catch {
      // It exists, or the table did not answer: an application does something else then, or the same again.
    }
    await scheduler.sleep(process, random.integer(0, 30));
  }
}

/** Posts events until each is acknowledged. @returns their ids */
export async function postEvents(
  process: Process,
  options: {
    readonly scheduler: Scheduler;
    readonly random: Random;
    readonly app: ReturnType<DeployedCode['ingest']['createIngestApp']>;
    readonly startMs: number;
    readonly posts: number;
    readonly acknowledged: (row: SimulatedRow) => void;
  },
): Promise<void> {
  const { scheduler, random, app, startMs } = options;
  for (let count = 0; count < options.posts; count += 1) {
    const events = new Map<string, SimulatedRow>();
    for (let size = random.integer(1, 3); size > 0; size -= 1) {
      const event = eventOf(random.pick(owners), random.integer(1, 40), startMs);
      events.set(idOf(event), event);
    }
    const body = JSON.stringify({ entity: 'event', events: [...events.values()] });
    for (let tries = 0; tries < 20; tries += 1) {
      const response = await app.request('/events', { method: 'POST', body });
      if (response.status === 200) {
        for (const event of events.values()) options.acknowledged(event);
        break;
      }
      if (response.status !== 503 && response.status !== 429)
        throw new Error(`POST /events answered ${response.status}: ${await response.text()}`);
      await scheduler.sleep(process, 1_000 * Number(response.headers.get('retry-after')));
    }
  }
}

/** An event never changes: all of it follows from its key. */
export const eventOf = (owner: string, number: number, startMs: number): SimulatedRow => ({
  owner,
  number,
  place: places[number % places.length] ?? places[0],
  at: new Date(startMs + ((number % 5) - 2) * 18 * 3_600_000).toISOString().replace('Z', '000Z'),
  score: number % 7 === 0 ? null : number,
  large: null,
  note: number % 13 === 0 ? 'refused' : `event ${number}`,
});
