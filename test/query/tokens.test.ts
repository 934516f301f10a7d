import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompactSign } from 'jose';
import { createVersion } from '../../lambda/change/version.ts';
import { createTokens, mergeParts, type TokenParts } from '../../lambda/query/tokens.ts';
import { aa, failure, operator, secret, ua } from './harness.ts';

const tokens = createTokens(secret);
const parts: fc.Arbitrary<TokenParts> = fc.record({
  aurora: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
  rows: fc.uniqueArray(
    fc.record({
      entity: fc.constantFrom('flight', 'flight_event'),
      row: fc.record({ carrier: fc.constantFrom('UA', 'AA'), flight_number: fc.integer({ min: 1, max: 3 }) }),
      // Equal versions of one key carry equal content, the place in the log among it.
      version: fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }).map((position) => createVersion(1, position)),
      log: fc.constant(undefined),
    }),
    { maxLength: 5, selector: ({ version }) => version },
  ),
});

describe('merging', () => {
  test('does not depend on order or repetition', () => {
    fc.assert(
      fc.property(parts, parts, parts, (a, b, c) => {
        const all = mergeParts([a, b, c]);

        expect(mergeParts([c, a, b])).toEqual(all);
        expect(mergeParts([mergeParts([a, b]), c])).toEqual(all);
        expect(mergeParts([all, all, a])).toEqual(all);
      }),
    );
  });

  test('never asks for less than any of its parts', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const merged = mergeParts([a, b]);

        expect(merged.aurora ?? -1n).toBeGreaterThanOrEqual(a.aurora ?? -1n);
        for (const one of a.rows) {
          const held = merged.rows.find(
            (row) => row.entity === one.entity && JSON.stringify(row.row) === JSON.stringify(one.row),
          );
          expect(held?.version).toBeGreaterThanOrEqual(one.version);
        }
      }),
    );
  });
});

test('a token says what it was issued for, position and version to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(parts, async (issued) => {
      const read = await tokens.read([await tokens.issue(issued, ua)], ua);

      expect(read).toEqual(mergeParts([issued]));
    }),
    { numRuns: 50 },
  );
});

test('the token of events names where the log has them', async () => {
  const key = { carrier: 'UA', flight_number: 1, event_id: 'e' };
  const events = [
    {
      entity: 'flight_event',
      key,
      topic: 't',
      partition: 2,
      offset: 2n ** 60n,
      version: createVersion(3, 7n),
    },
  ];

  const read = await tokens.read([await tokens.issueEvents(events, ua)], ua);

  expect(read.rows[0]).toEqual({
    entity: 'flight_event',
    row: key,
    version: createVersion(3, 7n),
    log: { topic: 't', partition: 2, offset: 2n ** 60n },
  });
});

describe('a token is refused', () => {
  const some: TokenParts = { aurora: 5n, rows: [] };

  test.each([
    ['another tenant', aa],
    ['an operator', operator],
    ['a tenant that is named operator', { kind: 'tenant', tenant: 'operator', subject: 'x' } as const],
  ])('when it comes from %s', async (_, caller) => {
    const token = await tokens.issue(some, caller.kind === 'operator' ? ua : operator);

    expect((await failure(tokens.read([token], caller))).code).toBe('invalid_token');
  });

  test('when any of its characters was changed', async () => {
    const token = await tokens.issue(some, ua);
    const positions = [0, 10, token.indexOf('.') + 5, token.lastIndexOf('.') + 5];

    for (const at of positions) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect((await failure(tokens.read([changed], ua))).code).toBe('invalid_token');
    }
  });

  test('when another secret signed it, or none', async () => {
    const other = await createTokens(new TextEncoder().encode('another secret of at least 32 bytes')).issue(
      some,
      ua,
    );
    const [, payload] = other.split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;

    for (const token of [other, unsigned, 'x', 'a.b.c']) {
      expect((await failure(tokens.read([token], ua))).code).toBe('invalid_token');
    }
  });

  test('when it is signed but of a form that this version does not know', async () => {
    const token = await new CompactSign(new TextEncoder().encode('{"v":2,"for":"tenant:UA","rows":[]}'))
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret);

    expect((await failure(tokens.read([token], ua))).code).toBe('invalid_token');
  });

  test('when it would speak of more than 1,000 rows', async () => {
    const rows = Array.from({ length: 1001 }, (_, id) => ({
      entity: 'flight',
      row: { id },
      version: createVersion(0, 1n),
      log: undefined,
    }));

    expect((await failure(tokens.issue({ aurora: undefined, rows }, ua))).code).toBe('payload_too_large');
  });
});

test('a secret under 32 bytes is refused', async () => {
  expect((await failure(createTokens(new Uint8Array(31)).issue({ aurora: 1n, rows: [] }, ua))).code).toBe(
    'invalid_configuration',
  );
});
