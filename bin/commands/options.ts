import { type Command, InvalidArgumentError } from 'commander';
import { isSpeed, speedLimits } from '../../local/loader/index.ts';

/** Options that several commands take in the same words. */

export function addCallerOptions(command: Command): Command {
  return command
    .option('--tenant <carrier>', 'ask as this tenant', 'UA')
    .option('--operator', 'ask as an operator, for all tenants')
    .option('--json', 'print JSON for programs');
}

export interface CallerOptions {
  readonly tenant: string;
  readonly operator?: boolean;
  readonly json?: boolean;
}

/** Collects a repeatable option; a value that is JSON is taken as JSON, anything else as text. */
export function collectParameter(value: string, earlier: readonly unknown[]): readonly unknown[] {
  try {
    return [...earlier, JSON.parse(value) as unknown];
  } catch {
    return [...earlier, value];
  }
}

/** A calendar day, YYYY-MM-DD. */
export function parseDay(value: string): string {
  const time = Date.parse(`${value}T00:00:00Z`);
  if (
    !/^\d{4}-\d{2}-\d{2}$/.test(value) ||
    Number.isNaN(time) ||
    !new Date(time).toISOString().startsWith(value)
  ) {
    throw new InvalidArgumentError('a day is written YYYY-MM-DD, such as 2026-03-01.');
  }
  return value;
}

/** How many days of the data set, which has one year. */
export function parseDays(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > 365)
    throw new InvalidArgumentError('a whole number from 1 to 365 is expected.');
  return count;
}

/** How many times faster than real time flights are replayed. */
export function parseSpeed(value: string): number {
  const speed = Number(value);
  if (value.trim() === '' || !isSpeed(speed))
    throw new InvalidArgumentError(
      `a number from ${speedLimits.least} to ${speedLimits.most} is expected; 1 is real time, 60 a minute in a second.`,
    );
  return speed;
}

export function parseFreshness(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('a number, 0 or more, is expected.');
  return seconds;
}

export function parseRows(value: string): number {
  const rows = Number(value);
  if (!/^\d+$/.test(value) || rows < 1)
    throw new InvalidArgumentError('a whole number of rows, 1 or more, is expected.');
  return rows;
}
