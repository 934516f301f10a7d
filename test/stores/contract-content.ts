import fc from 'fast-check';

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const plainText = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !text.includes('\0')),
  },
  // What decoders of UTF-8 drop unless they are told not to.
  { weight: 1, arbitrary: fc.constantFrom('\ufeff', '\ufeffa text') },
);

/** What one version of an `item` says in its columns beside the key, of every type. */
export const rowContent = fc.record({
  state: fc.constantFrom('new', 'used', 'it’s gone'),
  count: optional(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  large: optional(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
  price: optional(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((value) => `${value}.5`)),
  ratio: optional(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
  flag: optional(fc.boolean()),
  seen_at: optional(
    fc
      .tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }))
      .map(([s, us]) => `${new Date(s * 1000).toISOString().slice(0, 19)}.${String(us).padStart(6, '0')}Z`),
  ),
  note: optional(plainText),
  image: optional(
    fc.uint8Array({ maxLength: 20 }).map((value) => `\\x${Buffer.from(value).toString('hex')}`),
  ),
  extra: optional(fc.dictionary(plainText, fc.oneof(plainText, fc.integer(), fc.boolean()), { maxKeys: 3 })),
});
