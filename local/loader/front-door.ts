import * as z from 'zod';
import type { Row } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import type { ApiAnswer } from './api-answer.ts';
import type { SendRequest } from './api-requests.ts';
import { renderFlightUpdate, renderInsert, renderStatusLookUp, type Statement } from './statements.ts';
import type { FlightKey, FlightStepKind } from './step.ts';

/** What the loader asks of the API. Every call can be repeated without harm. */
export interface FrontDoor {
  /** All rows in one transaction. `conflict`: at least one exists already and none was inserted. */
  insert(entity: string, rows: readonly Row[]): Promise<'inserted' | 'conflict'>;
  /** False when there is no such flight. */
  updateFlight(flight: FlightKey, set: Row): Promise<boolean>;
  /** The flight's status now; undefined when there is no such flight. */
  statusOf(flight: FlightKey): Promise<FlightStepKind | undefined>;
  /** At most 500 rows of `flight_event` or `weather`; returns when the log has them. */
  postEvents(entity: 'flight_event' | 'weather', events: readonly Row[]): Promise<void>;
}

const written = z.object({ rowCount: z.number() });
const statuses = z.object({
  rows: z.array(z.object({ status: z.enum(['scheduled', 'departed', 'arrived', 'cancelled']) })),
});
const accepted = z.object({ accepted: z.number() });

/** Every method throws PolystoreError with the API's code when it refuses for good; the message shows the command. */
export function createFrontDoor(send: SendRequest): FrontDoor {
  const query = async <T>(shape: z.ZodType<T>, statement: Statement): Promise<T> =>
    expect(shape, await send('/query', statement), statement);
  return {
    insert: async (entity, rows) => {
      const statement = renderInsert(entity, rows);
      const answer = await send('/query', statement);
      if (answer.kind === 'refused' && answer.code === 'conflict') return 'conflict';
      expect(written, answer, statement);
      return 'inserted';
    },
    updateFlight: async (flight, set) => (await query(written, renderFlightUpdate(flight, set))).rowCount > 0,
    statusOf: async (flight) => (await query(statuses, renderStatusLookUp(flight))).rows[0]?.status,
    postEvents: async (entity, events) => {
      const request = { entity, events };
      expect(accepted, await send('/events', request), request);
    },
  };
}

function expect<T>(shape: z.ZodType<T>, answer: ApiAnswer, command: unknown): T {
  const shown = JSON.stringify(command).slice(0, 500);
  if (answer.kind === 'refused') {
    throw new PolystoreError(
      answer.code,
      `The API refused a command of the load: ${answer.message}. The command: ${shown}. The load stops here and goes on from here when it is started again.`,
      { details: { command: shown } },
    );
  }
  const parsed = shape.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new PolystoreError(
    'internal',
    `The API's answer is not of the documented form: ${z.prettifyError(parsed.error)}. The command: ${shown}.`,
    { details: { command: shown } },
  );
}
