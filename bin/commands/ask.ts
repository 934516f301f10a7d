import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { messageOf, PolystoreError } from '../../lambda/errors.ts';
import { type Workload, workloads } from '../../lambda/model/index.ts';
import { type Isolation, isolations } from '../../lambda/stores/isolation.ts';
import {
  type ApiRequest,
  callApi,
  callLines,
  type StatementRequest,
} from '../../local/deployment/api-client.ts';
import { openCredentials } from '../../local/deployment/credentials.ts';
import { requireRun } from '../../local/deployment/run-file.ts';
import { drawAnswer, drawTransaction } from './draw-answer.ts';
import { drawPlan } from './draw-plan.ts';
import {
  addCallerOptions,
  type CallerOptions,
  collectParameter,
  parseFreshness,
  parseRows,
} from './options.ts';
import { readStatements } from './read-statements.ts';

/** `polystore query` and `polystore explain`: one statement to the API of the run in this folder. */

interface AskOptions extends CallerOptions {
  readonly param: readonly unknown[];
  readonly token?: string;
  readonly freshness?: number;
  readonly workload?: Workload;
  readonly pageSize?: number;
  readonly cursor?: string;
  readonly partial?: boolean;
}

export interface QueryOptions extends AskOptions {
  readonly file?: string;
  readonly isolation?: Isolation;
  readonly ndjson?: boolean;
}

/** Credentials for one command need not live long. */
const credentialSeconds = 300;

export function addAskCommands(program: Command, stateDir: string): void {
  const query = addAskOptions(
    program.command('query [sql...]').description('run statements; prints rows, token and route'),
  )
    .option('-f, --file <path>', 'take the statements of a file, or of the standard input (-)')
    .addOption(
      new Option('--isolation <level>', 'of several statements, which are done all or not at all').choices(
        isolations,
      ),
    )
    .option('--ndjson', 'print the answer in lines of JSON, as they come: columns, rows, token');
  query.action(async (texts: readonly string[], options: QueryOptions) => {
    const asked = await readAsked(texts, options);
    const api = await openApi(stateDir, options);
    if (options.ndjson === true) {
      await callLines(api, asked.request, console.log);
      return;
    }
    const answer = await callApi(api, '/query', asked.request).catch((error: unknown) => {
      throw asked.kind === 'transaction' ? withPlace(error, asked.places) : error;
    });
    const draw = asked.kind === 'transaction' ? drawTransaction : drawAnswer;
    console.log(options.json ? JSON.stringify(answer) : draw(answer));
  });
  addAskOptions(
    program
      .command('explain <sql>')
      .description('say how a statement would be answered, without running it unless --analyze is given'),
  )
    .option('--analyze', 'run it too, and say what each placement gave and how long it took; reads only')
    .action(async (sql: string, options: AskOptions & { readonly analyze?: boolean }) => {
      const api = await openApi(stateDir, options);
      const analyze = options.analyze === true ? { analyze: true } : {};
      const answer = await callApi(api, '/explain', { ...requestOf(sql, options), ...analyze });
      console.log(options.json ? JSON.stringify(answer) : drawPlan(answer, process.stdout.columns ?? 100));
    });
}

const addAskOptions = (command: Command): Command =>
  addCallerOptions(command)
    .addOption(
      new Option('--param <value>', 'a value for $1, $2 …, as JSON or text; repeat it')
        .default([], 'none')
        .argParser(collectParameter),
    )
    .option('--token <token>', 'what the answer must at least have seen: the token of an earlier answer')
    .option('--freshness <seconds>', 'how old the answer may be; 0 reads the sources', parseFreshness)
    .option('--page-size <rows>', 'so many rows at most, and a cursor for those behind them', parseRows)
    .option('--cursor <cursor>', 'reads on from the page that ended with it, with --page-size')
    .option('--partial', 'answer without what a store that is down would give, and say what that is')
    .addOption(
      new Option('--workload <name>', 'whose replica of Aurora answers; default: by the statement').choices(
        workloads,
      ),
    );

