import { PolystoreError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { Select } from './read-select.ts';
import { type Deadline, type Timer, withDeadline } from './timer.ts';

/** Some of what a placement was asked for could not be read; the answer is that of the rest. */
export class PartlyRead extends PolystoreError {
  readonly answer: Answer;

  constructor(answer: Answer, cause: PolystoreError) {
    super('store_unavailable', cause.message, {
      ...{ cause, told: cause.told.message, details: cause.told.details },
    });
    this.answer = answer;
  }
}

/** Whether a read failed for a store that is down or does not answer in time: without it the rest can be told. */
export function isUnread(error: unknown): error is PolystoreError {
  if (!(error instanceof PolystoreError)) return false;
  if (error.code === 'store_unavailable' || error.code === 'deadline_exceeded') return true;
  const { failed } = error.details;
  // A source that is down leaves what its views have not got yet.
  return (
    error.code === 'token_not_met' &&
    Array.isArray(failed) &&
    failed.some((attempt: { readonly code?: unknown }) => attempt.code === 'store_unavailable')
  );
}

/** Whether an answer to a select is still one of rows that it asks for when some were not read. */
export const mayLackRows = ({ kind, order, limit, offset }: Select): boolean =>
  kind === 'rows' && offset === 0 && (limit === undefined || order.length === 0);

/** Counts reads, and those of them that failed. */
export interface Unread {
  failed: number;
  of: number;
  /** Why the first of them did. */
  error: PolystoreError | undefined;
}

export const noneUnread = (): Unread => ({ failed: 0, of: 0, error: undefined });

/** What was read; nothing, and counted, where that failed or was not done in time. */
export async function readOrCount<R>(
  work: Promise<readonly R[]>,
  unread: Unread,
  deadline: Deadline,
  timer: Timer,
): Promise<readonly R[]> {
  unread.of += 1;
  try {
    return await withDeadline(work, deadline, timer);
  } catch (error) {
    if (!isUnread(error)) throw error;
    unread.failed += 1;
    unread.error ??= error;
    return [];
  }
}
