import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';
import type { Work } from './work.ts';

/** A job as it is kept: whoever continues it begins where its work is. */
export interface Job {
  /** Such as `backfill-2026-11-26T11:15:00.000Z-3f9a`. */
  readonly id: string;
  /** `done` and `aborted` have ended; a job that `failed` or was `stopped` can be gone on with. */
  readonly status: 'running' | 'done' | 'failed' | 'stopped' | 'aborted';
  readonly work: Work;
  /** ISO. */
  readonly startedAt: string;
  readonly updatedAt: string;
  /** What stopped or failed it, or what it last had to wait for. */
  readonly problem: string | null;
  /** Who continues it now has until then; milliseconds since the epoch. */
  readonly leaseUntilMs: number;
  /** Counts up with each time that it is written down. */
  readonly revision: number;
}

/** Where jobs are kept. */
export interface Jobs {
  /**
   * Writes a new job down. Of jobs that are `alone` at the same thing, such as `rebuild flight.board`, one is there at a
   * time until it has ended, however many processes ask at once.
   *
   * @throws PolystoreError `conflict` when another one is at it.
   */
  create(job: Pick<Job, 'id' | 'work'> & { readonly alone?: string }): Promise<Job>;
  /** @throws PolystoreError `invalid_request` when there is none. */
  get(id: string): Promise<Job>;
  /** The latest first. */
  list(limit: number): Promise<readonly Job[]>;
  /**
   * Writes a job down, if nobody has since it was read.
   * @throws PolystoreError `conflict` when someone has.
   */
  save(job: Job, change: Partial<Omit<Job, 'id' | 'revision' | 'startedAt' | 'updatedAt'>>): Promise<Job>;
}

export interface JobsOptions {
  readonly client: DynamoDBClient;
  /** The table that holds dead letters too. */
  readonly table: string;
  readonly clock: Clock;
}

const partition = 'job';
/** Which job is alone at a thing: `holder` is its id. */
const alonePartition = 'alone';
const keepEndedSeconds = 90 * 24 * 3600;

/** Jobs in the table of the dead letters, in a partition of their own (ADR 0012). */
export function createJobs({ client, table, clock }: JobsOptions): Jobs {
  const put = async (job: Job, condition: string, values?: Record<string, AttributeValue>) => {
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: renderJob(job, clock()),
          ConditionExpression: condition,
          ...(values && { ExpressionAttributeValues: values }),
        }),
      );
      return job;
    } catch (cause) {
      if (cause instanceof ConditionalCheckFailedException)
        throw new PolystoreError(
          'conflict',
          `The job ${job.id} was continued, stopped or ended by someone else meanwhile. Look at it again with "polystore jobs".`,
          { cause },
        );
      throw unavailable(table, cause);
    }
  };
  const read = async (pk: string, sk: string) => {
    const { Item: item } = await client
      .send(
        new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }),
      )
      .catch((cause: unknown) => {
        throw unavailable(table, cause);
      });
    return item;
  };
  /** Writes a job and that it is alone at a thing, if nobody else is: both or neither. */
  const putAlone = async (job: Job, alone: string): Promise<Job> => {
    const holder = (await read(alonePartition, alone))?.holder?.S;
    const other = holder === undefined ? undefined : await read(partition, holder);
    if (other !== undefined) refuseBeside(parseJob(other), alone);
    try {
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Put: {
                TableName: table,
                Item: renderJob(job, clock()),
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
            {
              Put: {
                TableName: table,
                Item: { pk: { S: alonePartition }, sk: { S: alone }, holder: { S: job.id } },
                ...(holder === undefined
                  ? { ConditionExpression: 'attribute_not_exists(pk)' }
                  : {
                      ConditionExpression: 'holder = :holder',
                      ExpressionAttributeValues: { ':holder': { S: holder } },
                    }),
              },
            },
          ],
        }),
      );
      return job;
    } catch (cause) {
      if (cause instanceof TransactionCanceledException)
        throw new PolystoreError(
          'conflict',
          `Someone else began to ${alone} at the same moment. Look at it with "polystore jobs".`,
          { cause },
        );
      throw unavailable(table, cause);
    }
  };
  return {
    create: ({ id, work, alone }) => {
      const now = new Date(clock()).toISOString();
      const job: Job = {
        id,
        status: 'running',
        work,
        startedAt: now,
        updatedAt: now,
        problem: null,
        leaseUntilMs: 0,
        revision: 1,
      };
      return alone === undefined ? put(job, 'attribute_not_exists(pk)') : putAlone(job, alone);
    },
    get: async (id) => {
      const item = await read(partition, id);
      if (item !== undefined) return parseJob(item);
      throw new PolystoreError(
        'invalid_request',
        `There is no job '${id}'. "polystore jobs" lists those there are.`,
      );
    },
    list: async (limit) => {
      const items: Record<string, AttributeValue>[] = [];
      let from: Record<string, AttributeValue> | undefined;
      do {
        const page = await client
          .send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: 'pk = :pk',
              ExpressionAttributeValues: { ':pk': { S: partition } },
              ...(from !== undefined && { ExclusiveStartKey: from }),
            }),
          )
          .catch((cause: unknown) => {
            throw unavailable(table, cause);
          });
        items.push(...(page.Items ?? []));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      return items
        .map(parseJob)
        .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
        .slice(0, limit);
    },
    save: (job, change) =>
      put(
        { ...job, ...change, updatedAt: new Date(clock()).toISOString(), revision: job.revision + 1 },
        'revision = :revision',
        { ':revision': { N: String(job.revision) } },
      ),
  };
}

/** Whether nobody can go on with a job. */
export const hasEnded = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'done' || status === 'aborted';

/** @throws PolystoreError `conflict` unless the other job has ended. */
export function refuseBeside(other: Job, alone: string): void {
  if (hasEnded(other)) return;
  throw new PolystoreError(
    'conflict',
    `The job ${other.id} is there to ${alone} and is ${other.status}. Go on with it, or abort it and begin another one.`,
    { details: { job: other.id, status: other.status } },
  );
}

function renderJob(job: Job, nowMs: number): Record<string, AttributeValue> {
  return {
    pk: { S: partition },
    sk: { S: job.id },
    job: { S: JSON.stringify(job) },
    revision: { N: String(job.revision) },
    // One that may be gone on with is kept.
    ...(hasEnded(job) && { expires: { N: String(Math.floor(nowMs / 1000) + keepEndedSeconds) } }),
  };
}

/** `renderJob` wrote it; the table holds what functions of this project write. */
const parseJob = (item: Readonly<Record<string, AttributeValue>>): Job =>
  JSON.parse(item.job?.S ?? 'null') as Job;

const unavailable = (table: string, cause: unknown): PolystoreError =>
  new PolystoreError(
    'store_unavailable',
    `The table of jobs '${table}' does not answer: ${cause instanceof Error ? cause.message : String(cause)}. Try again.`,
    { cause },
  );