type Asked =
  | { readonly kind: 'statement'; readonly request: ApiRequest }
  /** Where each statement stands. */
  | { readonly kind: 'transaction'; readonly request: ApiRequest; readonly places: readonly string[] };

/**
 * One statement, or several that are a transaction.
 *
 * @throws PolystoreError `invalid_request` for no statement, and for options that several statements do not have
 */
export async function readAsked(texts: readonly string[], options: QueryOptions): Promise<Asked> {
  const { file, isolation, token, param } = options;
  if ((file === undefined) === (texts.length === 0))
    throw new PolystoreError(
      'invalid_request',
      'Give statements, or --file with the path of a file that has them (- for the standard input).',
    );
  const [only, ...more] = texts;
  // As it was typed: an access pattern is known by its text.
  if (only !== undefined && more.length === 0 && !only.includes(';') && isolation === undefined)
    return { kind: 'statement', request: requestOf(only, options) };
  const statements =
    file === undefined
      ? await Promise.all(texts.map((text, index) => readStatements(text, `statement ${index + 1}`)))
      : [await readStatements(readText(file), file)];
  const places = statements.flatMap((some, index) =>
    some.map(({ line }) => `${file ?? `argument ${index + 1}`}, line ${line}`),
  );
  const all = statements.flat();
  const [first] = all;
  if (first !== undefined && all.length === 1 && isolation === undefined)
    return { kind: 'statement', request: requestOf(first.sql, options) };
  const unfit: string[] = Object.entries(ofOneStatement).flatMap(([name, option]) =>
    options[name as keyof typeof ofOneStatement] === undefined ? [] : [option],
  );
  if (param.length > 0 && all.length > 1) unfit.push('--param');
  if (unfit.length > 0)
    throw new PolystoreError(
      'invalid_request',
      `${unfit.join(', ')} ${unfit.length === 1 ? 'is' : 'are'} of one statement; ${all.length === 1 ? 'a transaction was asked for (--isolation)' : `${all.length} were given`}.`,
    );
  return {
    kind: 'transaction',
    request: {
      statements: all.map(({ sql }) => ({ sql, params: all.length === 1 ? param : [] })),
      ...(isolation !== undefined && { isolation }),
      ...(token !== undefined && { token }),
    },
    places,
  };
}

/** What a transaction does not take. */
const ofOneStatement = {
  freshness: '--freshness',
  workload: '--workload',
  pageSize: '--page-size',
  cursor: '--cursor',
  partial: '--partial',
  ndjson: '--ndjson',
} as const;

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new PolystoreError('invalid_request', `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

/** An error of a statement says where that stands. */
function withPlace(error: unknown, places: readonly string[]): unknown {
  if (!(error instanceof PolystoreError)) return error;
  const { statement } = error.details;
  const place = typeof statement === 'number' ? places[statement - 1] : undefined;
  if (place === undefined) return error;
  return new PolystoreError(error.code, `${error.message} (${place})`, {
    cause: error,
    details: error.details,
  });
}

async function openApi(stateDir: string, { operator, tenant }: CallerOptions) {
  const run = await requireRun(stateDir);
  const credentials = await openCredentials(stateDir);
  const bearer = await credentials.issue(
    operator === true ? { kind: 'operator' } : { kind: 'tenant', tenant },
    credentialSeconds,
  );
  return { url: run.api, bearer };
}

const requestOf = (sql: string, options: AskOptions): StatementRequest => ({
  sql,
  params: options.param,
  ...(options.token !== undefined && { token: options.token }),
  ...(options.freshness !== undefined && { freshness: options.freshness }),
  ...(options.workload !== undefined && { workload: options.workload }),
  limits: {
    ...(options.pageSize !== undefined && { pageSize: options.pageSize }),
    ...(options.partial === true && { partial: true }),
  },
  ...(options.cursor !== undefined && { cursor: options.cursor }),
});
