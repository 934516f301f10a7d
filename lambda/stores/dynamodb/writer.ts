import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Row } from '../../change/change.ts';
import { createVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { contended } from '../source-write.ts';
import type { Clock, SourceWriter } from '../store.ts';
import {
  type Outcome,
  parseStatements,
  runStatements,
  type TouchedRow,
  touchedRows,
  writtenBy,
} from '../working-rows.ts';
import { dynamodbError, isThrottled } from './errors.ts';
import {
  type DecodedItem,
  decodeItemOf,
  encodeItemKey,
  encodeRow,
  encodeTombstone,
  type Image,
} from './item.ts';
import { getImages, itemText } from './items.ts';
import { type Action, sendActions } from './send-actions.ts';
import type { ServiceClock } from './service-clock.ts';

export interface WriterContext {
  /** Sends once: a write that was sent twice could lose against itself. */
  readonly client: DynamoDBClient;
  readonly isClosed: () => boolean;
  readonly tableName: string;
  readonly clock: Clock;
  readonly generation: number;
  /** Refuses to go on by a clock that is off; asks the service first if nothing was heard of it lately. */
  readonly requireClock: ServiceClock['require'];
  /** Spreads the tries of writers that meet: 0 to 1. */
  readonly random: () => number;
  /** By which DynamoDB knows a transaction again that is sent twice; another each time. */
  readonly newToken: () => string;
}

/**
 * How often a write is tried against other writers of the same row: a dozen that never pause all get
 * through, and it ends within some seven seconds.
 */
const writeAttempts = 40;

/** What lies under a key, by the id of its row; undefined: nothing. */
type Held = ReadonlyMap<string, DecodedItem | undefined>;

/**
 * Writes on condition: rows are read, statements are run on them here, and what comes of it is written if all that was
 * read is still so; else all of it is done again. So a transaction is as if it ran alone, and a row's version is what its
 * condition is about (DESIGN §4).
 */
export function createWriter(context: WriterContext): SourceWriter {
  const { client, tableName, clock, generation, random, requireClock } = context;
  /** Later than the old version, and no earlier than the clock: microseconds. */
  const nextPosition = (old: bigint | undefined): bigint => {
    const now = BigInt(Math.trunc(clock())) * 1000n;
    return old === undefined || now > old ? now : old + 1n;
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (context.isClosed())
      throw new PolystoreError('store_unavailable', 'The DynamoDB store was closed. Make another one.');
    try {
      return await work();
    } catch (error) {
      throw dynamodbError(error);
    }
  };
  const readItem = async ({ entity, key }: TouchedRow): Promise<DecodedItem | undefined> => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: encodeItemKey(entity, key), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : ownItem(entity, Item);
  };
  const readItems = async (touched: readonly TouchedRow[]): Promise<Held> => {
    const [only] = touched;
    if (only === undefined) return new Map();
    if (touched.length === 1) return new Map([[only.id, await readItem(only)]]);
    const items = new Map<string, Image>();
    for (const entity of new Set(touched.map((row) => row.entity))) {
      const keys = touched.filter((row) => row.entity === entity).map(({ key }) => key);
      for (const image of await getImages(client, { tableName, entity, keys }))
        items.set(itemText(image), image);
    }
    return new Map(
      touched.map(({ id, entity, key }) => {
        const image = items.get(itemText(encodeItemKey(entity, key)));
        return [id, image === undefined ? undefined : ownItem(entity, image)];
      }),
    );
  };

  /** What has to be written, and of what is only read that it has not changed. */
  const planActions = (touched: readonly TouchedRow[], held: Held, { written }: Outcome) => {
    const versions = new Map<string, Version>();
    const actions = touched.map(({ id, entity, key }): Action => {
      const old = held.get(id)?.position;
      const change = written.get(id);
      if (change === undefined) return { kind: 'check', key: encodeItemKey(entity, key), old };
      const position = nextPosition(old);
      versions.set(id, createVersion(generation, position));
      const { row, last } = change;
      const item =
        row === undefined
          ? encodeTombstone(entity, last, position, clock())
          : encodeRow(entity, row, position);
      return { kind: 'put', item, old };
    });
    return { actions, versions };
  };

  return {
    transact: (input) =>
      run(async () => {
        const statements = parseStatements(input);
        const touched = touchedRows(statements);
        const [first] = touched;
        if (first === undefined) return runStatements(statements, () => undefined).steps.map(() => []);
        /** What was found where rows were to be inserted, which are not read before. */
        const found = new Map<string, DecodedItem | undefined>();
        let met = first;
        for (let attempt = 1; attempt <= writeAttempts; attempt += 1) {
          // An insert that has met a row ends here: nothing is to be waited for.
          const isTaken = [...found.values()].some((item) => item?.kind === 'row');
          if (attempt > 1 && !isTaken) await backOff(attempt - 1, random);
          // Read after the wait, not taken from the lost try: the shorter before the write, the likelier it holds.
          const read = await withoutThrottling(() => readItems(touched.filter(({ inserted }) => !inserted)));
          if (read === 'again') continue;
          const held: Held = new Map([...read, ...found]);
          const outcome = runStatements(statements, (id) => rowOf(held.get(id)));
          // One row that was read, and is left as it is, was so when it was read.
          if (outcome.written.size === 0 && touched.length === 1) return outcome.steps.map(() => []);
          await requireClock(() => readItem(first));
          const { actions, versions } = planActions(touched, held, outcome);
          const sent = await sendActions(client, actions, { tableName, token: context.newToken(), random });
          if (sent.kind === 'written') return writtenBy(outcome.steps, versions);
          for (const { index, image } of sent.failed) {
            const lost = touched[index];
            if (lost === undefined) continue;
            met = lost;
            if (lost.inserted)
              found.set(lost.id, image === undefined ? undefined : ownItem(lost.entity, image));
          }
        }
        throw contended(met.entity, met.key, writeAttempts);
      }),
  };
}

const rowOf = (item: DecodedItem | undefined): Row | undefined =>
  item?.kind === 'row' ? item.row : undefined;

/** @throws `store_rejected` when the primary key holds an item of another entity. */
function ownItem(entity: CatalogEntity, image: Image): DecodedItem {
  if (image.entity?.S === entity.name) return decodeItemOf(entity, image);
  throw new PolystoreError(
    'store_rejected',
    `The item ${image.pk?.S} / ${image.sk?.S} is of '${image.entity?.S}' and stands where a row of ${entity.name} belongs; give the entities' key templates different texts`,
  );
}

async function withoutThrottling<T>(work: () => Promise<T>): Promise<T | 'again'> {
  try {
    return await work();
  } catch (error) {
    if (isThrottled(error)) return 'again';
    throw error;
  }
}
