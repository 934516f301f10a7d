import type pg from 'pg';
import pgUtils from 'pg/lib/utils.js';
import { PolystoreError } from '../../errors.ts';
import type { RawRow } from './result.ts';

/** One statement of a batch. */
export interface BatchStatement {
  readonly text: string;
  /** As the driver takes values. */
  readonly params: readonly unknown[];
  /** Rows that are fetched at most, with their columns. @default none: what it answers is dropped */
  readonly fetch?: number;
}

/** What one statement of a batch gave, in PostgreSQL's texts. */
export interface Fetched {
  readonly rows: readonly RawRow[];
  readonly fields: readonly pg.FieldDef[];
  /** Rows that it answered or wrote; of one that was not read to its end, those that were fetched. */
  readonly rowCount: number;
}

/** Called once so many statements of a batch are done; the server is made to say so before it does the next. */
export interface Milestone {
  readonly after: number;
  readonly reached: () => void;
}

/**
 * Sends statements in one packet, by the extended protocol: the server does one after another, and after one that fails
 * none, for they share one sync. What each gave, in their order.
 *
 * @throws pg.DatabaseError of the statement that failed.
 */
export const sendBatch = (
  client: pg.ClientBase,
  statements: readonly BatchStatement[],
  milestone?: Milestone,
): Promise<readonly Fetched[]> =>
  new Promise((resolve, reject) => {
    client.query(new Batch(statements, milestone, { resolve, reject }));
  });

/** What a batch uses of the driver's connection, which its types do not say. */
interface Connection {
  readonly stream: { cork(): void; uncork(): void };
  parse(statement: { readonly text: string }): void;
  bind(to: { readonly values: readonly unknown[] }): void;
  describe(portal: { readonly type: 'P' }): void;
  execute(portal: { readonly rows: number }): void;
  flush(): void;
  sync(): void;
}

/** What the driver's client calls as answers come, in the way of its own `Query`. */
class Batch implements pg.Submittable {
  readonly #statements: readonly BatchStatement[];
  readonly #milestone: Milestone | undefined;
  readonly #settle: Pick<PromiseWithResolvers<readonly Fetched[]>, 'resolve' | 'reject'>;
  readonly #fetched: Fetched[] = [];
  #fields: readonly pg.FieldDef[] = [];
  #rows: RawRow[] = [];

  constructor(
    statements: readonly BatchStatement[],
    milestone: Milestone | undefined,
    settle: Pick<PromiseWithResolvers<readonly Fetched[]>, 'resolve' | 'reject'>,
  ) {
    this.#statements = statements.map(({ params, ...statement }) => ({
      ...statement,
      params: params.map(pgUtils.prepareValue),
    }));
    this.#milestone = milestone;
    this.#settle = settle;
  }

  submit(given: unknown): void {
    // The driver hands over its own connection.
    const connection = given as Connection;
    connection.stream.cork();
    for (const [index, { text, params, fetch }] of this.#statements.entries()) {
      if (index === this.#milestone?.after) connection.flush();
      connection.parse({ text });
      connection.bind({ values: params });
      if (fetch !== undefined) connection.describe({ type: 'P' });
      connection.execute({ rows: fetch ?? 0 });
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    this.#fields = fields;
  }

  handleDataRow({ fields }: { readonly fields: RawRow }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const count = /\d+$/.exec(text);
    this.#end(count === null ? 0 : Number(count[0]));
  }

  /** There are more rows than were to be fetched. */
  handlePortalSuspended(): void {
    this.#end(this.#rows.length);
  }

  handleEmptyQuery(): void {
    this.#end(0);
  }

  handleError(error: Error): void {
    this.#settle.reject(error);
  }

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#fetched);
  }

  #end(rowCount: number): void {
    this.#fetched.push({ rows: this.#rows, fields: this.#fields, rowCount });
    this.#rows = [];
    this.#fields = [];
    if (this.#fetched.length === this.#milestone?.after) this.#milestone.reached();
  }
}

/** @throws PolystoreError `internal` where the driver told of fewer statements than were sent. */
export function fetchedOf(answers: readonly Fetched[], index: number): Fetched {
  const fetched = answers[index];
  if (fetched === undefined)
    throw new PolystoreError('internal', 'PostgreSQL answered fewer statements than it was sent.');
  return fetched;
}
