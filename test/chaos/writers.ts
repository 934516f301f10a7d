import { setTimeout as pause } from 'node:timers/promises';
import { readAnswer } from '../../local/loader/api-answer.ts';
import { between, mulberry32 } from '../random.ts';
import type { Ledger, State } from './ledger.ts';

/**
 * Callers that write through the front door, each rows of its own, and note what they were told. Every write
 * of a table gives its row a number that no other write has.
 */

export interface WritersOptions {
  readonly url: string;
  readonly bearer: string;
  readonly ledger: Ledger;
  readonly seed: number;
  /** Of this load; in the keys, so that loads have rows of their own. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** What a load came to. */
export interface WritersReport {
  /** By the path and what was answered: `/query acknowledged`, `/events store_unavailable`, `/query no answer`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Acknowledged writes that contradict what was acknowledged before. */
  readonly contradictions: readonly string[];
}

/** Each caller has so many rows that it changes at random. */
const rowsOfCaller = 20;
const answerTimeoutMs = 40_000;
/** A caller that was refused waits before it goes on. */
const afterRefusalMs = 150;

interface TableRows {
  readonly entity: 'flight' | 'aircraft';
  readonly key: (index: number) => readonly unknown[];
  readonly insert: (key: readonly unknown[], state: number) => Statement;
  readonly update: (key: readonly unknown[], state: number) => Statement;
  readonly remove: (key: readonly unknown[]) => Statement;
}
interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

const flightWhere = 'carrier = $1 and flight_number = $2 and scheduled_at = $3';
const flights = (caller: string): TableRows => ({
  entity: 'flight',
  key: (index) => [caller, 100 + (index % 7), `2013-01-02T12:00:${stamp(index)}Z`],
  insert: (key, state) => ({
    sql: 'insert into flight (carrier, flight_number, scheduled_at, origin, destination, distance_miles, status, tail_number, departure_delay_minutes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    params: [...key, 'EWR', 'SFO', 2565, 'scheduled', 'N00001', state],
  }),
  update: (key, state) => ({
    sql: `update flight set status = 'departed', departure_delay_minutes = $4 where ${flightWhere}`,
    params: [...key, state],
  }),
  remove: (key) => ({ sql: `delete from flight where ${flightWhere}`, params: key }),
});
const aircraft = (caller: string): TableRows => ({
  entity: 'aircraft',
  key: (index) => [`${caller}-${index}`],
  insert: (key, state) => ({
    sql: 'insert into aircraft (tail_number, type, manufacturer, model, engines, seats, engine) values ($1, $2, $3, $4, $5, $6, $7)',
    params: [...key, 'Fixed wing', 'CHAOS', 'K9', 2, state, 'Turbo-fan'],
  }),
  update: (key, state) => ({
    sql: 'update aircraft set seats = $2 where tail_number = $1',
    params: [...key, state],
  }),
  remove: (key) => ({ sql: 'delete from aircraft where tail_number = $1', params: key }),
});

/** Seconds and microseconds that differ for each index. */
function stamp(index: number): string {
  return `${String(index % 60).padStart(2, '0')}.${String(index).padStart(6, '0')}`;
}

/** Writes until the signal aborts; what is under way then is waited for. */
export async function runWriters(options: WritersOptions): Promise<WritersReport> {
  const { ledger, name, signal } = options;
  const answers: Record<string, number> = {};
  const contradictions: string[] = [];
  let stateOfWrite = 0;

  /** The body of an acknowledgement, or undefined for everything else. */
  const send = async (path: '/query' | '/events', body: unknown): Promise<unknown> => {
    const note = (answer: string): void => {
      const key = `${path} ${answer}`;
      answers[key] = (answers[key] ?? 0) + 1;
    };
    try {
      const response = await fetch(`${options.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${options.bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      const answer = readAnswer(response.status, await response.text());
      note(answer.kind === 'answered' ? 'acknowledged' : answer.code);
      return answer.kind === 'answered' ? answer.body : undefined;
    } catch {
      note('no answer');
      return undefined;
    }
  };

  const write = async (id: string, statement: Statement, state: State): Promise<boolean> => {
    const body = await send('/query', statement);
    if (body === undefined) {
      ledger.doubt(id, state);
      await pause(afterRefusalMs);
      return false;
    }
    // Every answer of POST /query to a write has it.
    const { rowCount } = body as { readonly rowCount: number };
    if (rowCount !== 1)
      contradictions.push(
        `${id} was ${ledger.possible(id).join(' or ')}, and ${statement.sql} found ${rowCount} rows`,
      );
    ledger.acknowledge(id, state);
    return true;
  };

  const tableCaller = async (table: TableRows, seed: number): Promise<void> => {
    const random = mulberry32(seed);
    const alive: (readonly unknown[])[] = [];
    const idOf = (key: readonly unknown[]): string => `${table.entity} ${key.join('|')}`;
    for (let index = 0; !signal.aborted; ) {
      const at = between(random, 0, rowsOfCaller - 1);
      const key = alive[at];
      stateOfWrite += 1;
      if (key === undefined) {
        const fresh = table.key(index);
        index += 1;
        if (await write(idOf(fresh), table.insert(fresh, stateOfWrite), stateOfWrite)) alive.push(fresh);
        continue;
      }
      const isDelete = random() < 0.1;
      const written = isDelete
        ? await write(idOf(key), table.remove(key), 'absent')
        : await write(idOf(key), table.update(key, stateOfWrite), stateOfWrite);
      // What is in doubt is left alone: the write may still be on its way.
      if (isDelete || !written) alive.splice(at, 1);
    }
  };

  const eventCaller = async (carrier: string, seed: number): Promise<void> => {
    const random = mulberry32(seed);
    for (let index = 0; !signal.aborted; ) {
      const batch = Array.from({ length: between(random, 1, 8) }, () => {
        index += 1;
        return {
          carrier,
          flight_number: 100 + (index % 5),
          event_id: `${name}-${index}`,
          at: `2013-01-02T13:00:${stamp(index)}Z`,
          kind: 'departed',
          scheduled_at: '2013-01-02T12:00:00.000000Z',
          tail_number: 'N00001',
          origin: 'EWR',
          destination: 'SFO',
          delay_minutes: index % 90,
        };
      });
      const ids = batch.map((event) => `flight_event ${carrier}|${event.flight_number}|${event.event_id}`);
      // Events have ids, so one whose answer was lost is sent again until it is acknowledged.
      while (
        !signal.aborted &&
        (await send('/events', { entity: 'flight_event', events: batch })) === undefined
      ) {
        for (const id of ids) ledger.doubt(id, 1);
        await pause(afterRefusalMs);
      }
      if (!signal.aborted) for (const id of ids) ledger.acknowledge(id, 1);
      else for (const id of ids) if (!ledger.possible(id).includes(1)) ledger.doubt(id, 1);
    }
  };

  await Promise.all([
    ...[0, 1, 2].map((at) => tableCaller(flights(`Q${name}${at}`), options.seed * 100 + at)),
    ...[0, 1].map((at) => tableCaller(aircraft(`Q${name}${at}`), options.seed * 100 + 10 + at)),
    ...[0, 1].map((at) => eventCaller(`Q${name}${at}`, options.seed * 100 + 20 + at)),
  ]);
  return { answers, contradictions };
}
