import { describe, expect, it } from '@jest/globals';
import { type Row, snakeCase } from '../../lambda/model/index.ts';
import type { aircraft, flight } from '../../model/flights.ts';

/** Compiles only if the two types are the same; `npm run check:types` is the test. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

describe('Row', () => {
  it('types a row by its fields, null where a field is optional', () => {
    const status: Same<Row<typeof flight>['status'], 'scheduled' | 'departed' | 'arrived' | 'cancelled'> =
      true;
    const delay: Same<Row<typeof flight>['departureDelayMinutes'], number | null> = true;
    const tail: Same<Row<typeof aircraft>['tailNumber'], string> = true;

    expect([status, delay, tail]).toEqual([true, true, true]);
  });
});

describe('snakeCase', () => {
  it.each([
    ['flightNumber', 'flight_number'],
    ['at', 'at'],
    ['tailID', 'tail_id'],
    ['parseHTTPHeader', 'parse_http_header'],
    ['run2Times', 'run2_times'],
  ])('turns %s into %s', (name, expected) => {
    expect(snakeCase(name)).toBe(expected);
  });
});
