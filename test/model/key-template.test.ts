import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type KeyTemplate, renderKey } from '../../lambda/model/index.ts';

const template: KeyTemplate = [{ text: 'A#' }, { column: 'a' }, { text: '#B#' }, { column: 'b' }];

describe('renderKey', () => {
  it('writes text and fields in turn', () => {
    expect(renderKey(template, { a: 'UA', b: 1545 })).toBe('A#UA#B#1545');
  });

  it('is undefined when a field of it is null or absent, so that the item leaves the index', () => {
    expect(renderKey(template, { a: 'UA', b: null })).toBeUndefined();
    expect(renderKey(template, { a: 'UA' })).toBeUndefined();
  });

  it('never gives two different keys the same text', () => {
    // Texts made of the template's own signs are the ones that could collide.
    const value = fc.string({ unit: fc.constantFrom('#', '%', 'A', 'B', '2', '3', '5', 'é') });
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(renderKey(template, { a, b })).not.toBe(renderKey(template, { a: c, b: d }));
      }),
    );
  });
});
