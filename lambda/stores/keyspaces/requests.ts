import { setTimeout as sleep } from 'node:timers/promises';
import { PolystoreError } from '../../errors.ts';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { type ConnectionOptions, openSession, type Page, type Session } from './connection.ts';
import { isThrottled, keyspacesError } from './errors.ts';
import { limits } from './limits.ts';
import type { Bound } from './write.ts';

/** The session, connected when it is first needed, behind gates that follow how Keyspaces takes it. */
export interface Requests {
  connect(): Promise<void>;
  readPage(
    statement: Bound,
    page: { readonly size: number; readonly from?: string | undefined },
  ): Promise<Page>;
  /** All rows of a statement. */
  readAll(statement: Bound): Promise<Page['rows']>;
  /** One statement, or an unlogged batch of several of one partition. */
  write(statements: readonly Bound[]): Promise<void>;
  /** Whether a conditional write was applied. */
  compareAndSet(statement: Bound): Promise<boolean>;
  /** A statement that defines something. */
  define(cql: string): Promise<void>;
  close(): Promise<void>;
}

const pageSize = 1000;

/** All methods throw PolystoreError. */
export function createRequests(connection: ConnectionOptions, random: () => number): Requests {
  let opening: Promise<Session> | undefined;
  let closed = false;
  const session = (): Promise<Session> => {
    if (closed)
      return Promise.reject(
        new PolystoreError('store_unavailable', 'The Keyspaces store was closed. Make another one.'),
      );
    opening ??= openSession(connection).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const gateOf = () =>
    createAdaptiveGate({ ceiling: limits.requestsInFlight, attempts: 6, isThrottled, sleep, random });
  // A point read, a batch of 30 rows and a conditional write take times that do not compare.
  const [reads, writes, conditions] = [gateOf(), gateOf(), gateOf()];
  const through = async <T>(gate: typeof reads, call: (open: Session) => Promise<T>): Promise<T> => {
    try {
      return await gate.run(async () => call(await session()));
    } catch (error) {
      throw keyspacesError(error);
    }
  };
  const readPage: Requests['readPage'] = (statement, page) =>
    through(reads, (open) => open.read(statement, page));

  return {
    connect: async () => {
      await session();
    },
    readPage,
    readAll: async (statement) => {
      const rows: Page['rows'][number][] = [];
      for (let from: string | undefined; ; ) {
        const page = await readPage(statement, { size: pageSize, from });
        rows.push(...page.rows);
        if (page.next === undefined) return rows;
        from = page.next;
      }
    },
    write: (statements) => through(writes, (open) => open.write(statements)),
    compareAndSet: (statement) => through(conditions, (open) => open.compareAndSet(statement)),
    define: (cql) => through(conditions, (open) => open.define(cql)),
    close: async () => {
      closed = true;
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}
