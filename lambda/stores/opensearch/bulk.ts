import type { API, Client } from '@opensearch-project/opensearch';
import { PolystoreError } from '../../errors.ts';
import type { AdaptiveGate } from '../adaptive-gate.ts';
import type { ApplyResult } from '../store.ts';
import { ItemsThrottled, missingSchema, reasonOf } from './errors.ts';
import { type BulkItem, outcomeOf } from './write.ts';

interface BulkAnswer {
  readonly items?: readonly {
    readonly index?: { readonly status: number; readonly error?: unknown };
  }[];
}

/** What became of the documents of one request; the others of an apply's changes are stale. */
export type BulkResult = Pick<ApplyResult, 'applied' | 'rejected'>;

/**
 * Sends one bulk through the gate. Documents that OpenSearch has no room for now are sent again by themselves, so what
 * was applied is counted once.
 *
 * @throws PolystoreError `store_rejected` when the index is missing or of an older model, and what the gate throws.
 */
export async function sendBulk(
  {
    client,
    gate,
    refresh,
  }: { readonly client: Client; readonly gate: AdaptiveGate; readonly refresh: boolean },
  items: readonly BulkItem[],
): Promise<BulkResult> {
  let left = items;
  let applied = 0;
  const rejected: ApplyResult['rejected'][number][] = [];
  await gate.run(async () => {
    const again: BulkItem[] = [];
    for (const { item, status, error } of await send({ client, refresh }, left)) {
      const outcome = outcomeOf(status, error === undefined ? undefined : reasonOf(error));
      switch (outcome.kind) {
        case 'applied':
          applied += 1;
          break;
        case 'stale':
          break;
        case 'throttled':
          again.push(item);
          break;
        case 'rejected':
          rejected.push({ change: item.change, reason: outcome.reason });
          break;
        case 'failed':
          throw failure(outcome.status, outcome.reason);
      }
    }
    left = again;
    if (again.length > 0)
      throw new ItemsThrottled(`${again.length} of ${items.length} documents were not taken`);
  });
  return { applied, rejected };
}

async function send(
  { client, refresh }: { readonly client: Client; readonly refresh: boolean },
  items: readonly BulkItem[],
): Promise<readonly { readonly item: BulkItem; readonly status: number; readonly error?: unknown }[]> {
  const { body } = await client.bulk({
    // The lines are JSON already, and the client takes such texts as they are.
    body: items.flatMap(({ lines }) => lines) as unknown as API.Bulk_RequestBody,
    refresh,
    // What else it says, we know.
    filter_path: 'items.*.status,items.*.error',
  });
  // The form of a bulk's answer, of which the filter leaves status and error.
  const answers = (body as BulkAnswer).items ?? [];
  if (answers.length !== items.length)
    throw new PolystoreError(
      'store_rejected',
      `OpenSearch answered for ${answers.length} of ${items.length} documents of a bulk`,
    );
  return items.map((item, position) => {
    const { status = 0, error } = answers[position]?.index ?? {};
    return { item, status, error };
  });
}

function failure(status: number, reason: string): PolystoreError {
  if (status === 404 || status === 400) return missingSchema(reason);
  return new PolystoreError(
    'store_unavailable',
    `OpenSearch does not take documents now (${status}: ${reason}). The same request may be sent again`,
  );
}
