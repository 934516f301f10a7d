import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { Image } from '../../lambda/stores/dynamodb/item.ts';
import type { ServiceClock } from '../../lambda/stores/dynamodb/service-clock.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import type { Running, Scheduler } from './scheduler.ts';

/** A table with its stream: conditional writes one at a time, a stream record each, shards that split. */
export interface SimulatedDynamodb {
  /** The client, as a process holds it: requests fail as the network does, conditions as DynamoDB's do. */
  open(running: Running, heard?: (answer: Parameters<ServiceClock['note']>[0]) => void): DynamoDBClient;
  items(): ReadonlyMap<string, Image>;
  /** When an item was last written, by the service's clock; milliseconds since the epoch. */
  writtenAt(id: string): number;
  /** The shards of the stream, oldest first. A child is read when its parent has been. */
  readonly shards: readonly Shard[];
  /** Closes a shard; what was written to it is written to a child from here on. */
  split(index: number): void;
  /** The state right now, to go back to: in a table of its own, with a stream of its own. */
  backUp(): () => void;
  /** Somebody removes an item without a word. */
  removeItem(id: string): void;
  /** What DynamoDB does with items whose `ttl` has passed. */
  expireItems(): void;
}
export interface Shard {
  readonly records: readonly StreamRecord[];
  readonly parent: Shard | undefined;
  closed: boolean;
}

/**
 * How far a version may be ahead of the service, in milliseconds: a clock by a second, and another in which one answer
 * cannot tell (`service-clock.ts`).
 */
const mostAheadMs = 2_100;

