import { describe, expect, test } from '@jest/globals';
import {
  compile,
  date,
  decimal,
  entity,
  type Fields,
  integer,
  kafka,
  model,
  opensearch,
  shared,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { dayOfIndex, homeOf, searchView } from '../../../lambda/stores/opensearch/names.ts';
import {
  compareMappings,
  onlyBuild,
  renderMapping,
  renderSchema,
} from '../../../lambda/stores/opensearch/schema.ts';
import { contractCatalog, placementOf } from '../contract-model.ts';

const fields: Fields = { id: text(), name: text(), rank: integer().optional() };

function mappingOf(
  views: Parameters<typeof opensearch.index>[0],
  extra: Fields = {},
  tenant: 'id' | typeof shared = shared,
) {
  const place = entity('place', {
    key: ['id'],
    tenant,
    fields: { ...fields, ...extra },
    source: kafka(),
    views: { search: opensearch.index(views) },
  });
  return renderMapping(placementOf(compile(model('unit', [place])), 'place.search'));
}

describe('the mapping of a view', () => {
  test('is strict, and finds texts both whole and by their words', () => {
    expect(
      mappingOf({ text: { name: 'english' } }, { price: decimal(5, 2), at: timestamp(), on: date() }, 'id'),
    ).toEqual({
      dynamic: 'strict',
      _routing: { required: true },
      properties: {
        id: { type: 'keyword' },
        name: { type: 'keyword', fields: { words: { type: 'text', analyzer: 'english' } } },
        rank: { type: 'integer' },
        price: { type: 'keyword', index: false, doc_values: false },
        at: { type: 'keyword', fields: { time: { type: 'date', format: 'strict_date_optional_time' } } },
        on: { type: 'keyword', fields: { time: { type: 'date', format: 'strict_date' } } },
        '@order': { properties: { price: { type: 'keyword' } } },
        '@deleted': { type: 'date', format: 'epoch_millis' },
        '@version': { type: 'keyword', index: false, doc_values: false },
        '@key': { type: 'keyword', index: false, doc_values: false },
        '@bucket': { type: 'integer', index: false },
      },
    });
  });
});

describe('two mappings', () => {
  test('differ by a column that is new, which can be added', () => {
    const { missing, conflicts } = compareMappings(mappingOf({}), mappingOf({}, { price: decimal(5, 2) }));

    expect(conflicts).toEqual([]);
    expect(Object.keys(missing)).toEqual(['price', '@order']);
  });

  test('differ by a second decimal, whose order is added to that of the first', () => {
    const one = mappingOf({}, { price: decimal(5, 2) });

    const { missing } = compareMappings(one, mappingOf({}, { price: decimal(5, 2), cost: decimal(5, 2) }));

    expect(missing['@order']).toEqual({ properties: { cost: { type: 'keyword' } } });
  });

  test('do not differ by a column that is gone', () => {
    expect(compareMappings(mappingOf({}, { old: text() }), mappingOf({}))).toEqual({
      missing: {},
      conflicts: [],
    });
  });

  test.each([
    [
      'another type',
      mappingOf({}, { size: text() }),
      mappingOf({}, { size: integer() }),
      'size is keyword, and integer is wanted',
    ],
    [
      'another analyzer',
      mappingOf({ text: ['name'] }),
      mappingOf({ text: { name: 'english' } }),
      'name.words is text with the analyzer standard, and text with the analyzer english is wanted',
    ],
    [
      'words of a column that is there',
      mappingOf({}),
      mappingOf({ text: ['name'] }),
      'name.words is not there, and text with the analyzer standard is wanted',
    ],
    ['another tenant', mappingOf({}), mappingOf({}, {}, 'id'), 'rows were placed with another tenant'],
  ])('cannot be brought together: %s', (_what, held, wanted, conflict) => {
    expect(compareMappings(held, wanted).conflicts).toEqual([conflict]);
  });
});

describe('the names of indices', () => {
  test('are never shared, however entities and views are called', () => {
    const views = { log: opensearch.log({ at: 'at', keep: 1000 as never }), logX: opensearch.index() };
    const logged = { id: text(), at: timestamp().immutable() };
    const catalog = compile(
      model('a-b', [
        entity('flight', {
          key: ['id'],
          tenant: shared,
          fields: logged,
          source: kafka(),
          views: { eventLog: views.logX },
        }),
        entity('flightEvent', { key: ['id'], tenant: shared, fields: logged, source: kafka(), views }),
      ]),
    );
    const schemas = ['flight.eventLog', 'flight_event.log', 'flight_event.logX'].map((name) =>
      renderSchema(catalog.name, placementOf(catalog, name), onlyBuild),
    );

    expect(schemas.map((schema) => (schema.kind === 'log' ? schema.pattern : schema.index))).toEqual([
      'a-b.flight.event_log-1',
      'a-b.flight_event.log-*',
      'a-b.flight_event.log_x-1',
    ]);
  });

  test('say the day of a log, and nothing of other indices', () => {
    for (const day of ['m.e.log-2013.01.31', 'm.e.log@2-2013.01.31'])
      expect(dayOfIndex(day)).toBe('2013-01-31');
    for (const other of ['m.e.log-1', 'm.e.log', 'm.e.log-2013.01.31-1'])
      expect(dayOfIndex(other)).toBeUndefined();
  });

  test('of one build are never those of another, whether it is an index or days', () => {
    const catalog = contractCatalog('unit');
    const homes = ['item.found', 'item.logged'].flatMap((name) => {
      const view = searchView(placementOf(catalog, name));
      return [1, 2, 12].map((build) => homeOf(`unit.${name}`, view, build).all);
    });

    expect(homes).toEqual([
      'unit.item.found@1',
      'unit.item.found@2',
      'unit.item.found@12',
      'unit.item.logged-*',
      'unit.item.logged@2-*',
      'unit.item.logged@12-*',
    ]);
  });
});
