import type pg from 'pg';
import type { DeployedCode } from './deployed-code.ts';
import type { Running, Scheduler } from './scheduler.ts';
import { idOf, type SimulatedRow } from './simulated-model.ts';
import type { SimulatedPostgres } from './simulated-postgres.ts';

type RawRow = readonly (string | null)[];

/** A connection that answers what `readTruth` of the Aurora store asks, each question by a snapshot of its own. */
export function openPgClient(
  running: Running,
  options: {
    readonly scheduler: Scheduler;
    readonly postgres: SimulatedPostgres;
    readonly code: DeployedCode;
  },
): pg.PoolClient {
  const { scheduler, postgres, code } = options;
  const failure = () =>
    new code.errors.PolystoreError('store_unavailable', 'PostgreSQL did not answer in time');
  const query = async ({ text, values }: { readonly text: string; readonly values: readonly unknown[] }) => {
    const { label, answer } = understand(text, values);
    const rows = await scheduler.step(running.process, {
      label: `PostgreSQL: ${label}`,
      failure,
      effect: answer,
    });
    return { rows };
  };

  function understand(
    text: string,
    values: readonly unknown[],
  ): { readonly label: string; readonly answer: () => readonly RawRow[] } {
    if (text.includes('pg_current_wal_insert_lsn'))
      return { label: 'where is the WAL', answer: () => [[String(postgres.insertPosition())]] };
    if (text.includes("own.locktype = 'transactionid'")) {
      // A parameter of text[] is a list of texts.
      const among = values[0] as readonly string[] | undefined;
      const answer = () =>
        [...postgres.inFlight()]
          .map(String)
          .filter((id) => among === undefined || among.includes(id))
          .map((id) => [id]);
      return { label: 'who is in flight', answer };
    }
    if (text.includes('_wanted, _count')) return { label: 'a page', answer: () => page(text, values) };
    if (text.includes('unnest(')) {
      // As above: a list for each column of the key.
      const [ownersOf = [], numbersOf = []] = values as readonly (readonly string[])[];
      const ids = ownersOf.map((owner, index) => `${owner}|${numbersOf[index]}`);
      return {
        label: `rows ${ids.join(' ')}`,
        answer: () =>
          ids.flatMap((id) => {
            const row = rendered(postgres.rows().get(id));
            return row === undefined ? [] : [row];
          }),
      };
    }
    if (text.includes('pg_prepared_xacts')) return { label: 'who is it', answer: () => [] };
    throw new Error(`the simulated PostgreSQL does not understand: ${text}`);
  }

  function page(text: string, [owner, number]: readonly unknown[]): readonly RawRow[] {
    const limit = Number(/ limit (\d+)/.exec(text)?.[1]);
    const only = /any\('\{([\d,]*)\}'::bigint/.exec(text)?.[1]?.split(',').map(Number);
    const buckets = Number(/polystore\.bucket\(.*, (\d+)\) = any/.exec(text)?.[1]);
    const isAfter = (row: SimulatedRow): boolean =>
      owner === undefined ||
      row.owner > String(owner) ||
      (row.owner === owner && row.number > Number(number));
    const rows = [...postgres.rows().values()]
      .filter(isAfter)
      .sort((a, b) => (a.owner === b.owner ? a.number - b.number : a.owner < b.owner ? -1 : 1))
      .slice(0, limit);
    return rows.flatMap((row, at) => {
      const wanted = only === undefined || only.includes(code.rowHash.bucketOf(idOf(row), buckets));
      if (!wanted && at < rows.length - 1) return [];
      return [[...(rendered(row) ?? []), wanted ? 't' : 'f', String(rows.length)]];
    });
  }

  // All that `readTruth` uses of a connection.
  return { query } as unknown as pg.PoolClient;
}

/** A row as PostgreSQL writes it, in the order of the entity's columns. */
function rendered(row: SimulatedRow | undefined): RawRow | undefined {
  if (row === undefined) return undefined;
  const { owner, number, place, at, score, large, note } = row;
  const time = at.replace('T', ' ').replace('Z', '+00');
  return [owner, String(number), place, time, score === null ? null : String(score), large, note];
}
