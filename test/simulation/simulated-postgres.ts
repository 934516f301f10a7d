import { idOf, type SimulatedRow } from './simulated-model.ts';

/** A table in a PostgreSQL with its write-ahead log: what of it decides about order and visibility. */
export interface SimulatedPostgres {
  begin(): Transaction;
  /** Rows that are committed and visible. */
  rows(): ReadonlyMap<string, SimulatedRow>;
  /** Where the next record of the WAL may start. */
  insertPosition(): bigint;
  /** Transactions that are not visible yet, those whose commit is in the WAL already among them. */
  inFlight(): ReadonlySet<number>;
  /** Transactions in the order in which their commits lie in the WAL: what logical decoding gives. */
  readonly committed: readonly Committed[];
  /** The state right now, to go back to. */
  backUp(): () => void;
}

export interface WalRecord {
  /** Where the record starts: row locks make it rise in commit order for any one key, and for no more. */
  readonly lsn: bigint;
  readonly before: SimulatedRow | undefined;
  readonly after: SimulatedRow | undefined;
}
export interface Committed {
  /** Where the record of the commit starts. */
  readonly lsn: bigint;
  readonly transaction: number;
  readonly records: readonly WalRecord[];
}
export interface Transaction {
  readonly id: number;
  /** Whether the lock on a row was free, or this transaction's already. */
  lock(id: string): boolean;
  /** What this transaction sees of a row that it has locked. */
  read(id: string): SimulatedRow | undefined;
  insert(row: SimulatedRow): void;
  update(row: SimulatedRow): void;
  delete(id: string): void;
  /** The commit's record in the WAL: logical decoding may see the changes before readers do. */
  writeCommit(): void;
  /** Now readers see it, and its locks are free. */
  becomeVisible(): void;
  rollBack(): void;
}

/** WAL records start at multiples of 8 bytes. */
const alignment = 8n;

export function createSimulatedPostgres(firstLsn: bigint): SimulatedPostgres {
  let rows = new Map<string, SimulatedRow>();
  let position = firstLsn;
  let lastTransaction = 0;
  const committed: Committed[] = [];
  const locks = new Map<string, number>();
  const inFlight = new Set<number>();
  const advance = (records: bigint): bigint => {
    const at = position;
    position += alignment * records;
    return at;
  };

  function begin(): Transaction {
    lastTransaction += 1;
    const id = lastTransaction;
    const records: WalRecord[] = [];
    const own = new Map<string, SimulatedRow | undefined>();
    const read = (row: string) => (own.has(row) ? own.get(row) : rows.get(row));
    const write = (key: string, after: SimulatedRow | undefined): void => {
      // A transaction gets its number with its first record.
      inFlight.add(id);
      records.push({ lsn: advance(1n), before: read(key), after });
      own.set(key, after);
    };
    const end = (): void => {
      inFlight.delete(id);
      for (const [key, holder] of locks) if (holder === id) locks.delete(key);
    };
    return {
      id,
      lock: (key) => {
        const holder = locks.get(key) ?? id;
        if (holder === id) locks.set(key, id);
        return holder === id;
      },
      read,
      insert: (row) => write(idOf(row), row),
      update: (row) => write(idOf(row), row),
      delete: (key) => write(key, undefined),
      writeCommit: () => {
        if (records.length === 0) return;
        committed.push({ lsn: advance(1n), transaction: id, records });
      },
      becomeVisible: () => {
        for (const [key, row] of own) {
          if (row === undefined) rows.delete(key);
          else rows.set(key, row);
        }
        end();
      },
      rollBack: end,
    };
  }

  return {
    begin,
    rows: () => rows,
    insertPosition: () => position,
    inFlight: () => new Set(inFlight),
    committed,
    backUp: () => {
      const kept = new Map(rows);
      const keptPosition = position;
      return () => {
        rows = new Map(kept);
        position = keptPosition;
        locks.clear();
        inFlight.clear();
        committed.length = 0;
      };
    },
  };
}