/** @param report whatever DESIGN §4 forbids */
export function createSimulatedDynamodb(
  scheduler: Scheduler,
  firstShards: number,
  report: (problem: string) => void,
): SimulatedDynamodb {
  const items = new Map<string, Image>();
  const writtenMs = new Map<string, number>();
  type Open = Shard & { readonly records: StreamRecord[] };
  const shards: Open[] = Array.from({ length: firstShards }, () => ({
    records: [],
    parent: undefined,
    closed: false,
  }));
  /** Which shard takes a hash of keys now. */
  const serving = [...shards];
  let sequence = 0;

  const put = (id: string, image: Image | undefined): void => {
    const before = items.get(id);
    if (image === undefined) items.delete(id);
    else items.set(id, image);
    writtenMs.set(id, scheduler.now());
    sequence += 1;
    const known = image ?? before;
    const eventName = image === undefined ? 'REMOVE' : before === undefined ? 'INSERT' : 'MODIFY';
    serving[hashOf(id) % serving.length]?.records.push({
      eventName,
      dynamodb: {
        ...(known?.pk && known.sk && { Keys: { pk: known.pk, sk: known.sk } }),
        ...(image && { NewImage: image }),
        ...(before && { OldImage: before }),
        SequenceNumber: String(sequence),
        ApproximateCreationDateTime: Math.floor(scheduler.now() / 1000),
      },
    });
  };
  const idOfItem = (item: Image): string => `${item.pk?.S}|${item.sk?.S}`;

  function putItem({ Item, ...condition }: PutItemCommandInput): object {
    // The codec writes only attributes of the types that images have.
    const item = Item as Image;
    const before = items.get(idOfItem(item));
    if (!holds(condition, before))
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        ...(before &&
          condition.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && { Item: { ...before } as never }),
      });
    const aheadMs = Number(item.version?.N) / 1000 - scheduler.now();
    if (aheadMs > mostAheadMs)
      report(
        `${idOfItem(item)} is written ${aheadMs} ms ahead of its time, and hides what others write until then`,
      );
    put(idOfItem(item), item);
    return {};
  }

  /** One page of a segment, in the order of primary keys. */
  function scan({ input }: ScanCommand): object {
    const after =
      input.ExclusiveStartKey === undefined ? undefined : idOfItem(input.ExclusiveStartKey as Image);
    const rest = [...items]
      .filter(([id]) => hashOf(id) % (input.TotalSegments ?? 1) === (input.Segment ?? 0))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([id]) => after === undefined || id > after);
    const page = rest.slice(0, input.Limit ?? rest.length);
    const [, last] = page.at(-1) ?? [];
    const entities = Object.values(input.ExpressionAttributeValues ?? {}).map(({ S }) => S);
    return {
      Items: page.flatMap(([, item]) => (entities.includes(item.entity?.S) ? [item] : [])),
      ...(rest.length > page.length && last && { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }),
    };
  }

  return {
    items: () => items,
    writtenAt: (id) => writtenMs.get(id) ?? 0,
    shards,
    open: (running, heard) => {
      const send = async (command: unknown): Promise<unknown> => {
        const sentMs = scheduler.now() + running.process.skewMs;
        const answer = await ask(command);
        // Every answer has the time of the service, in whole seconds.
        const date = new Date(scheduler.now()).toUTCString();
        heard?.({ sentMs, receivedMs: scheduler.now() + running.process.skewMs, date });
        return answer;
      };
      const ask = (command: unknown): Promise<unknown> => {
        const failure = () => Object.assign(new Error('the request timed out'), { name: 'TimeoutError' });
        if (command instanceof GetItemCommand) {
          // As above.
          const id = idOfItem(command.input.Key as Image);
          return scheduler.step(running.process, {
            label: `reads ${id}`,
            failure,
            effect: () => ({ Item: items.get(id) }),
          });
        }
        if (command instanceof PutItemCommand) {
          const { input } = command;
          const label = `puts ${idOfItem(input.Item as Image)} at ${input.Item?.version?.N}`;
          return scheduler.step(running.process, { label, failure, effect: () => putItem(input) });
        }
        if (command instanceof BatchGetItemCommand) {
          const { RequestItems = {} } = command.input;
          // As above.
          const ids = Object.values(RequestItems).flatMap(({ Keys = [] }) =>
            Keys.map((key) => idOfItem(key as Image)),
          );
          const effect = () => ({ Responses: { simulated: ids.flatMap((id) => items.get(id) ?? []) } });
          return scheduler.step(running.process, { label: `reads ${ids.join(' ')}`, failure, effect });
        }
        if (command instanceof ScanCommand)
          return scheduler.step(running.process, {
            label: 'scans items',
            failure,
            effect: () => scan(command),
          });
        throw new Error(`the simulated DynamoDB has no ${command?.constructor.name}: add it`);
      };
      // All that the code under test uses of the client.
      return { send } as unknown as DynamoDBClient;
    },
    split: (index) => {
      const parent = serving[index % serving.length];
      if (parent === undefined) return;
      parent.closed = true;
      const child: Open = { records: [], parent, closed: false };
      shards.push(child);
      serving[index % serving.length] = child;
    },
    backUp: () => {
      const kept = new Map(items);
      return () => {
        items.clear();
        for (const [id, item] of kept) items.set(id, item);
        for (const shard of shards) shard.closed = true;
        for (const [index] of serving.entries()) {
          const fresh: Open = { records: [], parent: undefined, closed: false };
          shards.push(fresh);
          serving[index] = fresh;
        }
      };
    },
    removeItem: (id) => put(id, undefined),
    expireItems: () => {
      for (const [id, item] of items)
        if (item.ttl?.N !== undefined && Number(item.ttl.N) * 1000 <= scheduler.now()) put(id, undefined);
    },
  };
}

/** The conditions that Polystore's writes have, each by its own text. */
function holds(condition: Omit<PutItemCommandInput, 'Item'>, before: Image | undefined): boolean {
  const values = condition.ExpressionAttributeValues ?? {};
  const version = before?.version?.N;
  switch (condition.ConditionExpression) {
    case undefined:
      return true;
    case 'attribute_not_exists(#pk)':
      return before === undefined;
    case '#version = :old':
      return version !== undefined && version === values[':old']?.N;
    case 'attribute_not_exists(#pk) OR #version < :version':
      return (
        before === undefined ||
        (version !== undefined && BigInt(version) < BigInt(values[':version']?.N ?? 0))
      );
    default:
      throw new Error(
        `the simulated DynamoDB does not know the condition ${condition.ConditionExpression}: add it`,
      );
  }
}

const hashOf = (text: string): number =>
  [...text].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7);
