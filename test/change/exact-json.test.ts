import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ExactJson, parseExactJson } from '../../lambda/change/exact-json.ts';

/** JSON as nobody writes it by hand: with white space wherever it may stand. */
const spaced = (value: ExactJson, space: string): string => {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Array.isArray(value)
    ? value.map((member: ExactJson) => spaced(member, space))
    : Object.entries(value).map(
        ([name, member]) => `${JSON.stringify(name)}${space}:${space}${spaced(member, space)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}${space}${members.join(`${space},${space}`)}${space}${close}`;
};

const isRounded = (value: bigint): boolean => !Number.isSafeInteger(Number(value));

describe('exact JSON', () => {
  it('keeps every digit of whole numbers, wherever they stand', () => {
    const whole = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n });
    const { value } = fc.letrec<{ value: ExactJson }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        whole.map((each) => (isRounded(each) ? each : Number(each))),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .map((each) => (Number.isInteger(each) ? 0.5 : each)),
        fc.string(),
        whole.map(String),
        fc.constantFrom(true, false, null),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')),
      ),
    }));

    fc.assert(
      fc.property(value, fc.constantFrom('', ' ', '\n', '\t', '\r\n'), (each, space) => {
        expect(parseExactJson(spaced(each, space))).toEqual(each);
      }),
    );
  });

  it('begins to keep them where a double begins to round', () => {
    const numbers = '[9007199254740991,9007199254740992,-9007199254740991,-9007199254740992]';

    const parsed = parseExactJson(numbers);

    expect(parsed).toEqual([9007199254740991, 9007199254740992n, -9007199254740991, -9007199254740992n]);
  });

  it('leaves as they are what is no whole number and texts of digits', () => {
    const parsed = parseExactJson('["90071992547409921", 1e300, 0.12345678901234567]');

    expect(parsed).toEqual(['90071992547409921', 1e300, Number('0.12345678901234567')]);
  });
});
