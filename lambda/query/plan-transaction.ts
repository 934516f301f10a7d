import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogEntity } from '../model/index.ts';
import { ofStatement } from '../stores/statement-error.ts';
import type { Caller } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { refuse } from './check-words.ts';
import { planWrite } from './plan-write.ts';
import { searchForm } from './search-words.ts';
import type { RowWritePlan } from './write-plan.ts';

/** Statements that are done together, all at one source. */
export type TransactionPlan =
  | { readonly kind: 'sql'; readonly statements: readonly Statement[] }
  | { readonly kind: 'rows'; readonly plans: readonly RowWritePlan[] };

export interface GivenStatement {
  readonly statement: Statement;
  readonly params: readonly Value[];
}

type SourceName = 'aurora' | 'dynamodb' | 'kafka';
// The kinds are `aurora.source` and so on.
const sourceOf = (entity: CatalogEntity): SourceName => entity.source.kind.split('.')[0] as SourceName;
const entitiesOf = ({ statement }: GivenStatement): readonly CatalogEntity[] => [
  ...new Set([...statement.writes, ...statement.reads]),
];

/**
 * Decides how several statements reach the one source of all that they read and write.
 *
 * @throws PolystoreError `not_supported` for two sources, and whatever is wrong with a statement: of all of them
 *   (`details.problems`), with the code of the first.
 */
export function planTransaction(given: readonly GivenStatement[], caller: Caller): TransactionPlan {
  const sources = new Set(given.flatMap(entitiesOf).map(sourceOf));
  if (sources.size > 1) throw twoSources(given);
  if (!sources.has('dynamodb')) {
    each(given, ({ statement, params }) => {
      if (statement.access === 'write') planWrite(statement, caller, params);
      else requireReadable(statement);
    });
    return { kind: 'sql', statements: given.map(({ statement }) => statement) };
  }
  const plans = each(given, ({ statement, params }) => {
    if (statement.access === 'read')
      throw refuse(
        'a select in a transaction on DynamoDB',
        'Say what a row must meet in the where of the write, with rowCount beside it, and ask for columns with returning; or read before, in a request of its own.',
      );
    const plan = planWrite(statement, caller, params);
    if (plan.kind === 'rows') return plan;
    throw new PolystoreError('internal', 'A write to DynamoDB was planned as SQL.');
  });
  return { kind: 'rows', plans };
}

/** PostgreSQL reads what it is the source of; views there follow their sources and are in no transaction with them. */
function requireReadable({ reads, searches }: Statement): void {
  if (searches) throw refuse('match() in a transaction', `Ask in a request of its own: ${searchForm}.`);
  const events = reads.find((entity) => sourceOf(entity) === 'kafka');
  if (events !== undefined)
    throw refuse(`${events.name}, which holds events, in a transaction`, 'Read it in a request of its own.');
}

function twoSources(given: readonly GivenStatement[]): PolystoreError {
  const uses = given.map((one, index) => {
    const used = entitiesOf(one).map((entity) => `${entity.name} (${sourceOf(entity)})`);
    return `statement ${index + 1} uses ${used.join(', ') || 'none'}`;
  });
  return refuse(
    `a transaction over two sources, which no transaction spans: ${uses.join('; ')}`,
    'Send one request for the statements of each source.',
  );
}

/**
 * Does the same with each statement.
 *
 * @throws PolystoreError with the problems of all.
 */
function each<Given, Done>(given: readonly Given[], work: (one: Given) => Done): readonly Done[] {
  return settled(
    given.map((one) => {
      try {
        return { status: 'fulfilled', value: work(one) };
      } catch (reason) {
        return { status: 'rejected', reason };
      }
    }),
  );
}

/** What became of each statement. @throws PolystoreError with the problems of all. */
export function settled<Done>(outcomes: readonly PromiseSettledResult<Done>[]): readonly Done[] {
  const failed = outcomes.flatMap((outcome, index) => {
    if (outcome.status === 'fulfilled') return [];
    const error: unknown = outcome.reason;
    if (!(error instanceof PolystoreError)) throw error;
    return [ofStatement(error, { index, of: outcomes.length })];
  });
  const [first] = failed;
  if (first === undefined)
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (failed.length === 1) throw first;
  throw new PolystoreError(first.code, failed.map(({ message }) => message).join(' '), {
    cause: first,
    details: {
      ...first.details,
      problems: failed.map(({ code, message, details }) => ({ statement: details.statement, code, message })),
    },
  });
}
