/** What every trigger tells `polystore status` about one place it reads from: a partition or a shard. */
export interface RetryStatus {
  /** How often the present batch has failed in a row; 0 when it has not. */
  readonly failures: number;
  /** Why it failed last. */
  readonly lastError: string | undefined;
}

/** What is in most trouble speaks for the whole: a trigger that is stuck must not look well. */
export function worst(parts: readonly RetryStatus[]): RetryStatus {
  const healthy: RetryStatus = { failures: 0, lastError: undefined };
  const most = parts.reduce((held, part) => (part.failures > held.failures ? part : held), healthy);
  return { failures: most.failures, lastError: most.lastError };
}

/** Something worth a line in the log: a failed batch, a position that is gone. */
export interface TriggerNotice {
  readonly level: 'info' | 'warn' | 'error';
  /** The function, and the topic or stream. */
  readonly trigger: string;
  readonly message: string;
  /** Set where something is tried again until it works: its first failure, a later one, its end. */
  readonly retry?: RetryStage;
}

export type RetryStage = 'begins' | 'goes on' | 'over';

/** How a part of a trigger tells of something; the trigger adds its name. */
export type Notify = (level: TriggerNotice['level'], message: string, retry?: RetryStage) => void;

/** A trigger that has been started. */
export interface Trigger {
  /** Takes no new batch, lets those that run end, and keeps their positions. Safe to call twice. */
  stop(): Promise<void>;
}
