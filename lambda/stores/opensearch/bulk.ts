import type { API, Client } from '@opensearch-project/opensearch';
import { PolystoreError } from '../../errors.ts';
import type { AdaptiveGate } from '../adaptive-gate.ts';
import type { ApplyResult } from '../store.ts';
import type { Source } from './document.ts';
import { ItemsThrottled, missingSchema, reasonOf } from './errors.ts';
import { type BulkItem, type ItemOutcome, outcomeOf } from './write.ts';

/** What a bulk goes through. */
export interface BulkSender {
  readonly client: Client;
  readonly gate: Pick<AdaptiveGate, 'run'>;
  /** Whether searches see what was written before the answer comes. */
  readonly refresh: boolean;
}

/** One action of a bulk. */
export interface BulkAction {
  /** Lines of NDJSON: what to do, and, unless it is a deletion, with what. */
  readonly lines: readonly string[];
}

/** What became of an action; the document, where an update was asked for it. */
export type Done<A> = { readonly item: A; readonly source: Source | undefined } & {
  readonly outcome: Exclude<ItemOutcome, { readonly kind: 'throttled' | 'failed' }>;
};

interface BulkAnswer {
  readonly items?: readonly Readonly<Record<string, ItemAnswer>>[];
}
interface ItemAnswer {
  readonly status: number;
  readonly error?: unknown;
  readonly get?: { readonly _source?: Source };
}

/** What became of the documents of one request; the others of an apply's changes are stale. */
export type BulkResult = Pick<ApplyResult, 'applied' | 'rejected'>;

/** Sends one bulk of changes. @throws PolystoreError as `sendActions`. */
export async function sendBulk(sender: BulkSender, items: readonly BulkItem[]): Promise<BulkResult> {
  const done = await sendActions(sender, items);
  return {
    applied: done.filter(({ outcome }) => outcome.kind === 'applied').length,
    rejected: done.flatMap(({ item, outcome }) =>
      outcome.kind === 'rejected' ? [{ change: item.change, reason: outcome.reason }] : [],
    ),
  };
}

/**
 * Sends one bulk through the gate, and says what became of each action, in no order. Those that OpenSearch has no room
 * for now are sent again by themselves, so what was applied is counted once.
 *
 * @throws PolystoreError `store_rejected` when the index is missing or of an older model, and what the gate throws.
 */
export async function sendActions<A extends BulkAction>(
  { client, gate, refresh }: BulkSender,
  items: readonly A[],
): Promise<readonly Done<A>[]> {
  let left = items;
  const done: Done<A>[] = [];
  if (items.length === 0) return done;
  await gate.run(async () => {
    const again: A[] = [];
    for (const { item, status, error, get } of await send({ client, refresh }, left)) {
      const outcome = outcomeOf(status, error === undefined ? undefined : reasonOf(error));
      if (outcome.kind === 'throttled') again.push(item);
      else if (outcome.kind === 'failed') throw failure(outcome.status, outcome.reason);
      else done.push({ item, outcome, source: get?._source });
    }
    left = again;
    if (again.length > 0)
      throw new ItemsThrottled(`${again.length} of ${items.length} documents were not taken`);
  });
  return done;
}

async function send<A extends BulkAction>(
  { client, refresh }: Pick<BulkSender, 'client' | 'refresh'>,
  items: readonly A[],
): Promise<readonly ({ readonly item: A } & ItemAnswer)[]> {
  const { body } = await client.bulk({
    // The lines are JSON already, and the client takes such texts as they are.
    body: items.flatMap(({ lines }) => lines) as unknown as API.Bulk_RequestBody,
    refresh,
    // What else it says, we know.
    filter_path: 'items.*.status,items.*.error,items.*.get._source',
  });
  // The form of a bulk's answer, of which the filter leaves these parts.
  const answers = (body as BulkAnswer).items ?? [];
  if (answers.length !== items.length)
    throw new PolystoreError(
      'store_rejected',
      `OpenSearch answered for ${answers.length} of ${items.length} documents of a bulk`,
    );
  return items.map((item, position) => {
    // By what was done: index, create, update or delete.
    const [answer = { status: 0 }] = Object.values(answers[position] ?? {});
    return { item, ...answer };
  });
}

function failure(status: number, reason: string): PolystoreError {
  if (status === 404 || status === 400) return missingSchema(reason);
  return new PolystoreError(
    'store_unavailable',
    `OpenSearch does not take documents now (${status}: ${reason}). The same request may be sent again`,
  );
}
