import {
  type Column,
  columnsOf,
  constants,
  type Kind,
  kinds,
  placeColumns,
  sightingColumns,
} from './columns.ts';
import { generateTop } from './generate-top.ts';
import { generateTotals } from './generate-totals.ts';
import type { Draw, Generated } from './model.ts';

/**
 * A read over the entities of the combine model, valid for PostgreSQL, of one of many shapes.
 *
 * @param located conditions that place a sighting somewhere, `$` standing for its table: every sighting gets one
 */
export function generateStatement(draw: Draw, located: readonly string[] = []): Generated {
  const part = draw.below(12);
  if (part < 4) return generateTotals(draw, located);
  if (part === 4) return generateTop(draw, located);
  let names = 0;
  const fresh = (prefix: string): string => {
    names += 1;
    return `${prefix}${names}`;
  };

  const chance = (percent: number): boolean => draw.below(100) < percent;

  const pick = (columns: readonly Column[], kind: Kind): string => {
    const fitting = columns.filter((column) => column.kind === kind);
    return fitting.length > 0 && !draw.once(6) ? draw.of(fitting).sql : draw.of(constants[kind]);
  };

  const expression = (columns: readonly Column[], kind: Kind, depth: number): string => {
    if (depth <= 0 || draw.once(3)) return pick(columns, kind);
    const of = (inner: Kind): string => expression(columns, inner, depth - 1);
    const leaf = (inner: Kind): string => pick(columns, inner);
    const general: readonly (() => string)[] = [
      () => `coalesce(${leaf(kind)}, ${of(kind)})`,
      () => `case when ${condition(columns, depth - 1)} then ${leaf(kind)} else ${of(kind)} end`,
      () => `case ${leaf('text')} when 'EWR' then ${leaf(kind)} when ${of('text')} then ${leaf(kind)} end`,
      () => `nullif(${leaf(kind)}, ${of(kind)})`,
      () => `${draw.of(['greatest', 'least'])}(${leaf(kind)}, ${of(kind)})`,
    ];
    const special: Readonly<Record<Kind, readonly (() => string)[]>> = {
      text: [
        () => `${of('text')} || ${leaf('text')}`,
        () => `lower(${of('text')})`,
        () => `upper(${leaf('text')})`,
        () =>
          `substring(${of('text')} from ${draw.of(['-1', '0', '1', '2', '40'])} for ${draw.of(['0', '1', '3'])})`,
        () => `substr(${leaf('text')}, ${draw.of(['-1', '0', '2'])})`,
        () => `${draw.of(['left', 'right'])}(${of('text')}, ${draw.of(['-2', '-1', '0', '1', '3'])})`,
        () => `replace(${of('text')}, ${draw.of(["'o'", "''", "'oo'"])}, ${draw.of(["'x'", "''"])})`,
        () => `${draw.of(['btrim', 'ltrim', 'rtrim'])}(${of('text')}${draw.of(['', ", ' a'", ", 'x'"])})`,
        () => `concat(${leaf('text')}, ${leaf('integer')}, ${of('text')})`,
        () => `concat_ws('-', ${leaf('text')}, ${of('text')})`,
        () => `cast(${of('integer')} as text)`,
        () => `cast(${leaf('date')} as text)`,
        () => `cast(${leaf('boolean')} as text)`,
        () => `${leaf('text')} || ${leaf('integer')}`,
      ],
      integer: [
        () => `length(${of('text')})`,
        () => `octet_length(${leaf('text')})`,
        () => `strpos(${of('text')}, ${draw.of(["'o'", "''", "'goose'"])})`,
        () => `position('o' in ${leaf('text')})`,
        () => `(${leaf('integer')} / ${draw.of(['2', '-3', '7'])})`,
        () => `(${leaf('integer')} % ${draw.of(['2', '-3', '7'])})`,
        () => `mod(${leaf('integer')}, 7)`,
        () => `(${draw.of(['1', '2', '-3'])} * ${draw.of(['7', '-1'])} ${draw.of(['+', '-'])} 2)`,
        () => `abs(length(${of('text')}) - 3)`,
        () => `(${leaf('date')} - ${leaf('date')})`,
        () => `cast(${draw.of(["'7'", "' 12 '"])} as integer)`,
      ],
      bigint: [
        () => `(${leaf('integer')}::bigint ${draw.of(['+', '-', '*'])} ${draw.of(['2', '3', '7'])})`,
        () => `(${leaf('integer')}::bigint ${draw.of(['+', '-'])} ${leaf('integer')}::bigint)`,
        () => `(${leaf('bigint')} / ${draw.of(['2', '-3', '1000000'])})`,
        () => `cast(${leaf('integer')} as bigint)`,
        () => `cast(${leaf('decimal')} as bigint)`,
      ],
      decimal: [
        () => `(${leaf('decimal')} ${draw.of(['+', '-'])} ${leaf('decimal')})`,
        () => `abs(${leaf('decimal')})`,
        () => `cast(${leaf('decimal')} as numeric(12, 3))`,
      ],
      float: [
        () => `(${leaf('float')} ${draw.of(['+', '-'])} ${leaf('float')})`,
        () => `(${leaf('float')} * ${draw.of(['2', "'0.5'::float8"])})`,
        () => `(${leaf('float')} / ${draw.of(['2', "'0.25'::float8"])})`,
        () => `cast(${leaf('integer')} as float8)`,
        () => `abs(${leaf('float')})`,
        () => `floor(${leaf('float')})`,
      ],
      boolean: [() => condition(columns, depth - 1)],
      timestamp: [
        () =>
          `date_trunc('${draw.of(['hour', 'day', 'week', 'month', 'quarter', 'year'])}', ${leaf('timestamp')})`,
        () =>
          `(timestamptz '2013-01-31' ${draw.of(['+', '-'])} interval '${draw.of(['1 day', '1 month', '90 minutes', '2 hours 30 minutes'])}')`,
        () => `cast(${leaf('date')} as timestamptz)`,
      ],
      date: [
        () => `cast(${leaf('timestamp')} as date)`,
        () => `(date '2013-01-01' + ${draw.of(['1', '-1', '31'])})`,
      ],
    };
    return draw.of([...general, ...special[kind], ...special[kind]])();
  };

  const comparison = (): string => draw.of(['=', '<>', '<', '<=', '>', '>=']);

  const condition = (columns: readonly Column[], depth: number): string => {
    const kind = draw.of(kinds);
    const leaf = (): string => pick(columns, kind);
    const choices: (() => string)[] = [
      () => `${expression(columns, kind, depth - 1)} ${comparison()} ${expression(columns, kind, depth - 1)}`,
      () =>
        `${leaf()} in (${draw.of(constants[kind])}, ${draw.of(constants[kind])}${draw.of(['', ', null'])})`,
      () => `${leaf()} not in (${draw.of(constants[kind])}, ${draw.of(constants[kind])})`,
      () =>
        `${leaf()} ${draw.of(['', 'not '])}between ${draw.of(constants[kind])} and ${draw.of(constants[kind])}`,
      () => `${leaf()} is ${draw.of(['', 'not '])}null`,
      () => `${leaf()} is ${draw.of(['', 'not '])}distinct from ${leaf()}`,
      () => `${pick(columns, 'boolean')} is ${draw.of(['', 'not '])}${draw.of(['true', 'false', 'unknown'])}`,
      () =>
        `${expression(columns, 'text', depth - 1)} ${draw.of(['like', 'not like'])} ${draw.of(["'%oo%'", "'_'", "''", "'a\\%b%'", "'%\\_c%'"])}`,
      () => `${pick(columns, 'text')} like 'a|%b%' escape '|'`,
      () => `${pick(columns, 'text')} ilike 'GOOSE%'`,
      () =>
        `${pick(columns, 'integer')} ${comparison()} ${pick(columns, draw.of<Kind>(['bigint', 'decimal', 'float']))}`,
      () =>
        `${pick(columns, 'decimal')} ${comparison()} ${draw.of(['1', '1.25', '-0.0001', pick(columns, 'integer')])}`,
      () => `${pick(columns, 'timestamp')} ${comparison()} ${pick(columns, 'date')}`,
      () =>
        `extract(${draw.of(['year', 'month', 'day', 'dow', 'isodow', 'doy', 'week', 'quarter', 'hour'])} from ${pick(columns, 'timestamp')}) ${comparison()} ${draw.of(['1', '5', '2013'])}`,
    ];
    if (depth > 0)
      choices.push(
        () => `(${condition(columns, depth - 1)} ${draw.of(['and', 'or'])} ${condition(columns, depth - 1)})`,
        () => `not (${condition(columns, depth - 1)})`,
        () => subCondition(columns, depth - 1),
      );
    return draw.of(choices)();
  };

  /** A condition by a sub-select, which may refer to what is around it. */
  const subCondition = (columns: readonly Column[], depth: number): string => {
    const table = fresh('x');
    const [name, fields] = draw.of([
      ['sighting', sightingColumns],
      ['place', placeColumns],
    ] as const);
    const own = columnsOf(table, fields);
    const kind = draw.of<Kind>(['text', 'integer', 'date']);
    const correlated = chance(50)
      ? ` and ${pick(own, kind)} ${draw.of(['=', '=', '<'])} ${pick(columns, kind)}`
      : '';
    const places = name === 'sighting' ? placed(table) : [];
    const where = `where ${[...places, condition(own, depth - 1)].join(' and ')}${correlated}`;
    return draw.of([
      () => `${draw.of(['', 'not '])}exists (select 1 from ${name} ${table} ${where})`,
      () =>
        `${pick(columns, kind)} ${draw.of(['', 'not '])}in (select ${pick(own, kind)} from ${name} ${table} ${where})`,
      () =>
        `${pick(columns, kind)} ${draw.of(['=', '<', '>='])} ${draw.of(['any', 'all'])} (select ${pick(own, kind)} from ${name} ${table} ${where})`,
      () =>
        `${pick(columns, kind)} ${comparison()} (select ${draw.of(['min', 'max'])}(${pick(own, kind)}) from ${name} ${table} ${where})`,
      () => `${pick(columns, 'integer')} < (select count(*) from ${name} ${table} ${where})`,
    ])();
  };

  interface From {
    readonly sql: string;
    readonly columns: readonly Column[];
    /** What places its rows, for `where`. */
    readonly places?: readonly string[];
  }

  const source = (depth: number, ctes: readonly From[]): From & { readonly known: string } => {
    const known = fresh('t');
    if (ctes.length > 0 && draw.once(3)) {
      const cte = draw.of(ctes);
      return {
        sql: `${cte.sql} ${known}`,
        known,
        columns: cte.columns.map(({ sql, kind }) => ({ sql: `${known}.${sql}`, kind })),
      };
    }
    if (depth > 0 && draw.once(4)) {
      const { sql, columns } = select(depth - 1, ctes, false);
      return {
        sql: `(${sql}) ${known}`,
        known,
        columns: columns.map((column) => ({ ...column, sql: `${known}.${column.sql}` })),
      };
    }
    const [name, fields] = draw.once(3)
      ? (['place', placeColumns] as const)
      : (['sighting', sightingColumns] as const);
    const places = name === 'sighting' ? placed(known) : [];
    return { sql: `${name} ${known}`, known, columns: columnsOf(known, fields), places };
  };

  const placed = (known: string): readonly string[] =>
    located.length > 0 ? [draw.of(located).replaceAll('$', known)] : [];

  const from = (depth: number, ctes: readonly From[]): From => {
    let made: From = source(depth, ctes);
    const joined = draw.of([0, 0, 1, 1, 1, 2]);
    for (let index = 0; index < joined; index += 1) {
      const next = source(depth, ctes);
      const word = draw.of(['join', 'join', 'left join', 'right join', 'full join']);
      const kind = draw.of<Kind>(['text', 'text', 'integer', 'date']);
      const [a, b] = [
        made.columns.filter((column) => column.kind === kind),
        next.columns.filter((column) => column.kind === kind),
      ];
      const equal = a.length > 0 && b.length > 0 ? `${draw.of(a).sql} = ${draw.of(b).sql}` : 'true';
      // PostgreSQL's full joins take equalities only.
      const more =
        word !== 'full join' && chance(30) ? ` and ${condition([...made.columns, ...next.columns], 0)}` : '';
      made = {
        sql: `${made.sql} ${word} ${next.sql} on ${equal}${more}`,
        columns: [...made.columns, ...next.columns],
        places: [...(made.places ?? []), ...(next.places ?? [])],
      };
    }
    return made;
  };

  /** A select whose columns are named `c1`, `c2`, …; `columns` names them by kind. */
  const select = (
    depth: number,
    ctes: readonly From[],
    isOutermost: boolean,
  ): { readonly sql: string; readonly columns: readonly Column[] } => {
    const read = from(depth, ctes);
    const conditions = [...(read.places ?? []), ...(chance(70) ? [condition(read.columns, depth)] : [])];
    const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
    const count = 1 + draw.below(4);
    const shape = draw.of(['rows', 'rows', 'groups', 'groups', 'totals', 'windows', 'distinct']);
    const outputs: { sql: string; kind: Kind; isGroup: boolean }[] = [];
    const aggregate = (): { readonly sql: string; readonly kind: Kind } => {
      const filter = draw.once(4) ? ` filter (where ${condition(read.columns, 0)})` : '';
      return draw.of<() => { readonly sql: string; readonly kind: Kind }>([
        () => ({ sql: `count(*)${filter}`, kind: 'bigint' }),
        () => ({
          sql: `count(${draw.of(['', 'distinct '])}${pick(read.columns, draw.of(kinds))})${filter}`,
          kind: 'bigint',
        }),
        () => ({ sql: `sum(${pick(read.columns, 'integer')})${filter}`, kind: 'bigint' }),
        () => ({ sql: `sum(${pick(read.columns, 'decimal')})${filter}`, kind: 'decimal' }),
        () => {
          const kind = draw.of<Kind>(['text', 'integer', 'bigint', 'decimal', 'float', 'timestamp', 'date']);
          return { sql: `${draw.of(['min', 'max'])}(${expression(read.columns, kind, 1)})${filter}`, kind };
        },
        () => ({
          sql: `${draw.of(['bool_and', 'bool_or', 'every'])}(${condition(read.columns, 0)})${filter}`,
          kind: 'boolean',
        }),
        () => {
          const column = pick(read.columns, 'text');
          return {
            sql: `string_agg(${column}, ',' order by ${column}${draw.of(['', ' desc'])})${filter}`,
            kind: 'text',
          };
        },
      ])();
    };
    const window = (): { readonly sql: string; readonly kind: Kind } => {
      const order = `order by ${read.columns.map(({ sql }) => sql).join(', ')}`;
      const by = chance(60) ? `partition by ${pick(read.columns, 'text')} ` : '';
      const frame = draw.of([
        '',
        '',
        ' rows between 1 preceding and current row',
        ' rows between unbounded preceding and 1 following',
      ]);
      return draw.of<() => { readonly sql: string; readonly kind: Kind }>([
        () => ({
          sql: `${draw.of(['row_number', 'rank', 'dense_rank'])}() over (${by}${order})`,
          kind: 'bigint',
        }),
        () => ({ sql: `${draw.of(['percent_rank', 'cume_dist'])}() over (${by}${order})`, kind: 'float' }),
        () => ({ sql: `ntile(3) over (${by}${order})`, kind: 'integer' }),
        () => ({ sql: `sum(${pick(read.columns, 'integer')}) over (${by}${order}${frame})`, kind: 'bigint' }),
        () => ({ sql: `count(*) over (${by.trim()})`, kind: 'bigint' }),
        () => {
          const kind = draw.of<Kind>(['text', 'integer', 'date']);
          return {
            sql: `${draw.of(['lag', 'lead', 'first_value', 'last_value'])}(${pick(read.columns, kind)}) over (${by}${order})`,
            kind,
          };
        },
      ])();
    };
    for (let index = 0; index < count; index += 1) {
      const kind = draw.of(kinds);
      if (shape === 'totals' || (shape === 'groups' && index > 0))
        outputs.push({ ...aggregate(), isGroup: false });
      else if (shape === 'windows' && index > 0) outputs.push({ ...window(), isGroup: false });
      else outputs.push({ sql: expression(read.columns, kind, depth), kind, isGroup: shape === 'groups' });
    }
    if (isOutermost && (shape === 'groups' || shape === 'totals') && draw.once(3))
      outputs.push({
        sql: draw.of([
          `avg(${pick(read.columns, 'integer')})`,
          `round(avg(${pick(read.columns, 'integer')}), 2)`,
        ]),
        kind: 'decimal',
        isGroup: false,
      });
    const named = outputs.map((output, index) => ({ ...output, name: `c${index + 1}` }));
    const group = shape === 'groups' ? ` group by ${draw.of(['1', 'rollup (1)', '1'])}` : '';
    const having = shape === 'groups' && chance(25) ? ` having ${aggregateCondition(read.columns)}` : '';
    const list = named.map(({ sql, name }) => `${sql} as ${name}`).join(', ');
    const distinct = shape === 'distinct' ? 'distinct ' : '';
    return {
      sql: `select ${distinct}${list} from ${read.sql}${where}${group}${having}`,
      columns: named.map(({ name, kind }) => ({ sql: name, kind })),
    };
  };

  const aggregateCondition = (columns: readonly Column[]): string =>
    draw.of([
      () => `count(*) ${comparison()} ${draw.of(['1', '2', '3'])}`,
      () => `min(${pick(columns, 'text')}) is not null`,
      () => `sum(${pick(columns, 'integer')}) > 3`,
      () => `avg(${pick(columns, 'integer')}) ${comparison()} ${draw.of(['2', '2.5', '-1'])}`,
    ])();

  const depth = draw.of([0, 1, 1, 2]);
  const ctes: From[] = [];
  const clauses: string[] = [];
  if (draw.once(5)) {
    const name = fresh('q');
    const { sql, columns } = select(Math.max(0, depth - 1), [], false);
    clauses.push(`${name} as (${sql})`);
    ctes.push({ sql: name, columns });
  }
  let { sql, columns } = select(depth, ctes, true);
  if (draw.once(6) && !/avg\(/.test(sql)) {
    const kindsWanted = columns.map(({ kind }) => kind);
    const other = from(0, ctes);
    const list = kindsWanted.map((kind, index) => `${pick(other.columns, kind)} as c${index + 1}`).join(', ');
    const places = other.places ?? [];
    const where = places.length > 0 ? ` where ${places.join(' and ')}` : '';
    sql = `${sql} ${draw.of(['union', 'union all', 'intersect', 'except'])} select ${list} from ${other.sql}${where}`;
    columns = [...columns];
  }
  const isOrdered = chance(50);
  if (isOrdered) {
    const order = columns.map(
      (_, index) => `${index + 1}${draw.of(['', ' desc', ' nulls first', ' desc nulls last'])}`,
    );
    // An average beyond the named columns is ordered by too.
    const extra = /(?:avg)\([^)]*\)(?:, 2\))? as c(\d+)/.exec(sql);
    if (extra !== null && Number(extra[1]) > columns.length) order.push(String(extra[1]));
    sql += ` order by ${order.join(', ')}`;
    if (chance(40))
      sql += ` limit ${draw.of(['0', '1', '3', '10'])}${draw.of(['', ' offset 1', ' offset 0'])}`;
  }
  return { sql: clauses.length > 0 ? `with ${clauses.join(', ')} ${sql}` : sql, isOrdered };
}
