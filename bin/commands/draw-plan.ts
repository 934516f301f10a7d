import * as z from 'zod';

/** Draws the answer of POST /explain for people: what answers as a tree, and below it what else was considered. */

const considered = z.looseObject({
  placement: z.string(),
  engine: z.string(),
  qualifies: z.boolean(),
  why: z.string(),
  estimatedReads: z.nullable(z.number()),
});
const positionShape = z.looseObject({
  placement: z.string(),
  must: z.nullable(z.object({ wal: z.nullable(z.string()), rows: z.number() })),
  has: z.nullable(
    z.union([z.object({ wal: z.string() }), z.object({ log: z.record(z.string(), z.string()) })]),
  ),
  why: z.string(),
});
const actualShape = z.looseObject({
  ...{ rows: z.number(), ms: z.number() },
  reads: z.array(
    z.looseObject({
      ...{ placement: z.string(), reads: z.number(), failed: z.number() },
      ...{ rows: z.number(), bytes: z.number(), longestMs: z.number() },
    }),
  ),
});
const planShape = z.looseObject({
  class: z.string(),
  chosen: considered,
  considered: z.array(considered),
  request: z.unknown(),
  tenancy: z.string(),
  positions: z.optional(z.array(positionShape)),
  actual: z.optional(actualShape),
  token: z.string(),
});
/** What a partial answer lacks, or why there is none. */
const lossShape = z.union([
  z.looseObject({ noAnswer: z.string() }),
  z.looseObject({ absentRows: z.boolean(), fewerRepeats: z.boolean(), nullColumns: z.array(z.string()) }),
]);
const combinedShape = z.looseObject({
  reads: z.array(
    z.looseObject({
      entity: z.string(),
      table: z.string(),
      columns: z.array(z.string()),
      placement: z.nullable(z.string()),
      engine: z.nullable(z.string()),
      estimatedReads: z.nullable(z.number()),
      by: z.nullable(z.array(z.string())),
      request: z.unknown(),
      ifUnread: z.optional(lossShape),
    }),
  ),
  sql: z.string(),
});

interface TreeNode {
  readonly label: string;
  /** Below the label, each with a name in front. */
  readonly facts: readonly Fact[];
  readonly children: readonly TreeNode[];
}
type Fact = readonly [name: string, text: string];

/** Fragments beyond these are counted: a statement may have 48, all alike. */
const fragmentsShown = 3;

/**
 * @param answer of POST /explain, as JSON gives it
 * @param width characters of a line; only a word that is longer goes beyond it
 */
export function drawPlan(answer: unknown, width: number): string {
  const {
    class: kind,
    chosen,
    considered: all,
    request,
    tenancy,
    token,
    positions = [],
    actual,
  } = planShape.parse(answer);
  const combined = combinedShape.safeParse(request);
  const root: TreeNode = {
    label: `${kind}: ${chosen.placement} (${chosen.engine})${sayReads(chosen.estimatedReads)}`,
    ...(combined.success
      ? { facts: [['combine', combined.data.sql]], children: combined.data.reads.map(readNode) }
      : { facts: [['why', chosen.why], ...factsOf(request)], children: [] }),
  };
  const placements = all.map((each): Fact => {
    const mark =
      each.placement === chosen.placement && each.why === chosen.why ? '→' : each.qualifies ? '✓' : '✗';
    return [`${mark} ${each.placement}`, each.why];
  });
  return [
    ...drawNode(root, width, ''),
    '',
    ...drawFacts(
      [
        ['tenancy', tenancy],
        ['token', token],
      ],
      width,
      '',
    ),
    '',
    ...(positions.length === 0
      ? []
      : ['positions', ...drawFacts(positions.map(sayPosition), width, '  '), '']),
    ...(actual === undefined ? [] : [...drawActual(actual, width), '']),
    ...wrap('considered (→ asked first, ✓ can answer, ✗ cannot)', width, '', '  '),
    ...drawFacts(placements, width, '  '),
  ].join('\n');
}

/** What came of running it. */
const drawActual = ({ rows, ms, reads }: z.infer<typeof actualShape>, width: number): readonly string[] => [
  ...wrap(`ran: ${rows} ${rows === 1 ? 'row' : 'rows'} in ${ms} ms`, width, '', '  '),
  ...drawFacts(
    reads.map(({ placement, reads: asked, failed, rows: read, bytes, longestMs }): Fact => {
      const times = `${asked} ${asked === 1 ? 'read' : 'reads'}${failed > 0 ? `, ${failed} failed` : ''}`;
      return [placement, `${times}: ${read} rows, ${bytes} bytes, ${longestMs} ms the longest`];
    }),
    width,
    '  ',
  ),
];

/** How far a placement is, and how far it must be. */
function sayPosition({ placement, must, has, why }: z.infer<typeof positionShape>): Fact {
  const told =
    has === null
      ? why
      : 'wal' in has
        ? `WAL ${has.wal}: ${why}`
        : `${Object.entries(has.log)
            .map(([partition, offset]) => `${partition}: ${offset}`)
            .join(', ')}: ${why}`;
  if (must === null) return [placement, told];
  const rows = must.rows === 0 ? [] : [`${must.rows} row(s) at the token’s versions`];
  const wal = must.wal === null ? [] : [`WAL ${must.wal}`];
  return [placement, `${told}; must have reached ${[...wal, ...rows].join(' and ')}`];
}

