import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseSearchGrants,
  renderSearchGrants,
  type SearchGrant,
  searchAccesses,
  searchGrantsPattern,
} from '../../lambda/model/index.ts';

test('who may do what in the search domain is read as it was written', () => {
  const grant: fc.Arbitrary<SearchGrant> = fc.record({
    access: fc.constantFrom(...searchAccesses),
    roleArn: fc.stringMatching(/^arn:aws:iam::\d{12}:role\/[\w+=.@/-]{1,64}$/),
  });
  fc.assert(
    fc.property(fc.array(grant, { minLength: 1, maxLength: 9 }), (grants) => {
      const text = renderSearchGrants(grants);

      expect(text).toMatch(searchGrantsPattern);
      expect(parseSearchGrants(text)).toEqual(grants);
    }),
  );
});

test.each(['owns=arn:aws:iam::1:role/r', 'reads', 'reads=role', 'reads=arn:a,', ''])('not: %p', (text) => {
  expect(text).not.toMatch(searchGrantsPattern);
});
