// Renders docs/infrastructure.md from the construct trees and templates of every environment:
// `CDK_VALIDATION=false node docs/render-infrastructure.ts > docs/infrastructure.md`, with Node 24.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct, type IConstruct } from 'constructs';
import { compile } from '../lambda/model/index.ts';
import { costOf, priceList, prices, renderCost } from '../lib/cost/index.ts';
import * as lib from '../lib/index.ts';
import flights from '../model/flights.ts';
import { writeCapture } from '../test/lib/capture-options.ts';
import { writeFunctionFolders } from '../test/lib/function-folders.ts';

const root = dirname(import.meta.dirname);

type ConstructClass = abstract new (...props: never[]) => Construct;
const isConstructClass = (value: unknown): value is ConstructClass =>
  typeof value === 'function' && value.prototype instanceof Construct;
/** Every construct that lib exports, by name. */
const constructs = Object.entries<unknown>(lib).flatMap(([name, value]) =>
  isConstructClass(value) ? [[name, value] as const] : [],
);

interface Environment {
  readonly name: string;
  readonly stacks: readonly Stack[];
  readonly templates: readonly { readonly name: string; readonly template: Record<string, unknown> }[];
}

function synthesise(name: string, folder: string): Environment {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
    // cdk.json is ours.
    readonly context: Record<string, unknown>;
  };
  const app = new App({ context, outdir: join(folder, name) });
  const catalog = compile(flights);
  lib.createDeployment(app, {
    catalog,
    environment: lib.selectEnvironment(name),
    codeFolder: writeFunctionFolders(catalog, folder),
    capture: writeCapture(catalog, folder),
    destroyConsent: undefined,
    context: {},
  });
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  return {
    name,
    stacks,
    templates: stacks.map((stack) => ({
      name: stack.stackName,
      template: Template.fromStack(stack).toJSON(),
    })),
  };
}

/** Our constructs of a stack, those inside of another of ours left out. */
function oursOf(stack: Stack): readonly { readonly child: IConstruct; readonly of: string }[] {
  const visit = (node: IConstruct): readonly { readonly child: IConstruct; readonly of: string }[] =>
    node.node.children.flatMap((child) => {
      const found = constructs.find(([, made]) => (child as object) instanceof made);
      return found === undefined ? visit(child) : [{ child, of: found[0] }];
    });
  return visit(stack);
}

const idOf = (path: string): string => path.replaceAll(/[^A-Za-z0-9]/g, '_');
const partOf = (stack: Stack): string => stack.stackName.split('-').slice(2).join('-');

/** A box for each stack with its constructs in it; an arrow from a stack to each that it depends on, unless another arrow implies it. */
function renderDiagram({ stacks }: Environment): string {
  const needs = (stack: Stack): readonly Stack[] => stack.dependencies;
  const implied = (from: Stack, to: Stack): boolean =>
    needs(from).some((other) => other !== to && (needs(other).includes(to) || implied(other, to)));
  return [
    '```mermaid',
    'flowchart LR',
    ...stacks.flatMap((stack) => [
      `  subgraph ${idOf(partOf(stack))} [${partOf(stack)}]`,
      ...oursOf(stack).map(({ child, of }) => `    ${idOf(child.node.path)}["${of} ${child.node.id}"]`),
      '  end',
    ]),
    ...stacks.flatMap((stack) =>
      needs(stack)
        .filter((other) => !implied(stack, other))
        .map((other) => `  ${idOf(partOf(stack))} --> ${idOf(partOf(other))}`)
        .sort(),
    ),
    '```',
  ].join('\n');
}

/** The page, as Markdown. A test holds that docs/infrastructure.md is this text. */
export function renderInfrastructure(): string {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-infrastructure-'));
  try {
    const all = Object.keys(lib.environments).map((name) => synthesise(name, folder));
    const largest = all.find(({ name }) => name === 'prod') ?? all[0];
    if (largest === undefined) throw new TypeError('there is no environment');
    const costs = all.map(({ name, templates }) => ({ name, cost: costOf(templates) }));
    const sources = [...new Set(Object.values(prices).map(({ source }) => source))].sort();
    const alone = Object.entries(prices)
      .filter(([, { agrees }]) => agrees === undefined)
      .map(([name, { usd }]) => `${name} (${usd})`)
      .join(', ');
    return [
      '# Infrastructure',
      '',
      'Made by `CDK_VALIDATION=false node docs/render-infrastructure.ts > docs/infrastructure.md` (Node 24) from the construct trees and templates of',
      'the sample; a test fails when it is old.',
      '',
      `## What there is, in ${largest.name}`,
      '',
      'A box is a stack, with our constructs in it; an arrow leads from a stack to one that must be there first.',
      '',
      renderDiagram(largest),
      '',
      '## What it costs at rest',
      '',
      'A month while nobody uses it and nothing is stored in it: what runs by the hour, volumes, keys. What is paid by use comes on top:',
      'requests, what is stored in Aurora, DynamoDB, Keyspaces and S3, logs and metrics, traffic, backups beyond what is included.',
      'Aurora is counted at its least capacity, which logical replication keeps awake.',
      '',
      `**These are list prices that people wrote down by hand** ([lib/cost/prices.ts](../lib/cost/prices.ts)): ${priceList.region}, on demand, before`,
      `tax, ${priceList.hoursPerMonth} hours a month. No program read them from AWS; on ${priceList.asOf} each was compared with public copies of AWS’s price list, which`,
      `that file names, but for ${alone}. They must be renewed by hand. What no price`,
      'is known for is listed, and the sum is without it.',
      '`npx polystore deploy cost` says the same of any synth, and a pull request is told the difference.',
      '',
      '| | a month at rest |',
      '| --- | --: |',
      ...costs.map(
        ({ name, cost }) => `| ${name} | $${Math.round(cost.usdPerMonth).toLocaleString('en-US')} |`,
      ),
      ...costs.flatMap(({ name, cost }) => ['', `### ${name}`, '', renderCost(cost)]),
      '',
      'Sources, AWS’s pages of prices:',
      ...sources.map((source) => `- <${source}>`),
      '',
      '## One construct in your own app',
      '',
      'Each is a `Construct` with `(scope, id, props)`, asks for an `IVpc` where it lives in one, and lets nobody in until you say who. The',
      'examples are compiled and synthesised by the tests. Copy one, with `lib/` and `lambda/model/` beside it (the package is not published),',
      'and give it your VPC. Whatever holds data is kept when it leaves the stack: to destroy it takes `removalPolicy: DESTROY`, and',
      '`deletionProtection: false` where the service has that. Its construct id is part of its logical id: another id is another, empty store.',
      '',
      '| construct | example |',
      '| --- | --- |',
      ...constructs
        .map(([name]) => name)
        .sort()
        .map((name) => {
          const file = `${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}.ts`;
          return `| \`${name}\` | [docs/examples/${file}](examples/${file}) |`;
        }),
      '',
    ].join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(renderInfrastructure());
