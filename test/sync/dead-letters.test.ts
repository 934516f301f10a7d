import { describe, expect, test } from '@jest/globals';
import { type DeadLetter, renderPut } from '../../lambda/sync/dead-letters.ts';
import { loggedValue } from '../change/logged-record.ts';

const letter: DeadLetter = {
  scope: 'flight.board',
  key: '[["carrier","UA"]]',
  version: '0000000000000000004',
  reason: 'too large',
  record: loggedValue('flights.changes.flight', '{"op":"u"}'),
};
const settings = { table: 'letters', store: 'redis', nowMs: 0 };

describe('the request that keeps a dead letter', () => {
  test('has the store and the view as its partition, the key and the version as its place', () => {
    expect(renderPut(letter, settings).Key).toEqual({
      pk: { S: 'redis#flight.board' },
      sk: { S: '[["carrier","UA"]]#0000000000000000004' },
    });
  });

  test('goes by the record’s key and place when it could not be read', () => {
    const unread = { ...letter, scope: 'flight', key: undefined, version: undefined };

    expect(renderPut(unread, settings).Key.sk.S).toBe('e30=#flights.changes.flight/0/7');
  });

  test('keeps the record as it was', () => {
    const { ':value': value, ':headers': headers } = renderPut(letter, settings).ExpressionAttributeValues;

    expect(Buffer.from(('S' in value && value.S) || '', 'base64').toString()).toBe('{"op":"u"}');
    expect(JSON.parse(('S' in headers && headers.S) || '')).toMatchObject({ 'polystore-generation': '0' });
  });

  test.each([
    [undefined, { NULL: true }],
    ['key', { S: 'key' }],
    ['view', { S: 'view' }],
  ] as const)('says that %s makes it good', (retry, kept) => {
    const put = renderPut(retry === undefined ? letter : { ...letter, retry }, settings);

    expect(put.ExpressionAttributeValues[':retry']).toEqual(kept);
  });

  test('leaves out a value that no item could hold, and says so', () => {
    const large = { ...letter, record: loggedValue('t', 'x'.repeat(300_000)) };

    expect(renderPut(large, settings).ExpressionAttributeValues).toMatchObject({
      ':value': { NULL: true },
      ':omitted': { BOOL: true },
      ':offset': { N: '7' },
    });
  });

  test('leaves out a key and headers that no item could hold: a letter must always be kept', () => {
    const large = { ...loggedValue('t', 'x'.repeat(250_000)), key: Buffer.alloc(900_000, 'k') };
    const record = { ...large, headers: { ...large.headers, other: 'h'.repeat(500_000) } };

    const { Key, ExpressionAttributeValues: values } = renderPut(
      { ...letter, key: undefined, record },
      settings,
    );

    expect(Buffer.byteLength(JSON.stringify([Key, values]))).toBeLessThan(400_000);
    expect(values).toMatchObject({ ':key': { NULL: true }, ':omitted': { BOOL: true } });
  });

  test('shortens a key that is too long, and different ones differently', () => {
    const [one, two] = ['a', 'b'].map(
      (last) => renderPut({ ...letter, key: 'é'.repeat(2000) + last }, settings).Key.sk.S,
    );

    expect(Buffer.byteLength(one ?? '')).toBeLessThan(1024);
    expect(one).not.toBe(two);
  });
});
