import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
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
  /** Those that have not ended. */
  open(): Promise<readonly Job[]>;
  /** Of one kind the latest that have ended, the last begun first. */
  ended(kind: Work['kind'], limit: number): Promise<readonly Job[]>;
  /**
   * Writes a job that has not ended down, if nobody has since it was read.
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

/** Jobs that have not ended, so that whoever looks for work every minute reads no others. */
const openPartition = 'job';
const endedPartition = 'job-ended';
/** Which job is alone at a thing: `holder` is its id. */
const alonePartition = 'alone';
const keepEndedSeconds = 90 * 24 * 3600;

type Condition = Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;
const isNew = 'attribute_not_exists(pk)';
/** Nobody has written the job since it was read. */
const asRead = ({ revision }: Job): Condition => ({
  ConditionExpression: 'revision = :revision',
  ExpressionAttributeValues: { ':revision': { N: String(revision) } },
});

/** Jobs in the table of the dead letters, in a partition of their own (ADR 0012). */
export function createJobs({ client, table, clock }: JobsOptions): Jobs {
  const put = async (job: Job, condition: Condition): Promise<Job> => {
    try {
      await client.send(
        new PutItemCommand({ TableName: table, Item: renderJob(job, clock()), ...condition }),
      );
      return job;
    } catch (cause) {
      if (cause instanceof ConditionalCheckFailedException) throw changedMeanwhile(job, cause);
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
  /** Jobs of a partition whose ids begin so, the highest id first: of one kind the last begun. */
  const query = async (
    pk: string,
    { prefix, limit }: { readonly prefix: string; readonly limit: number | undefined },
  ): Promise<readonly Job[]> => {
    const items: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client
        .send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
            ExpressionAttributeValues: {
              ':pk': { S: pk },
              ...(prefix !== '' && { ':prefix': { S: prefix } }),
            },
            ScanIndexForward: false,
            ...(limit !== undefined && { Limit: limit - items.length }),
            ...(from !== undefined && { ExclusiveStartKey: from }),
          }),
        )
        .catch((cause: unknown) => {
          throw unavailable(table, cause);
        });
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined && (limit === undefined || items.length < limit));
    return items.map(parseJob);
  };
  /** Writes all or nothing, of this job. @throws `refusal` when a condition does not hold */
  const transact = async (
    job: Job,
    items: TransactWriteItem[],
    refusal: (cause: unknown) => PolystoreError,
  ): Promise<Job> => {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      return job;
    } catch (cause) {
      throw cause instanceof TransactionCanceledException ? refusal(cause) : unavailable(table, cause);
    }
  };
  /** Takes a job from those that have not ended to those that have: in one step, or it could be lost or be there twice. */
  const moveToEnded = (job: Job, was: Job): Promise<Job> =>
    transact(
      job,
      [
        {
          Delete: {
            TableName: table,
            Key: { pk: { S: openPartition }, sk: { S: job.id } },
            ...asRead(was),
          },
        },
        { Put: { TableName: table, Item: renderJob(job, clock()) } },
      ],
      (cause) => changedMeanwhile(job, cause),
    );
  /** Writes a job and that it is alone at a thing, if nobody else is: both or neither. */
  const putAlone = async (job: Job, alone: string): Promise<Job> => {
    const holder = (await read(alonePartition, alone))?.holder?.S;
    // One that has ended is not there.
    const other = holder === undefined ? undefined : await read(openPartition, holder);
    if (other !== undefined) refuseBeside(parseJob(other), alone);
    return transact(
      job,
      [
        { Put: { TableName: table, Item: renderJob(job, clock()), ConditionExpression: isNew } },
        {
          Put: {
            TableName: table,
            Item: { pk: { S: alonePartition }, sk: { S: alone }, holder: { S: job.id } },
            ...(holder === undefined
              ? { ConditionExpression: isNew }
              : {
                  ConditionExpression: 'holder = :holder',
                  ExpressionAttributeValues: { ':holder': { S: holder } },
                }),
          },
        },
      ],
      (cause) =>
        new PolystoreError(
          'conflict',
          `Someone else began to ${alone} at the same moment. Look at it with "polystore jobs".`,
          { cause },
        ),
    );
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
      return alone === undefined ? put(job, { ConditionExpression: isNew }) : putAlone(job, alone);
    },
    get: async (id) => {
      const item = (await read(openPartition, id)) ?? (await read(endedPartition, id));
      if (item !== undefined) return parseJob(item);
      throw new PolystoreError(
        'invalid_request',
        `There is no job '${id}'. "polystore jobs" lists those there are.`,
      );
    },
    open: () => query(openPartition, { prefix: '', limit: undefined }),
    ended: (kind, limit) => query(endedPartition, { prefix: `${kind}-`, limit }),
    save: (job, change) => {
      const updatedAt = new Date(clock()).toISOString();
      const next = { ...job, ...change, updatedAt, revision: job.revision + 1 };
      return hasEnded(next) ? moveToEnded(next, job) : put(next, asRead(job));
    },
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
    pk: { S: hasEnded(job) ? endedPartition : openPartition },
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

const changedMeanwhile = ({ id }: Job, cause: unknown): PolystoreError =>
  new PolystoreError(
    'conflict',
    `The job ${id} was continued, stopped or ended by someone else meanwhile. Look at it again with "polystore jobs".`,
    { cause },
  );

const unavailable = (table: string, cause: unknown): PolystoreError =>
  new PolystoreError(
    'store_unavailable',
    `The table of jobs '${table}' does not answer: ${cause instanceof Error ? cause.message : String(cause)}. Try again.`,
    { cause },
  );
