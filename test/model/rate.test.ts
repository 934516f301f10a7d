import { describe, expect, test } from '@jest/globals';
import {
  compile,
  entity,
  integer,
  json,
  kafka,
  model,
  type Rate,
  shared,
  text,
} from '../../lambda/model/index.ts';

const measured = (rate: Rate | undefined) =>
  compile(
    model('sizes', [
      entity('reading', {
        key: ['id'],
        tenant: shared,
        fields: { id: text({ maxLength: 10 }), value: integer(), note: json().optional() },
        source: kafka(),
        ...(rate === undefined ? {} : { rate }),
      }),
    ]),
  ).entities[0];

describe('the rate of an entity', () => {
  test('says nothing of a day where none is declared', () => {
    expect(measured(undefined)?.daily).toBeUndefined();
  });

  test('is a peak that lasts all day, of rows as long as bounded fields allow, unless it says more', () => {
    expect(measured({ changesPerSecond: 2 })?.daily).toEqual({
      changes: 172_800,
      // {"id":…,"value":…,"note":…,} with a text of 62 bytes, where JSON escapes all of it, and an integer's 13.
      rowBytes: 2 + ('"id":,'.length + 62) + ('"value":,'.length + 13),
    });
  });

  test('is what it says of a day and of a row', () => {
    const found = measured({ changesPerSecond: 2, readsPerSecond: 7, changesPerDay: 1000, rowBytes: 250 });

    expect([found?.changesPerSecond, found?.readsPerSecond, found?.daily]).toEqual([
      2,
      7,
      { changes: 1000, rowBytes: 250 },
    ]);
  });

  test('is refused where a number is not above 0, with all that is wrong', () => {
    const build = () =>
      measured({ changesPerSecond: 0, readsPerSecond: -2, changesPerDay: Number.NaN, rowBytes: -1 });

    expect(build).toThrow(
      /is 0 changes a second.*is -2 rows read a second.*is NaN changes a day.*is of rows of -1 bytes/s,
    );
  });
});
