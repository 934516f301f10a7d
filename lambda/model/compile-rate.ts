import { jsonBytes } from './byte-bounds.ts';
import type { CatalogColumn, CatalogEntity } from './catalog.ts';
import type { EntityDefinition } from './language.ts';
import type { Problems } from './problems.ts';

const secondsPerDay = 86_400;

/** What a declared rate says of the peak and of a day. */
export function compileRate(
  { name, rate }: EntityDefinition,
  columns: readonly CatalogColumn[],
  problems: Problems,
): Pick<CatalogEntity, 'changesPerSecond' | 'readsPerSecond' | 'daily'> {
  if (rate === undefined) return { changesPerSecond: undefined, readsPerSecond: undefined, daily: undefined };
  const { changesPerSecond, changesPerDay = changesPerSecond * secondsPerDay } = rate;
  const { rowBytes = boundedJsonBytes(columns) } = rate;
  const check = (isRight: boolean, text: string, remedy: string): void => {
    if (!isRight) problems.add(`${name}.rate`, text, remedy);
  };
  check(isPositive(changesPerSecond), `is ${changesPerSecond} changes a second`, 'use a number above 0');
  check(
    rate.readsPerSecond === undefined || isPositive(rate.readsPerSecond),
    `is ${rate.readsPerSecond} rows read a second`,
    'use a number above 0, or leave it out',
  );
  check(
    rate.changesPerDay === undefined || isPositive(changesPerDay),
    `is ${changesPerDay} changes a day`,
    'use a number above 0',
  );
  check(
    rate.rowBytes === undefined || isPositive(rowBytes),
    `is of rows of ${rowBytes} bytes`,
    'use a number above 0',
  );
  return {
    changesPerSecond,
    readsPerSecond: rate.readsPerSecond,
    daily: { changes: changesPerDay, rowBytes },
  };
}

const isPositive = (value: number): boolean => value > 0 && Number.isFinite(value);

/** `"name":value,` of each column whose values have a bound, and the braces. */
const boundedJsonBytes = (columns: readonly CatalogColumn[]): number =>
  columns.reduce((sum, { name, type }) => {
    const bytes = jsonBytes(type);
    return bytes === undefined ? sum : sum + name.length + '"":,'.length + bytes;
  }, '{}'.length);
