import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { encodeRow, type Item } from '../../../lambda/stores/dynamodb/item.ts';
import { createWriter } from '../../../lambda/stores/dynamodb/writer.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow } from '../contract-model.ts';
import { rowWriter } from '../row-writer.ts';

const entity = itemOf(contractCatalog('writer'));
const row = itemRow();

/** Answers each command by its name and counts them. */
function fakeClient(answer: (command: string) => unknown) {
  const sent: string[] = [];
  const requests: { readonly input: object }[] = [];
  const send = async (command: { readonly input: object }): Promise<unknown> => {
    sent.push(command.constructor.name);
    requests.push(command);
    return answer(command.constructor.name);
  };
  // The writer calls `send` and nothing else.
  return { client: { send } as unknown as DynamoDBClient, sent, requests };
}

const writerOf = (client: DynamoDBClient) => {
  let tokens = 0;
  return rowWriter(
    createWriter({
      client,
      isClosed: () => false,
      tableName: 't',
      clock: () => 0,
      generation: 0,
      random: () => 0,
      newToken: () => {
        tokens += 1;
        return `token ${tokens}`;
      },
      requireClock: async () => {},
    }),
  );
};

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

  describe('of several rows', () => {
    const rows = [row, itemRow({ number: '2' })];
    const hungUp = (): never => {
      throw new Error('socket hang up');
    };
    const cancelledBy = (...codes: string[]): never => {
      throw new TransactionCanceledException({
        $metadata: {},
        message: 'cancelled',
        CancellationReasons: codes.map((Code) => ({ Code })),
      });
    };

    test('whose answer is lost is sent again as the same, until the answer is clear', async () => {
      const answers = [hungUp, () => cancelledBy('TransactionConflict', 'None'), () => ({})];
      const { client, requests } = fakeClient(() => answers.shift()?.());

      const written = await writerOf(client).insert(entity, rows);

      expect(written).toHaveLength(2);
      expect(requests.map(({ input }) => input)).toEqual(Array(3).fill(requests[0]?.input));
    });

    test('whose answer is lost and that then fails a condition was not done, and is done anew', async () => {
      const answers = [hungUp, () => cancelledBy('ConditionalCheckFailed', 'None'), () => ({})];
      const { client, requests } = fakeClient(() => answers.shift()?.());

      await writerOf(client).insert(entity, rows);

      const tokens = requests.map(
        ({ input }) => (input as { ClientRequestToken?: string }).ClientRequestToken,
      );
      expect(tokens).toEqual(['token 1', 'token 1', 'token 2']);
    });

    test('whose every answer is lost has an unknown outcome', async () => {
      const { client, sent } = fakeClient(hungUp);

      await expect(writerOf(client).insert(entity, rows)).rejects.toMatchObject({
        code: 'store_unavailable',
        message: expect.stringContaining('whole or not at all'),
      });
      expect(sent).toHaveLength(5);
    });
  });
});
