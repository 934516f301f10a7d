import { expect, test } from '@jest/globals';
import { planKills } from './kills.ts';
import { createLedger } from './ledger.ts';

test('a row must be as the last acknowledged write left it', () => {
  const ledger = createLedger();
  ledger.acknowledge('flight a', 1);
  ledger.acknowledge('flight a', 2);
  ledger.acknowledge('flight b', 3);
  ledger.acknowledge('flight b', 'absent');

  expect(ledger.findWrong(new Map([['flight a', 2]]))).toEqual([]);
  expect(ledger.findWrong(new Map([['flight a', 1]]))).toEqual(['flight a is 1; the answers allow 2']);
  expect(ledger.findWrong(new Map())).toEqual(['flight a is absent; the answers allow 2']);
  expect(
    ledger.findWrong(
      new Map([
        ['flight a', 2],
        ['flight b', 3],
      ]),
    ),
  ).toEqual(['flight b is 3; the answers allow absent']);
});

test('a write whose answer was lost may have happened or not, and nothing else may', () => {
  const ledger = createLedger();
  ledger.acknowledge('flight a', 1);
  ledger.doubt('flight a', 2);
  ledger.doubt('flight b', 7);

  for (const [a, b] of [
    [1, undefined],
    [2, 7],
  ] as const)
    expect(
      ledger.findWrong(new Map([['flight a', a], ...(b === undefined ? [] : [['flight b', b] as const])])),
    ).toEqual([]);
  expect(ledger.findWrong(new Map([['flight b', 8]]))).toEqual([
    'flight a is absent; the answers allow 1 or 2',
    'flight b is 8; the answers allow absent or 7',
  ]);
});

test('a row that nobody wrote is wrong', () => {
  expect(createLedger().findWrong(new Map([['flight x', 1]]))).toEqual(['flight x was never written']);
});

test('a seed plans the same kills again, of every part at least once', () => {
  const kills = planKills(7, 20);

  expect(planKills(7, 20)).toEqual(kills);
  expect(planKills(8, 20)).not.toEqual(kills);
  expect(new Set(kills.map(({ part }) => part)).size).toBe(15);
});
