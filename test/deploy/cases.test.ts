import { describe, expect, test } from '@jest/globals';
import { createCases, NotGoingOn } from './cases.ts';

describe('the cases of a deploy test', () => {
  test('are told and counted in the order in which they end', async () => {
    const lines: string[] = [];
    const cases = createCases((line) => lines.push(line));

    await cases.check('holds', async () => {});
    await cases.check('does not hold', async () => {
      throw new Error('because');
    });
    await cases.check('holds again', async () => {});

    expect(cases.counts()).toEqual({ passed: 2, failed: 1 });
    expect(lines.join('\n')).toMatch(/✓ holds .*✗ does not hold .*because.*✓ holds again/s);
  });

  test('end with one that others stand on', async () => {
    const cases = createCases(() => {});

    const required = cases.require('deploys', async () => {
      throw new Error('because');
    });

    await expect(required).rejects.toThrow(NotGoingOn);
    expect(cases.counts()).toEqual({ passed: 0, failed: 1 });
  });

  test('give what a required one found', async () => {
    const found = await createCases(() => {}).require('finds', async () => 7);

    expect(found).toBe(7);
  });
});
