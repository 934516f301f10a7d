// Renders docs/sql.md from what the router allows: `node docs/render-sql.ts > docs/sql.md`.
import { combinedAggregates, combinedWindows } from '../lambda/query/combine/aggregates.ts';
import { combinedFunctions } from '../lambda/query/combine/functions.ts';
import { refusedSyntax } from '../lambda/query/syntax.ts';
import { allowedFunctions, allowedOperators, allowedTypes } from '../lambda/query/vocabulary.ts';
import {
  answeredByDistance,
  answeredNatively,
  answeredWhereCombined,
  refusedWhereCombined,
  type SqlExample,
} from './sql-examples.ts';

const words = (some: Iterable<string>): string =>
  [...some]
    .sort()
    .map((word) => `\`${word}\``)
    .join(', ');

const table = (examples: readonly SqlExample[]): readonly string[] => [
  '| what | such as |',
  '| --- | --- |',
  ...examples.map(({ what, sql }) => `| ${what} | \`${sql.replaceAll('|', '\\|')}\` |`),
];

/** The page, as Markdown. A test holds that docs/sql.md is this text, and each example to what is said of it. */
export function renderSql(): string {
  return [
    '# SQL',
    '',
    'Made by `docs/render-sql.ts` from the lists that the router checks statements by; edit them there.',
    '',
    'The dialect is PostgreSQL’s, parsed by PostgreSQL’s own parser. The tables are the model’s entities. Whatever is not',
    'on a list below is refused by its name: nothing reaches a store that was not checked. Where the tables of a statement',
    'are all in Aurora, PostgreSQL answers it and everything on these lists works. Where one other placement holds what is',
    'asked for, it answers natively (`lambda/query/README.md` says which). Otherwise the stores are combined, and the',
    'second part of this page holds.',
    '',
    '## What a statement may use',
    '',
    `Functions: ${words(allowedFunctions)}.`,
    '',
    `Operators: ${words(allowedOperators)}.`,
    '',
    `Types in casts: ${words(allowedTypes)}.`,
    '',
    'Refused everywhere:',
    '',
    ...Object.values(refusedSyntax).map((what) => `- ${what}`),
    '',
    "`match(column, 'words')`, `match_rank()` and `match_highlight(column)` are the one extension; a search index answers them.",
    '',
    '## Distances',
    '',
    '`earth_distance(latitude, longitude, latitude, longitude)`, in degrees, is how many metres two places are apart on a',
    'sphere of 6,372,797.560856 m, to the millimetre; null for null. It is a function of our own schema, the same in every',
    'placement, but that some three in a million differ by a millimetre, and those of places that are nearly opposite by',
    '0.3 m. A geo index of the model (`redis.geo`) finds rows by it:',
    '',
    ...table(answeredByDistance),
    '',
    'Rows of other placements have it computed; a search index and the archive do not take it in `where`, and pages are not',
    'ordered by it. Redis searches from latitudes within ±85.05112878; from others Aurora answers. Two columns against two',
    'columns, as in a join, are for Aurora and the combine step.',
    '',
    '## Groups and counts that a store answers itself',
    '',
    'Exactly as PostgreSQL, or not at all: where one of these cannot be exact in a store, the next placement is asked.',
    '',
    ...table(answeredNatively),
    '',
    'A search index counts different values one by one, in groups of each value, 100,000 at most: its own `cardinality` is an',
    'estimate at any precision, so no answer has it. Its sums are doubles, so a sum that may leave 2^53 is left to others;',
    'its times are milliseconds, so bins of finer widths or origins are too. Divided numbers are cut towards zero, as in',
    'PostgreSQL, where its own histogram would go down. It gives the first 100 rows of a group at most, and 10,000 in all.',
    '',
    '## Where several stores are combined',
    '',
    'Answers are PostgreSQL’s: types, digits, nulls, the order of texts by code point, errors of division and range.',
    '',
    ...table(answeredWhereCombined),
    '',
    `Functions of a row: ${words(combinedFunctions)}.`,
    '',
    `Aggregates: ${words(combinedAggregates)}. Window functions: ${words(combinedWindows)}.`,
    '',
    'Refused by name, because DuckDB would answer otherwise than PostgreSQL, or the answer has no one value:',
    '',
    ...table(refusedWhereCombined),
    '',
    'A value can be refused while a statement runs: `upper` of a text with ß. Read are at most 100,000 rows of a table, and',
    'by the values of another table at most 5,000 of these.',
    '',
  ].join('\n');
}

if (import.meta.main) process.stdout.write(renderSql());
