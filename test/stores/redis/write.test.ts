import { describe, expect, test } from '@jest/globals';
import { planWrite } from '../../../lambda/stores/redis/write.ts';
import { contractCatalog, itemOf, itemRow, placementOf, remove, upsert } from '../contract-model.ts';

const catalog = contractCatalog('redis-write');
const item = itemOf(catalog);
const here = itemRow({ place: 'here' });
const there = itemRow({ place: 'there' });
const groupsOf = (name: string): readonly string[] =>
  planWrite(
    placementOf(catalog, name),
    [upsert(item, here, 1), remove(item, here, 2), upsert(item, there, 3)],
    0,
  ).writes.flatMap(({ group, changes, args }) => {
    const versions = args(changes)
      .filter((arg) => arg.startsWith('{"v"'))
      .map((value) => value.slice(6, 25));
    return versions.map((version) => `${group.rows} ${version}`);
  });

describe('a key that was deleted and inserted elsewhere, in one batch', () => {
  test('leaves its old place and comes to the new one', () => {
    expect(groupsOf('item.hash')).toEqual([
      '{acme|here|2013-01-01}:item.hash 0000000000000000002',
      '{acme|there|2013-01-01}:item.hash 0000000000000000003',
    ]);
  });

  test('is written once by a view whose place it has not left', () => {
    expect(groupsOf('item.top')).toEqual(['{acme}:item.top 0000000000000000003']);
  });
});
