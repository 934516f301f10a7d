import {
  BatchExecuteStatementCommand,
  type BatchStatementError,
  type BatchStatementRequest,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../../lambda/change/change.ts';
import { createApplyBatches } from '../../../lambda/stores/dynamodb/apply-batches.ts';
import { encodeRow } from '../../../lambda/stores/dynamodb/item.ts';
import { contractCatalog, itemOf, itemRow, upsert } from '../contract-model.ts';

const entity = itemOf(contractCatalog('batches'));
const write = (number: number, columns: Parameters<typeof itemRow>[0] = {}) => {
  const row = itemRow({ number: String(number), ...columns });
  const change: Change = upsert(entity, row, 5);
  return { change, item: encodeRow(entity, row, 5n) };
};

type Answer = Pick<BatchStatementError, 'Code' | 'Message' | 'Item'> | undefined;
const failed = (Code: NonNullable<BatchStatementError['Code']>, rest: Partial<BatchStatementError> = {}) => ({
  Code,
  Message: `a ${Code} of the test`,
  ...rest,
});

/** Answers each statement as it is told, and notes batches (as the verb of their statements) and single puts. */
function scripted(answer: (statement: string, index: number, batch: number) => Answer) {
  const batches: string[][] = [];
  const puts: string[] = [];
  const client = {
    send: async (command: unknown) => {
      if (command instanceof PutItemCommand) {
        puts.push(command.input.Item?.sk?.S ?? '');
        return {};
      }
      if (!(command instanceof BatchExecuteStatementCommand)) throw new TypeError('the test knows no other');
      const statements: readonly BatchStatementRequest[] = command.input.Statements ?? [];
      const batch = batches.length;
      batches.push(statements.map(({ Statement = '' }) => Statement.split(' ')[0] ?? ''));
      return {
        Responses: statements.map(({ Statement = '' }, index) => {
          const error = answer(Statement, index, batch);
          return error === undefined ? {} : { Error: error };
        }),
      };
    },
  };
  // Of the client nothing else is used.
  const apply = createApplyBatches({
    client: client as unknown as DynamoDBClient,
    tableName: 'items',
    random: () => 0,
  });
  return { apply, batches, puts };
}

const there = { version: { N: '9' } };
const inserts = (statement: string): boolean => statement.startsWith('INSERT');

describe('a batch', () => {
  test('has at most 25 statements, and outcomes in the order of the writes', async () => {
    const { apply, batches } = scripted((_, index, batch) =>
      batch === 1 && index === 3
        ? failed('ValidationError', { Message: 'Item size has exceeded' })
        : undefined,
    );

    const outcomes = await apply(
      entity,
      Array.from({ length: 60 }, (_, number) => write(number)),
    );

    expect(batches.map(({ length }) => length)).toEqual([25, 25, 10]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 60 }, (_, at) => (at === 28 ? 'rejected' : 'applied')),
    );
  });

  test('of writes that meet rows goes again as updates, and a higher version there is stale', async () => {
    const { apply, batches } = scripted((statement, index) => {
      if (inserts(statement)) return failed('DuplicateItem');
      return index === 1 ? failed('ConditionalCheckFailed', { Item: there }) : undefined;
    });

    const outcomes = await apply(entity, [write(1), write(2), write(3)]);

    expect(batches).toEqual([Array(3).fill('INSERT'), Array(3).fill('UPDATE')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'stale', 'applied']);
  });

  test('expects what most of the last one met', async () => {
    let present = true;
    const { apply, batches } = scripted((statement) => {
      if (inserts(statement)) return present ? failed('DuplicateItem') : undefined;
      return present ? undefined : failed('ConditionalCheckFailed');
    });
    const verbs = (): readonly string[] => batches.splice(0).map(([first]) => first ?? '');

    await apply(entity, [write(1), write(2)]);
    const first = verbs();
    await apply(entity, [write(1), write(2)]);
    const second = verbs();
    present = false;
    await apply(entity, [write(3), write(4)]);
    const third = verbs();
    await apply(entity, [write(5), write(6)]);

    expect([first, second, third, verbs()]).toEqual([
      ['INSERT', 'UPDATE'],
      ['UPDATE'],
      ['UPDATE', 'INSERT'],
      ['INSERT'],
    ]);
  });

  test('sends throttled statements again, and these alone', async () => {
    const { apply, batches } = scripted((_, index, batch) =>
      batch < 2 && index === 0 ? failed(batch === 0 ? 'ThrottlingError' : 'TransactionConflict') : undefined,
    );

    const outcomes = await apply(entity, [write(1), write(2), write(3)]);

    expect(batches.map(({ length }) => length)).toEqual([3, 1, 1]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied']);
  });

  test('that is throttled for good is an error that can be tried again', async () => {
    const { apply, batches } = scripted(() => failed('ProvisionedThroughputExceeded'));

    await expect(apply(entity, [write(1)])).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: true,
      message: expect.stringContaining('ProvisionedThroughputExceeded'),
    });
    expect(batches).toHaveLength(10);
  });

  test('that meets a row now and none then ends', async () => {
    const { apply } = scripted((statement) =>
      inserts(statement) ? failed('DuplicateItem') : failed('ConditionalCheckFailed'),
    );

    await expect(apply(entity, [write(1)])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('comes and goes'),
    });
  });

  test('that may not be sent is an error and no dead letter', async () => {
    const { apply } = scripted(() => failed('AccessDenied'));

    await expect(apply(entity, [write(1)])).rejects.toMatchObject({
      code: 'store_rejected',
      retryable: false,
    });
  });

  test('that is malformed as a whole is told apart, row by row', async () => {
    const client = {
      send: async (command: unknown) => {
        const is = { $metadata: {}, message: 'a refusal of the test' };
        if (!(command instanceof PutItemCommand))
          throw new DynamoDBServiceException({ ...is, name: 'ValidationException', $fault: 'client' });
        const sk = command.input.Item?.sk?.S ?? '';
        if (sk.startsWith('N#2#')) throw new ConditionalCheckFailedException(is);
        if (sk.startsWith('N#3#'))
          throw new DynamoDBServiceException({
            ...is,
            message: 'One or more parameter values are not valid: an empty key',
            name: 'ValidationException',
            $fault: 'client',
          });
        return {};
      },
    };
    // Of the client nothing else is used.
    const apply = createApplyBatches({
      client: client as unknown as DynamoDBClient,
      tableName: 'items',
      random: () => 0,
    });

    const outcomes = await apply(entity, [write(1), write(2), write(3)]);

    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'stale', 'rejected']);
  });
});

describe('a statement', () => {
  test('that would be longer than DynamoDB takes is a put', async () => {
    const many = {
      ...entity,
      columns: [
        ...entity.columns,
        ...Array.from({ length: 500 }, (_, at) => ({
          ...{ name: `a_column_${at}`, field: `aColumn${at}`, optional: true, immutable: false },
          type: { kind: 'integer' } as const,
        })),
      ],
    };
    const row = itemRow(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`a_column_${at}`, at])));
    const { apply, batches, puts } = scripted(() => undefined);

    const outcomes = await apply(many, [
      { change: upsert(many, row, 5), item: encodeRow(many, row, 5n) },
      write(2),
    ]);

    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'applied']);
    expect({ batches, puts: puts.length }).toEqual({ batches: [], puts: 2 });
  });
});
