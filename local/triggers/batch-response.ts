/** How much of a batch a function has taken: all of it, or what lies before the record at an index. */
export type BatchOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly from: number; readonly reason: string };

/**
 * Reads the answer of a function that reports failures of part of a batch, by Lambda's rules
 * (docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html): nothing, null or an
 * empty list is a success; the lowest of the records is where it goes on; an identifier that is
 * missing or of no record fails the whole batch.
 *
 * @param indexOf the place in the batch of the record that an identifier names; -1 when it names none
 */
export function parseBatchResponse(
  payload: unknown,
  batch: readonly unknown[],
  indexOf: (identifier: unknown) => number,
): BatchOutcome {
  const failures =
    typeof payload === 'object' && payload !== null && 'batchItemFailures' in payload
      ? payload.batchItemFailures
      : undefined;
  if (!Array.isArray(failures) || failures.length === 0) return { kind: 'taken' };
  const indexes = failures.map((item: unknown) =>
    indexOf(
      typeof item === 'object' && item !== null && 'itemIdentifier' in item ? item.itemIdentifier : undefined,
    ),
  );
  if (indexes.includes(-1)) {
    return {
      kind: 'failed',
      from: 0,
      reason: `it reports failures that name no record of the batch: ${JSON.stringify(failures).slice(0, 200)}`,
    };
  }
  // The batch is in the order of the stream, so the lowest index is the lowest position.
  const from = Math.min(...indexes);
  return {
    kind: 'failed',
    from,
    reason: `it reports ${failures.length} of ${batch.length} records as failed`,
  };
}
