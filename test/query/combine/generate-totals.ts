import {
  type Column,
  columnsOf,
  constants,
  type Kind,
  kinds,
  placeColumns,
  sightingColumns,
} from './columns.ts';
import type { Draw, Generated } from './model.ts';

/**
 * Totals over a join, of and by bare columns: what stores may add up before rows are joined.
 *
 * @param located conditions that place a sighting somewhere, `$` standing for its table: every sighting gets one
 */
export function generateTotals(draw: Draw, located: readonly string[]): Generated {
  const tables = [
    'sighting',
    ...Array.from({ length: draw.of([1, 1, 1, 2]) }, () => draw.of(['place', 'place', 'sighting'])),
  ];
  if (draw.once(2)) tables.reverse();
  const sources = tables.map((name, index) => {
    const known = `t${index + 1}`;
    const columns = columnsOf(known, name === 'place' ? placeColumns : sightingColumns);
    return { name, known, columns };
  });
  const all = sources.flatMap(({ columns }) => columns);
  const from = sources.reduce((joined, { name, known, columns }, index) => {
    if (index === 0) return `${name} ${known}`;
    const before = sources.slice(0, index).flatMap((source) => source.columns);
    const word = draw.of(['join', 'join', 'join', 'left join', 'left join', 'right join', 'full join']);
    return `${joined} ${word} ${name} ${known} on ${equal(before, columns)}`;
  }, '');

  function equal(before: readonly Column[], own: readonly Column[]): string {
    const named = (columns: readonly Column[], name: string) =>
      columns.filter(({ sql }) => sql.endsWith(`.${name}`));
    // Mostly as people join: by a name that both have.
    const [a, b] = [named(before, 'place'), named(own, 'place')];
    if (!draw.once(3) && a.length > 0 && b.length > 0) return `${draw.of(a).sql} = ${draw.of(b).sql}`;
    const kind = draw.of<Kind>(['text', 'integer', 'date']);
    return `${column(kind, before)} = ${column(kind, own)}`;
  }

  function column(kind: Kind, among: readonly Column[] = all): string {
    const fitting = among.filter((one) => one.kind === kind);
    return fitting.length === 0 ? draw.of(constants[kind]) : draw.of(fitting).sql;
  }

  const condition = (): string => {
    const kind = draw.of(kinds);
    return draw.of([
      () => `${column(kind)} ${draw.of(['=', '<>', '<', '>='])} ${draw.of(constants[kind])}`,
      () => `${column(kind)} is ${draw.of(['', 'not '])}null`,
      () => `${column(kind)} in (${draw.of(constants[kind])}, ${draw.of(constants[kind])})`,
    ])();
  };

  const group = (): string =>
    draw.of([
      () => column(draw.of(kinds)),
      () => column('text'),
      () => column('text'),
      () => `date_trunc('${draw.of(['hour', 'day', 'week', 'month', 'year'])}', ${column('timestamp')})`,
      () => `extract(${draw.of(['hour', 'dow', 'month', 'year', 'minute'])} from ${column('timestamp')})`,
      () => `cast(${column('timestamp')} as date)`,
      () => `coalesce(${column('text')}, ${column('text')})`,
    ])();

  const total = (): string => {
    const filter = draw.once(4) ? ` filter (where ${condition()})` : '';
    return draw.of([
      () => `count(*)${filter}`,
      () => `count(${column(draw.of(kinds))})${filter}`,
      () => `count(distinct ${column(draw.of(kinds))})${filter}`,
      () => `sum(${draw.of(['', '', 'distinct '])}${column('integer')})${filter}`,
      () => `sum(${column('bigint')})${filter}`,
      () => `sum(${column('decimal')})${filter}`,
      () => `avg(${column(draw.of<Kind>(['integer', 'bigint']))})${filter}`,
      () =>
        `${draw.of(['min', 'max'])}(${column(draw.of<Kind>(['text', 'integer', 'bigint', 'decimal', 'float', 'timestamp', 'date']))})${filter}`,
      () => `${draw.of(['bool_and', 'bool_or'])}(${condition()})${filter}`,
      () => `sum(case when ${condition()} then 1 else 0 end)${filter}`,
      () =>
        `string_agg(distinct ${column('text')}, ',' order by ${column('text')})`.replace(
          /distinct (\S+),(.*) by \S+\)/,
          'distinct $1,$2 by $1)',
        ),
      () => `sum(length(${column('text')}))${filter}`,
    ])();
  };

  const groups = Array.from({ length: draw.of([0, 1, 1, 2]) }, group);
  const totals = Array.from({ length: 1 + draw.below(3) }, total);
  const list = [...groups, ...totals].map((sql, index) => `${sql} as c${index + 1}`).join(', ');
  const where = [
    ...sources.flatMap(({ name, known }) =>
      name === 'sighting' && located.length > 0 ? [draw.of(located).replaceAll('$', known)] : [],
    ),
    ...(draw.once(2) ? [condition()] : []),
  ];
  const places = groups.map((_, index) => index + 1).join(', ');
  const by =
    groups.length === 0 ? '' : ` group by ${draw.of([places, places, places, `rollup (${places})`])}`;
  const having = draw.once(4)
    ? ` having ${draw.of(['count(*) > 1', `sum(${column('integer')}) > 3`, `min(${column('text')}) is not null`])}`
    : '';
  const isOrdered = draw.once(2);
  const order = isOrdered
    ? ` order by ${[...groups, ...totals].map((_, index) => `${index + 1}${draw.of(['', ' desc'])}`).join(', ')}`
    : '';
  const limit = isOrdered && draw.once(3) ? ' limit 5' : '';
  return {
    sql: `select ${list} from ${from}${where.length > 0 ? ` where ${where.join(' and ')}` : ''}${by}${having}${order}${limit}`,
    isOrdered,
  };
}
