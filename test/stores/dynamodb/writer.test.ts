import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { encodeRow, type Item } from '../../../lambda/stores/dynamodb/item.ts';
import { createWriter } from '../../../lambda/stores/dynamodb/writer.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow } from '../contract-model.ts';

const entity = itemOf(contractCatalog('writer'));
const row = itemRow();

/** Answers each command by its name and counts them. */
function fakeClient(answer: (command: string) => unknown): { client: DynamoDBClient; sent: string[] } {
  const sent: string[] = [];
  const send = async (command: object): Promise<unknown> => {
    sent.push(command.constructor.name);
    return answer(command.constructor.name);
  };
  // The writer calls `send` and nothing else.
  return { client: { send } as unknown as DynamoDBClient, sent };
}

const writerOf = (client: DynamoDBClient) =>
  createWriter({
    client,
    isClosed: () => false,
    tableName: 't',
    clock: () => 0,
    generation: 0,
    random: () => 0,
    requireClock: async () => {},
  });

const lost = (image?: Item): never => {
  throw new ConditionalCheckFailedException({
    $metadata: {},
    message: 'lost',
    ...(image === undefined ? {} : { Item: image }),
  });
};

describe('the DynamoDB writer against other writers', () => {
  test('an update that loses every try is contended, with a bound on the tries', async () => {
    const { client, sent } = fakeClient((command) =>
      command === 'GetItemCommand' ? { Item: encodeRow(entity, row, 5n) } : lost(),
    );

    await expect(writerOf(client).update(entity, keyOfRow(entity, row), { count: 2 })).rejects.toMatchObject({
      code: 'contended',
      retryable: true,
    });

    expect(sent.filter((command) => command === 'PutItemCommand')).toHaveLength(40);
  });

  test('an insert that finds the same item of another entity says so', async () => {
    const other = { ...encodeRow(entity, row, 5n), entity: { S: 'other' } };
    const { client } = fakeClient(() => lost(other));

    await expect(writerOf(client).insert(entity, [row])).rejects.toMatchObject({
      code: 'store_rejected',
      message: expect.stringContaining("'other'"),
    });
  });

  test('a connection that breaks leaves the outcome open and is not tried again', async () => {
    const { client, sent } = fakeClient(() => {
      throw new Error('socket hang up');
    });

    await expect(writerOf(client).insert(entity, [row])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('unknown'),
    });
    expect(sent).toHaveLength(1);
  });
});
