import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DeleteItemCommandInput,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Running, Scheduler } from './scheduler.ts';

type Item = Record<string, AttributeValue>;

/** The table of dead letters: what the deployed code sends to it, and no more. */
export interface SimulatedLetters {
  open(running: Running): DynamoDBClient;
  /** Letters that are open. */
  letters(): readonly OpenLetter[];
  /** Jobs that are kept beside them, as JSON. */
  jobs(): readonly string[];
}
export interface OpenLetter {
  /** `redis`, `aurora` or `capture`. */
  readonly store: string;
  readonly scope: string;
  readonly key: string | undefined;
  readonly version: string | undefined;
  /** topic/partition/offset */
  readonly place: string;
}

export function createSimulatedLetters(scheduler: Scheduler): SimulatedLetters {
  const items = new Map<string, Item>();
  /** What `letters` answers, read from each item when it is kept. */
  const open = new Map<string, OpenLetter>();
  const idOf = (key: Item): string => JSON.stringify([key.pk?.S, key.sk?.S]);
  const keep = (item: Item): void => {
    const id = idOf(item);
    items.set(id, item);
    const letter = openLetterOf(item);
    if (letter === undefined) open.delete(id);
    else open.set(id, letter);
  };

  function update(input: UpdateItemCommandInput): object {
    const key = input.Key ?? {};
    const old = items.get(idOf(key));
    if (input.ConditionExpression === 'attribute_exists(pk)' && old === undefined)
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    const item: Item = { ...old, ...key };
    const nameOf = (name: string): string => input.ExpressionAttributeNames?.[name] ?? name;
    const value = (name: string): AttributeValue => input.ExpressionAttributeValues?.[name] ?? { NULL: true };
    const [, sets = '', adds = ''] = /^SET (.*) ADD (.*)$/.exec(input.UpdateExpression ?? '') ?? [];
    for (const [, target = '', once, named = ''] of sets.matchAll(
      /([#\w]+) = (?:(if_not_exists)\([#\w]+, )?(:\w+)/g,
    )) {
      const name = nameOf(target);
      if (once === undefined || item[name] === undefined) item[name] = value(named);
    }
    const [counter = '', by = ''] = adds.split(' ');
    item[nameOf(counter)] = { N: String(Number(item[nameOf(counter)]?.N ?? 0) + Number(value(by).N)) };
    keep(item);
    return {};
  }

  function query({ input }: QueryCommand): object {
    const pk = input.ExpressionAttributeValues?.[':pk']?.S;
    const prefix = input.ExpressionAttributeValues?.[':prefix']?.S ?? '';
    const after = input.ExclusiveStartKey?.sk?.S;
    const ascending = [...items.values()]
      .filter((item) => item.pk?.S === pk && item.sk?.S?.startsWith(prefix))
      .sort((a, b) => ((a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1));
    const ordered = input.ScanIndexForward === false ? ascending.reverse() : ascending;
    const found =
      after === undefined ? ordered : ordered.slice(ordered.findIndex((item) => item.sk?.S === after) + 1);
    const page = found.slice(0, input.Limit ?? found.length);
    const last = page.at(-1);
    return {
      Items: page,
      Count: page.length,
      ...(found.length > page.length && last && { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }),
    };
  }

  /** The conditions that writes have, each by its own text. */
  function holds(write: Partial<PutItemCommandInput> | Partial<DeleteItemCommandInput>): boolean {
    const old = items.get(idOf(('Key' in write ? write.Key : 'Item' in write ? write.Item : {}) ?? {}));
    const value = (name: string) => write.ExpressionAttributeValues?.[name];
    switch (write.ConditionExpression) {
      case undefined:
        return true;
      case 'attribute_not_exists(pk)':
        return old === undefined;
      case 'revision = :revision':
        return old !== undefined && old.revision?.N === value(':revision')?.N;
      case 'times_seen = :seen':
        return old !== undefined && old.times_seen?.N === value(':seen')?.N;
      case 'holder = :holder':
        return old !== undefined && old.holder?.S === value(':holder')?.S;
      default:
        throw new Error(
          `the simulated table of letters has no condition ${write.ConditionExpression}: add it`,
        );
    }
  }

  function put({ input }: PutItemCommand): object {
    if (!holds(input))
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    keep(input.Item ?? {});
    return {};
  }

  function transact({ input }: TransactWriteItemsCommand): object {
    const writes = input.TransactItems ?? [];
    for (const { Put: put, Delete: remove } of writes) {
      if ([put, remove].some((write) => write !== undefined && !holds(write)))
        throw new TransactionCanceledException({
          message: 'Transaction cancelled',
          $metadata: {},
          CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
        });
    }
    for (const { Put: put, Delete: remove } of writes) {
      if (put?.Item !== undefined) keep(put.Item);
      if (remove?.Key !== undefined) {
        items.delete(idOf(remove.Key));
        open.delete(idOf(remove.Key));
      }
    }
    return {};
  }

  const answer = (command: unknown): { readonly what: string; readonly effect: () => object } => {
    if (command instanceof UpdateItemCommand)
      return { what: `keeps ${command.input.Key?.sk?.S}`, effect: () => update(command.input) };
    if (command instanceof QueryCommand) return { what: 'lists', effect: () => query(command) };
    if (command instanceof GetItemCommand)
      return { what: 'reads one', effect: () => ({ Item: items.get(idOf(command.input.Key ?? {})) }) };
    if (command instanceof TransactWriteItemsCommand)
      return { what: 'writes some at once', effect: () => transact(command) };
    if (command instanceof PutItemCommand)
      return {
        what: `puts ${command.input.Item?.pk?.S} ${command.input.Item?.sk?.S}`,
        effect: () => put(command),
      };
    throw new Error(`the simulated table of letters has no ${command?.constructor.name}: add it`);
  };

  return {
    open: (running) => {
      const send = (command: unknown): Promise<object> => {
        const failure = () => Object.assign(new Error('the request timed out'), { name: 'TimeoutError' });
        const { what, effect } = answer(command);
        return scheduler.step(running.process, { label: `letters: ${what}`, failure, effect });
      };
      // All that the code under test uses of the client.
      return { send } as unknown as DynamoDBClient;
    },
    jobs: () => [...items.values()].flatMap((item) => item.job?.S ?? []),
    letters: () => [...open.values()],
  };
}

/** @returns undefined for what is kept beside the open letters. */
function openLetterOf(item: Item): OpenLetter | undefined {
  if (['job', 'job-ended', 'alone', 'barrier'].includes(item.pk?.S ?? '')) return undefined;
  const [store = '', scope = ''] = item.pk?.S?.split('#') ?? [];
  if (store === 'closed') return undefined;
  const place = `${item.topic?.S}/${item.partition?.N}/${item.offset?.N}`;
  return { store, scope, key: item.entity_key?.S, version: item.version?.S, place };
}
