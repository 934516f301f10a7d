import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { type Workload, workloads } from '../../lambda/model/index.ts';
import { type ApiRequest, callApi } from '../../local/deployment/api-client.ts';
import { openCredentials } from '../../local/deployment/credentials.ts';
import { requireRun } from '../../local/deployment/run-file.ts';
import { addCallerOptions, type CallerOptions, collectParameter, parseFreshness } from './options.ts';

/** `polystore query` and `polystore explain`: one statement to the API of the run in this folder. */

const answerShape = z.looseObject({
  columns: z.array(z.looseObject({ name: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  rowCount: z.number(),
  token: z.string().nullable(),
  route: z.looseObject({ placement: z.string(), engine: z.string(), why: z.string() }),
});

const considered = z.looseObject({
  placement: z.string(),
  engine: z.string(),
  qualifies: z.boolean(),
  why: z.string(),
});
const planShape = z.looseObject({
  class: z.string(),
  chosen: considered,
  considered: z.array(considered),
  request: z.unknown(),
  tenancy: z.string(),
  token: z.string(),
});

interface AskOptions extends CallerOptions {
  readonly param: readonly unknown[];
  readonly token?: string;
  readonly freshness?: number;
  readonly workload?: Workload;
}

/** Credentials for one command need not live long. */
const credentialSeconds = 300;

export function addAskCommands(program: Command, stateDir: string): void {
  const add = (
    name: '/query' | '/explain',
    description: string,
    print: (answer: unknown) => string,
  ): void => {
    const command = program
      .command(`${name.slice(1)} <sql>`)
      .description(description)
      .addOption(
        new Option('--param <value>', 'a value for $1, $2 …, as JSON or text; repeat it')
          .default([], 'none')
          .argParser(collectParameter),
      )
      .option('--token <token>', 'what the answer must at least have seen: the token of an earlier answer')
      .option('--freshness <seconds>', 'how old the answer may be; 0 reads the sources', parseFreshness)
      .addOption(
        new Option('--workload <name>', 'whose replica of Aurora answers; default: by the statement').choices(
          workloads,
        ),
      );
    addCallerOptions(command).action(async (sql: string, options: AskOptions) => {
      const answer = await ask(stateDir, name, sql, options);
      console.log(options.json ? JSON.stringify(answer) : print(answer));
    });
  };
  add('/query', 'run a statement; prints rows, token and route', renderAnswer);
  add('/explain', 'say how a statement would be answered, without running it', renderPlan);
}

async function ask(
  stateDir: string,
  path: '/query' | '/explain',
  sql: string,
  options: AskOptions,
): Promise<unknown> {
  const run = await requireRun(stateDir);
  const credentials = await openCredentials(stateDir);
  const bearer = await credentials.issue(
    options.operator ? { kind: 'operator' } : { kind: 'tenant', tenant: options.tenant },
    credentialSeconds,
  );
  const request: ApiRequest = {
    sql,
    params: options.param,
    ...(options.token !== undefined && { token: options.token }),
    ...(options.freshness !== undefined && { freshness: options.freshness }),
    ...(options.workload !== undefined && { workload: options.workload }),
  };
  return callApi({ url: run.api, bearer }, path, request);
}

function renderAnswer(answer: unknown): string {
  const { columns, rows, rowCount, token, route } = answerShape.parse(answer);
  const lines: string[] = [];
  if (columns.length > 0) {
    const table = new Table({ head: columns.map((column) => column.name), style: { head: [], border: [] } });
    for (const row of rows) table.push(columns.map((column) => renderCell(row[column.name])));
    lines.push(table.toString());
  }
  lines.push(
    `${rowCount} ${rowCount === 1 ? 'row' : 'rows'} from ${route.placement} (${route.engine}): ${route.why}`,
  );
  if (token !== null) lines.push(`token ${token}`);
  return lines.join('\n');
}

function renderPlan(answer: unknown): string {
  const plan = planShape.parse(answer);
  const table = new Table({
    head: ['', 'placement', 'engine', 'why'],
    style: { head: [], border: [] },
    colWidths: [3, 28, 10, 72],
    wordWrap: true,
  });
  for (const each of plan.considered) {
    const mark = each.placement === plan.chosen.placement ? '→' : each.qualifies ? '✓' : '✗';
    table.push([mark, each.placement, each.engine, each.why]);
  }
  return [
    `${plan.class}: ${plan.chosen.placement} (${plan.chosen.engine})`,
    table.toString(),
    `request  ${JSON.stringify(plan.request)}`,
    `tenancy  ${plan.tenancy}`,
    `token    ${plan.token}`,
  ].join('\n');
}

function renderCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
