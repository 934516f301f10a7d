import { columnsOf, placeColumns, sightingColumns } from './columns.ts';
import type { Draw, Generated } from './model.ts';

/**
 * The first rows of a left join in an order of the left side's own columns, which a store may find by itself where the
 * join finds one row at most.
 *
 * @param located as of `generateStatement`
 */
export function generateTop(draw: Draw, located: readonly string[]): Generated {
  const isSighting = !draw.once(4);
  const [name, fields, key] = isSighting
    ? (['sighting', sightingColumns, ['sighting_id', 'at']] as const)
    : (['place', placeColumns, ['place']] as const);
  const own = columnsOf('t1', fields);
  const joined = Array.from({ length: draw.of([1, 1, 2]) }, (_, index) => `t${index + 2}`);
  // By a place's key, now and then with more; or by what may find several.
  const joins = joined.map((known) => {
    const more = draw.of([
      '',
      '',
      ` and ${known}.level > 0`,
      ` and ${known}.area < t1.${isSighting ? 'weight' : 'area'}`,
    ]);
    return `left join place ${known} on ${known}.place = t1.place${more}`;
  });
  const columns = Array.from({ length: 1 + draw.below(3) }, () => draw.of(own).sql);
  const found = joined.map((known) => draw.of(columnsOf(known, placeColumns)).sql);
  const outputs = [...key.map((column) => `t1.${column}`), ...columns, ...found];
  const where = [
    ...(isSighting && located.length > 0 ? [draw.of(located).replaceAll('$', 't1')] : []),
    ...draw.of([[], [], [isSighting ? 't1.wings >= 0' : 't1.level is not null'], ['t2.level > 0']]),
  ];
  const terms = [
    draw.of(own).sql,
    ...draw.of([[], [draw.of(own).sql]]),
    ...key.map((column) => `t1.${column}`),
  ];
  const order = terms.map((term) => `${term}${draw.of(['', ' desc', ' nulls first', ' desc nulls last'])}`);
  return {
    sql:
      `select ${outputs.map((sql, index) => `${sql} as c${index + 1}`).join(', ')} from ${name} t1 ${joins.join(' ')}` +
      `${where.length > 0 ? ` where ${where.join(' and ')}` : ''} order by ${order.join(', ')}` +
      ` limit ${draw.of(['0', '1', '3', '10'])}${draw.of(['', ' offset 2'])}`,
    isOrdered: true,
  };
}
