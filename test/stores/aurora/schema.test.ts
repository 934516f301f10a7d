import { describe, expect, test } from '@jest/globals';
import { onlyFirst } from '../../../lambda/stores/aurora/builds.ts';
import { isWider } from '../../../lambda/stores/aurora/migrate.ts';
import { fitName, quoteName, quoteText } from '../../../lambda/stores/aurora/names.ts';
import { monthsAhead, renderPartition } from '../../../lambda/stores/aurora/partition.ts';
import { renderPublication } from '../../../lambda/stores/aurora/replication.ts';
import { renderSchema } from '../../../lambda/stores/aurora/schema.ts';
import { fromText } from '../../../lambda/stores/aurora/value-text.ts';
import { renderUpsert } from '../../../lambda/stores/aurora/write.ts';
import { contractCatalog, itemOf, itemRow, placementOf, remove, upsert } from '../contract-model.ts';

const catalog = contractCatalog('schema');

describe('the statements of Aurora’s schema', () => {
  const schema = renderSchema(catalog, onlyFirst).join(';\n');

  test('a source table has full checks of its values, a view the guard of its versions', () => {
    expect(schema).toContain('create table if not exists "source"."account"');
    expect(schema).toContain('alter table "source"."account" replica identity full');
    expect(schema).toMatch(/check \("state" in \('new', 'used', 'it’s gone'\)\)/);
    expect(schema).toMatch(/"view"\."item__flat" \([^;]*_version bigint not null, _deleted boolean not null/);
    expect(schema).toMatch(/"view"\."item__table" [^;]* partition by range \("at"\)/);
  });

  test('a caller sees the source, or else the first view without its tombstones, by its own rights', () => {
    expect(schema).toMatch(
      /view "entities"\."account" with \(security_invoker = true, security_barrier = true\)[^;]*from "source"\."account"/,
    );
    expect(schema).toMatch(/view "entities"\."item" with [^;]*from "view"\."item__table" where not _deleted/);
    expect(schema).not.toContain('"entities"."event"');
  });

  test('only source tables and the heartbeat are published', () => {
    expect(renderPublication(catalog)).toContain(
      'for table "source"."place", "source"."account", polystore.heartbeat',
    );
  });

  test('a month is a table of its own before it is attached, from its first instant to the next', () => {
    const [made, attached] = renderPartition(placementOf(catalog, 'item.table'), '2013-12');

    expect(made).toBe(
      'create table if not exists "view"."item__table_2013_12" (like "view"."item__table" including all)',
    );
    expect(attached).toContain("for values from ('2013-12-01 00:00:00+00') to ('2014-01-01 00:00:00+00')");
    expect(renderPartition(placementOf(catalog, 'item.table'), '9999-12')[1]).toContain(
      "to ('10000-01-01 00:00:00+00')",
    );
  });

  test('months ahead go over the end of a year', () => {
    expect(monthsAhead(Date.parse('2013-11-30T23:59:59Z'))).toEqual([
      '2013-11',
      '2013-12',
      '2014-01',
      '2014-02',
    ]);
  });

  test('a tombstone is written with its key alone', () => {
    const row = itemRow();
    const { params, text } = renderUpsert(placementOf(catalog, 'item.flat'), {
      changes: [upsert(itemOf(catalog), row, 1), remove(itemOf(catalog), { ...row, number: '2' }, 2)],
      nowMs: 0,
    });

    expect(text).toContain('where excluded._version > t._version');
    expect(params[0]).toEqual(['acme', 'acme']);
    expect(params[5]).toEqual(['new', null]);
    expect(params.slice(-3)).toEqual([
      ['1', '2'],
      ['false', 'true'],
      ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'],
    ]);
  });

  test.each([
    ['integer', 'bigint', true],
    ['integer', 'double precision', true],
    ['bigint', 'integer', false],
    ['bigint', 'double precision', false],
    ['bigint', 'numeric(19,0)', true],
    ['bigint', 'numeric(19,2)', false],
    ['numeric(10,2)', 'numeric(12,3)', true],
    ['numeric(10,2)', 'numeric(10,3)', false],
    ['numeric(10,2)', 'numeric(12,1)', false],
    ['text', 'integer', false],
  ])('%s fits into %s: %s', (from, to, expected) => {
    expect(isWider(from, to)).toBe(expected);
  });

  test('names and texts are quoted, and long names stay apart', () => {
    expect(quoteName('a"b')).toBe('"a""b"');
    expect(quoteText("it's")).toBe("'it''s'");
    const [one, two] = [fitName(`${'x'.repeat(70)}1`), fitName(`${'x'.repeat(70)}2`)];
    expect(one).toHaveLength(63);
    expect(one).not.toBe(two);
  });

  test.each([
    ['timestamp', '2013-01-01 10:15:00+00', '2013-01-01T10:15:00.000000Z'],
    ['timestamp', '2013-01-01 10:15:00.12+00', '2013-01-01T10:15:00.120000Z'],
    ['timestamp', '0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
    ['float', '1e-07', 1e-7],
    ['float', '-Infinity', '-Infinity'],
    ['boolean', 'f', false],
    ['json', '"x"', 'x'],
    ['bigint', '5', '5'],
  ] as const)('a %s that PostgreSQL writes as %s is %s', (kind, text, value) => {
    expect(fromText(kind, text)).toEqual(value);
  });
});
