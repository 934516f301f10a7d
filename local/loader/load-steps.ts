import type { Row } from '../../lambda/change/change.ts';
import { eachInOrder } from './each-in-order.ts';
import type { FrontDoor } from './front-door.ts';
import { inBatches, rowsPerInsert } from './load-reference.ts';
import type { Pace } from './pace.ts';
import { type FlightStep, type Reading, rankOf, type Step } from './step.ts';
import { type Chunk, chunksOf, type Position, stepsAfter } from './timeline.ts';

/** What happened to one step or row, for the summary. */
export type StepOutcome =
  | 'created' // the flight was inserted
  | 'found' // the flight was there already
  | 'updated'
  | 'skipped' // the flight had got that far already
  | 'missing'; // there was no such flight to update

export interface LoadStepsOptions {
  readonly door: FrontDoor;
  /** All steps of the pass, in event-time order. */
  readonly steps: AsyncIterable<Step>;
  /** Steps up to here were done by an earlier run. */
  readonly after: Position | undefined;
  /** @default as fast as it goes */
  readonly pace?: Pace | undefined;
  /** Steps between two checkpoints; at most 500, the API's limit for events in one request. */
  readonly chunkSteps: number;
  readonly concurrency: number;
  readonly onStep: (step: FlightStep, outcome: StepOutcome | 'done before') => void;
  readonly onEvents: (count: number) => void;
  readonly onReading: (reading: Reading, outcome: 'posted' | 'done before') => void;
  /** All steps up to the position are done now. */
  readonly onCheckpoint: (position: Position) => Promise<void>;
}

/**
 * Carries out the steps chunk by chunk: a chunk is complete before the next one begins, so the
 * checkpoint is one position. Two rules make repetition harmless:
 *
 * - Before a row says that a flight got somewhere, the event of it has been posted (and the event of
 *   its creation before anything later). So a row's status proves that the steps up to it, events
 *   included, are done, and they are left out.
 * - A flight that may have got further than this run knows (created before the checkpoint, or found
 *   where it should be created) is looked up before it is first updated, so it never goes back.
 *
 * A reading cannot be looked up; posted again it is the same event under the same key.
 */
export async function loadSteps(options: LoadStepsOptions): Promise<void> {
  const { door, after, concurrency, onStep, onEvents, onReading } = options;
  /** Flights of an earlier run that had steps left; their status is not known to this run. */
  const unsure = new Set<string>();
  /** The rank of the status of flights that were looked up and had got further than `scheduled`. */
  const reached = new Map<string, number>();

  const onDoneBefore = (step: Step): void => {
    if (step.kind === 'reading') {
      onReading(step, 'done before');
      return;
    }
    if (step.isLast) unsure.delete(step.id);
    else unsure.add(step.id);
    onStep(step, 'done before');
  };

  const lookUp = async ({ flight, id }: FlightStep): Promise<'absent' | 'present'> => {
    const status = await door.statusOf(flight);
    if (status === undefined) return 'absent';
    if (rankOf[status] > 0) reached.set(id, rankOf[status]);
    return 'present';
  };

  const isLeft = ({ id, kind }: FlightStep): boolean => rankOf[kind] > (reached.get(id) ?? -1);

  const post = async (steps: readonly FlightStep[]): Promise<void> => {
    if (steps.length === 0) return;
    await door.postEvents(
      'flight_event',
      steps.map(({ event }) => event),
    );
    onEvents(steps.length);
  };

  const insertOne = async (step: FlightStep): Promise<StepOutcome> => {
    if ((await lookUp(step)) === 'present') return 'found';
    if ((await door.insert('flight', [step.set])) === 'inserted') return 'created';
    await lookUp(step); // somebody inserted it in between
    return 'found';
  };

  const create = async (steps: readonly FlightStep[]): Promise<void> => {
    await eachInOrder(inBatches(steps, rowsPerInsert), concurrency, async (batch) => {
      const rows: readonly Row[] = batch.map(({ set }) => set);
      const inserted = (await door.insert('flight', rows)) === 'inserted';
      for (const step of batch) onStep(step, inserted ? 'created' : await insertOne(step));
    });
    await post(steps.filter(isLeft));
  };

  const changeOne = async (step: FlightStep): Promise<void> => {
    if (!isLeft(step)) onStep(step, 'skipped');
    else onStep(step, (await door.updateFlight(step.flight, step.set)) ? 'updated' : 'missing');
  };

  const change = async (steps: readonly FlightStep[]): Promise<void> => {
    const asked = steps.filter(({ id }) => unsure.delete(id)); // deletes, so each flight is asked for once
    await eachInOrder(asked, concurrency, async (step) => void (await lookUp(step)));
    await post(steps.filter(isLeft));
    const latest = new Map<string, Promise<void>>();
    await eachInOrder(steps, concurrency, (step) => {
      // A step waits for the one before it of the same flight, which was started earlier.
      const done = (latest.get(step.id) ?? Promise.resolve()).then(() => changeOne(step));
      latest.set(step.id, done);
      return done;
    });
    for (const { isLast, id } of steps) if (isLast) reached.delete(id);
  };

  const postReadings = async (readings: readonly Reading[]): Promise<void> => {
    if (readings.length === 0) return;
    await door.postEvents(
      'weather',
      readings.map(({ row }) => row),
    );
    for (const reading of readings) onReading(reading, 'posted');
  };

  const carryOut = async ({ kind, flights, readings }: Chunk): Promise<void> => {
    await postReadings(readings);
    await (kind === 'creations' ? create(flights) : change(flights));
  };

  const steps = stepsAfter(options.steps, after, onDoneBefore);
  for await (const chunk of chunksOf(steps, options.chunkSteps, options.pace)) {
    await carryOut(chunk);
    await options.onCheckpoint(chunk.end);
  }
}
