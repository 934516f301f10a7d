import { describe, expect, test } from '@jest/globals';
import { parseSpeed } from '../../bin/commands/options.ts';

describe('--speed', () => {
  test.each([
    ['60', 60],
    ['1', 1],
    ['0.5', 0.5],
  ])('takes %s', (value, speed) => {
    expect(parseSpeed(value)).toBe(speed);
  });

  test.each(['', ' ', '0', '-1', '60x', 'fast', 'Infinity', '1000001'])('refuses %p', (value) => {
    expect(() => parseSpeed(value)).toThrow(/a number from 0.001 to 1000000 is expected; 1 is real time/);
  });
});
