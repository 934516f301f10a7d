import { PolystoreError } from '../../lambda/errors.ts';

/** The first date of the data set, in New York; data day 1. */
const firstDate = '2013-01-01';
const dayMs = 86_400_000;

/** 1 for 2013-01-01 up to 365. */
export const dataDayOf = (date: string): number =>
  Math.round((Date.parse(`${date}T00:00:00Z`) - Date.parse(`${firstDate}T00:00:00Z`)) / dayMs) + 1;

/**
 * What is added to every time of the data set so that 2013-01-01 becomes `asOf`: whole days, so that
 * the time of day stays. New York's own clock changes stay those of 2013.
 * @throws PolystoreError `invalid_request` when `asOf` is no calendar day.
 */
export function shiftMsFor(asOf: string): number {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(asOf) ? Date.parse(`${asOf}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(atMs) || !new Date(atMs).toISOString().startsWith(asOf)) {
    throw new PolystoreError(
      'invalid_request',
      `as-of got '${asOf}'; it takes a day as YYYY-MM-DD, the day that ${firstDate} is to be moved to.`,
    );
  }
  return atMs - Date.parse(`${firstDate}T00:00:00Z`);
}

/** The canonical form of a timestamp (lambda/model/fields.ts): UTC, six digits. */
export const renderTimestamp = (instantMs: number): string =>
  new Date(instantMs).toISOString().replace('Z', '000Z');
