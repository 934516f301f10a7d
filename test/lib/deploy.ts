import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type Catalog, compile, functionsOf, type Model } from '../../lambda/model/index.ts';
import { createDeployment, type Deployment, type Environment, environments } from '../../lib/index.ts';
import flights from '../../model/flights.ts';

/** Validation of every template belongs to a gate, not to unit tests: it makes a synth 4 to 8 times slower. */
process.env.CDK_VALIDATION = 'false';

export const root = join(import.meta.dirname, '..', '..');

/** The context that the command line would read from cdk.json. */
const fileContext = (): Record<string, unknown> => {
  const parsed: unknown = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  // cdk.json is ours; a missing context fails the tests that depend on it.
  return (parsed as { readonly context: Record<string, unknown> }).context;
};

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the tests of the file have run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-cdk-'));
  folders.push(folder);
  return folder;
}

export const newApp = (): App => new App({ context: fileContext(), outdir: temporaryFolder() });

/** A VPC that someone else made, with an isolated subnet in each of so many zones. */
export function foreignVpc(stack: Stack, zones: number): IVpc {
  const each = (name: string): string[] =>
    Array.from({ length: zones }, (_, index) => `${name}-${index + 1}`);
  return Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: each('zone'),
    isolatedSubnetIds: each('subnet'),
    isolatedSubnetRouteTableIds: each('rtb'),
  });
}

/** One folder for each function, as bin/build.ts would make them, with next to nothing in it. */
export function writeCode(catalog: Catalog): string {
  const folder = temporaryFolder();
  for (const { name } of functionsOf(catalog)) {
    mkdirSync(join(folder, name, 'dist'), { recursive: true });
    writeFileSync(join(folder, name, 'dist', 'index.js'), `export const handler = async () => '${name}';\n`);
  }
  return folder;
}

export type Part = keyof Deployment;
export const parts: readonly Part[] = ['network', 'relational', 'table', 'cache', 'log', 'functions', 'api'];

export interface Deployed {
  readonly catalog: Catalog;
  readonly stacks: Deployment;
  readonly templates: Readonly<Record<Part, Template>>;
}

/** An environment with an issuer that is no example, so that tests are not warned of it. */
export function environmentOf(name: string): Environment {
  const found = environments[name];
  if (found === undefined) throw new TypeError(`there is no ${name}`);
  const issuer = 'https://issuer.test/';
  return {
    ...found,
    api: {
      ...found.api,
      identity: { ...found.api.identity, issuer, keys: { kind: 'url', url: `${issuer}jwks` } },
    },
  };
}
export const dev: Environment = environmentOf('dev');

/** Synthesises a deployment: of the sample in dev, unless told otherwise. */
export function deploy(
  options: {
    readonly model?: Model;
    readonly environment?: Partial<Environment>;
    readonly destroyConsent?: unknown;
    readonly context?: Readonly<Record<string, unknown>>;
  } = {},
): Deployed {
  const catalog = compile(options.model ?? flights);
  const stacks = createDeployment(newApp(), {
    catalog,
    environment: { ...dev, ...options.environment },
    codeFolder: writeCode(catalog),
    destroyConsent: options.destroyConsent,
    context: options.context ?? {},
  });
  const template = (part: Part): Template => Template.fromStack(stacks[part]);
  return {
    catalog,
    stacks,
    templates: {
      network: template('network'),
      relational: template('relational'),
      table: template('table'),
      cache: template('cache'),
      log: template('log'),
      functions: template('functions'),
      api: template('api'),
    },
  };
}
