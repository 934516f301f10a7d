import { describe, expect, test } from '@jest/globals';
import { compile, entityOf, parseRow } from '../../../lambda/model/index.ts';
import { parseReading } from '../../../local/loader/weather.ts';
import flights from '../../../model/flights.ts';

const line = (change: Readonly<Record<string, string>> = {}) => ({
  origin: 'EWR',
  year: '2013',
  month: '11',
  day: '3',
  hour: '1',
  temp: '51.98',
  dewp: '39.02',
  humid: '61.15',
  wind_dir: '310',
  wind_speed: '6.90468',
  wind_gust: 'NA',
  precip: '0',
  pressure: '1009.8',
  visib: '10',
  time_hour: '2013-11-03T05:00:00Z',
  ...change,
});
const dayMs = 86_400_000;

describe('a line of weather.csv', () => {
  test('is a row that the model takes as it is, with NA as missing', () => {
    const { row } = parseReading(line(), 0);

    expect(row).toEqual({
      origin: 'EWR',
      at: '2013-11-03T05:00:00.000000Z',
      temp: 51.98,
      dewp: 39.02,
      humid: 61.15,
      wind_dir: 310,
      wind_speed: 6.90468,
      wind_gust: null,
      precip: 0,
      pressure: 1009.8,
      visib: 10,
    });
    expect(parseRow(entityOf(compile(flights), 'weather'), row)).toEqual(row);
  });

  test('of the hour that the clock shows twice is two readings', () => {
    const first = parseReading(line(), 0);
    const second = parseReading(line({ time_hour: '2013-11-03T06:00:00Z', temp: '50' }), 0);

    expect([first.row.at, second.row.at]).toEqual([
      '2013-11-03T05:00:00.000000Z',
      '2013-11-03T06:00:00.000000Z',
    ]);
    expect([first.day, second.day]).toEqual([307, 307]);
  });

  test('is moved by whole days, and belongs to the data day all the same', () => {
    const moved = parseReading(line(), 2 * dayMs);

    expect(moved.row.at).toBe('2013-11-05T05:00:00.000000Z');
    expect(moved).toMatchObject({ day: 307, atMs: Date.parse('2013-11-05T05:00:00Z') });
  });

  test.each([
    ['origin', ''],
    ['visib', 'far'],
    ['time_hour', 'NA'],
  ])('with %s %p is refused by name', (column, value) => {
    expect(() => parseReading(line({ [column]: value }), 0)).toThrow(
      new RegExp(`weather.csv: column ${column} holds "${value}"`),
    );
  });
});