const sayReads = (rows: number | null): string =>
  rows === null ? '' : `, about ${rows} ${rows === 1 ? 'row' : 'rows'}`;

function readNode({
  entity,
  table,
  columns,
  placement,
  engine,
  estimatedReads,
  by,
  request,
  ifUnread,
}: z.infer<typeof combinedShape>['reads'][number]): TreeNode {
  return {
    label: `${table}: ${placement ?? entity}${engine === null ? '' : ` (${engine})`}${sayReads(estimatedReads)}`,
    facts: [
      [
        'read by',
        by === null ? 'its own conditions' : `the values of ${by.join(' and ')}; below with one for example`,
      ],
      ['columns', columns.join(', ')],
      ...factsOf(request),
      ...(ifUnread === undefined ? [] : [['if unread', sayLoss(ifUnread)] as const]),
    ],
    children: [],
  };
}

/** What an answer lacks without the rows of a table. */
export function sayLoss(loss: z.infer<typeof lossShape>): string {
  if ('noAnswer' in loss) return `no answer: ${String(loss.noAnswer)}`;
  const { absentRows, fewerRepeats, nullColumns } = loss;
  const said = [
    ...(absentRows ? ['rows are absent'] : []),
    ...(fewerRepeats ? ['of rows that are alike there may be fewer'] : []),
    ...(nullColumns.length > 0 ? [`null where they were not read: ${nullColumns.join(', ')}`] : []),
  ];
  return said.length === 0 ? 'nothing is absent' : said.join('; ');
}

/** What a store would be sent. */
function factsOf(request: unknown): readonly Fact[] {
  if (request === null || request === undefined) return [];
  if (Array.isArray(request)) {
    const more = request.length - fragmentsShown;
    return [
      ...request.slice(0, fragmentsShown).map(factOf),
      ...(more > 0 ? [['', `and ${more} more like it`] as const] : []),
    ];
  }
  return [factOf(request)];
}

function factOf(fragment: unknown): Fact {
  if (typeof fragment !== 'object' || fragment === null) return ['request', JSON.stringify(fragment)];
  const { kind = 'request', sql, ...members } = fragment as Readonly<Record<string, unknown>>;
  if (typeof sql === 'string') return ['sql', sql];
  const told = Object.entries(members)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) =>
      name === 'equal' || name === kind ? sayValue(value) : `${name} ${sayValue(value)}`,
    );
  return [String(kind), told.join('; ')];
}

/** Values shorter than JSON says them: `carrier = UA`; of a condition `scheduled_at >= …`. */
function sayValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const more = value.length - 10;
    return `${value.slice(0, 10).map(sayValue).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, operand]) => {
      if (!isOperator(name)) return `${name} = ${sayValue(operand)}`;
      if (name === 'isNull') return `${String(operand)} is null`;
      if (name === 'not') return `not (${sayValue(operand)})`;
      if (name === 'and' || name === 'or')
        return `(${(operand as readonly unknown[]).map(sayValue).join(` ${name} `)})`;
      const [column, with_] = operand as readonly [string, unknown];
      return name === 'in' ? `${column} in (${sayValue(with_)})` : `${column} ${name} ${sayValue(with_)}`;
    })
    .join(', ');
}

const operators: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'isNull',
  'not',
  'and',
  'or',
]);
const isOperator = (name: string): boolean => operators.has(name);

function drawNode({ label, facts, children }: TreeNode, width: number, indent: string): readonly string[] {
  const under = indent + (children.length > 0 ? '│  ' : '   ');
  return [
    ...wrap(label, width, indent, under),
    ...drawFacts(facts, width, under),
    ...children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      const [first = '', ...rest] = drawNode(child, width - 3, '');
      return [
        `${indent}${isLast ? '└─ ' : '├─ '}${first}`,
        ...rest.map((line) => `${indent}${isLast ? '   ' : '│  '}${line}`),
      ];
    }),
  ];
}

/** Names in one column, texts beside them. Where the names take more than half of a line, texts stand below. */
function drawFacts(facts: readonly Fact[], width: number, indent: string): readonly string[] {
  const widest = Math.max(0, ...facts.map(([name]) => name.length));
  const isNarrow = indent.length + widest > width / 2;
  return facts.flatMap(([name, text]) =>
    isNarrow
      ? [`${indent}${name}`, ...wrap(text, width, `${indent}    `, `${indent}    `)]
      : wrap(text, width, `${indent}${name.padEnd(widest)}  `, `${indent}${' '.repeat(widest)}  `),
  );
}

/** Breaks a text at spaces; `first` stands before the first line and `others` before the rest. */
function wrap(text: string, width: number, first: string, others: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = others + word;
      continue;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].map((one) => one.trimEnd());
}
