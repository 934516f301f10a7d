import { describe, expect, it } from '@jest/globals';
import {
  after,
  compile,
  count,
  date,
  descending,
  entity,
  hour,
  hours,
  kafka,
  keyspaces,
  model,
  type PartitionTerm,
  text,
  timestamp,
  type View,
} from '../../lambda/model/index.ts';

/** A sound rollup; each test spoils one thing. */
const compileWith = (views: Readonly<Record<string, View>>) => () =>
  compile(
    model('rollups', [
      entity('reading', {
        key: ['tenant', 'readingId'],
        tenant: 'tenant',
        fields: {
          tenant: text(),
          readingId: text(),
          at: timestamp().immutable(),
          on: date().immutable(),
        },
        source: kafka(),
        views,
      }),
    ]),
  );
const table = (by: PartitionTerm, options = {}) =>
  keyspaces.table({ by: ['tenant', by], orderBy: descending('at'), ...options });
const rollup = (bucket: PartitionTerm) =>
  keyspaces.rollup({ from: 'byHour', bucket, metrics: { readings: count() } });

describe('a rollup', () => {
  it('compiles over a table whose partitions are its buckets', () => {
    const views = { byHour: table(hour('at')), hourly: rollup(hour('at')) };

    expect(compileWith(views)).not.toThrow();
  });

  it('is refused over rows that expire: an old bucket would lose what is gone', () => {
    const expire = after('at', hours(24));
    const views = { byHour: table(hour('at'), { expire }), hourly: rollup(hour('at')) };

    expect(compileWith(views)).toThrow(/hourly\.from is 'byHour', whose rows expire/);
  });

  it('is refused by the hour of a date, which has none', () => {
    const views = { byHour: table(hour('on')), hourly: rollup(hour('on')) };

    expect(compileWith(views)).toThrow(/hourly\.bucket takes the hour of 'on', which is a date/);
  });
});
