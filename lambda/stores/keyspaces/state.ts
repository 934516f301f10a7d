import { type Catalog, stateColumns } from '../../model/index.ts';
import type { Requests } from './requests.ts';
import { qualified, quote, stateTableOf } from './schema.ts';

/**
 * Texts that are compared and set, under a name and a part of it: what a model knows of its views. They lie in a table
 * of their own, so that conditional writes, which count time by themselves, never meet plain ones.
 */
export interface State {
  /** All parts of a name. */
  read(name: string): Promise<ReadonlyMap<string, string>>;
  /** Sets a text where it is still `before`, or still absent. Whether it was. */
  put(at: StateKey, value: string, before: string | undefined): Promise<boolean>;
  /** Whether nobody else has taken this within so many seconds. */
  claim(name: string, seconds: number): Promise<boolean>;
}

export interface StateKey {
  readonly name: string;
  readonly part: string;
}

export function createState(
  requests: Pick<Requests, 'readAll' | 'compareAndSet'>,
  keyspace: string,
  catalog: Catalog,
): State {
  const table = qualified(keyspace, stateTableOf(catalog));
  const [name, part, value] = [stateColumns.name, stateColumns.part, stateColumns.value].map(quote);
  const insert = `INSERT INTO ${table} (${name}, ${part}, ${value}) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`;
  return {
    async read(of) {
      const rows = await requests.readAll({
        cql: `SELECT ${part}, ${value} FROM ${table} WHERE ${name} = ?`,
        params: [of],
      });
      return new Map(rows.map((row) => [String(row[stateColumns.part]), String(row[stateColumns.value])]));
    },
    put: (at, next, before) =>
      requests.compareAndSet(
        before === undefined
          ? { cql: insert, params: [at.name, at.part, next, 0] }
          : {
              cql: `UPDATE ${table} USING TTL 0 SET ${value} = ? WHERE ${name} = ? AND ${part} = ? IF ${value} = ?`,
              params: [next, at.name, at.part, before],
            },
      ),
    claim: (of, seconds) => requests.compareAndSet({ cql: insert, params: [of, '', 'claimed', seconds] }),
  };
}
