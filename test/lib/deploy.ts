import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type Catalog, compile, type IndexWaves } from '../../lambda/model/index.ts';
import { createDeployment, type Deployment, type Environment, environments } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import { contractCatalog } from '../stores/contract-model.ts';
import { writeCapture } from './capture-options.ts';
import { environmentFor } from './environment-for.ts';
import { fileContext } from './file-context.ts';
import { writeFunctionFolders } from './function-folders.ts';

/** Validation of every template belongs to a gate, not to unit tests: it makes a synth 4 to 8 times slower. */
process.env.CDK_VALIDATION = 'false';

export const root = join(import.meta.dirname, '..', '..');

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

/** The code of a deployment's functions, next to nothing. */
export const writeCode = (catalog: Catalog): string => writeFunctionFolders(catalog, temporaryFolder());

export type Part = keyof Deployment;
/** Parts that a model without views in their stores lacks. */
type SometimesPart = { [P in Part]: undefined extends Deployment[P] ? P : never }[Part];

export interface Deployed {
  readonly catalog: Catalog;
  readonly stacks: Deployment;
  /** The parts that the model needs. */
  readonly parts: readonly Part[];
  readonly templates: Readonly<Record<Exclude<Part, SometimesPart>, Template>> &
    Readonly<Partial<Record<SometimesPart, Template>>>;
}

/** The stack of a part that the deployment has. */
export const stackOf = ({ stacks }: Pick<Deployed, 'stacks'>, part: Part): Stack => there(stacks[part], part);
/** The template of a part that the deployment has. */
export const templateOf = ({ templates }: Pick<Deployed, 'templates'>, part: Part): Template =>
  there(templates[part], part);

function there<T>(found: T | undefined, part: Part): T {
  if (found === undefined) throw new TypeError(`the deployment has no ${part}`);
  return found;
}

/** A model with a view of every kind: that of the stores' contract. */
export const everything: Catalog = contractCatalog('everything');

/** An environment with an issuer that is no example, and with somebody to tell, so that tests are not warned of it. */
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
    alarms: { ...found.alarms, emails: ['operations@issuer.test'] },
  };
}
export const dev: Environment = environmentOf('dev');

/** Synthesises a deployment: of the sample in dev, unless told otherwise. */
export function deploy(
  options: {
    readonly catalog?: Catalog;
    readonly environment?: Partial<Environment>;
    readonly destroyConsent?: unknown;
    readonly indexWaves?: IndexWaves;
    readonly context?: Readonly<Record<string, unknown>>;
  } = {},
): Deployed {
  const catalog = options.catalog ?? compile(flights);
  const stacks = createDeployment(newApp(), {
    catalog,
    environment: environmentFor(catalog, { ...dev, ...options.environment }),
    codeFolder: writeCode(catalog),
    capture: writeCapture(catalog, temporaryFolder()),
    destroyConsent: options.destroyConsent,
    ...(options.indexWaves !== undefined && { indexWaves: options.indexWaves }),
    context: options.context ?? {},
  });
  // A deployment is a stack for each of its parts, and nothing else.
  const found = Object.entries(stacks).filter(([, stack]) => stack !== undefined) as [Part, Stack][];
  return {
    catalog,
    stacks,
    parts: found.map(([part]) => part),
    templates: Object.fromEntries(
      found.map(([part, stack]) => [part, Template.fromStack(stack)]),
      // Every stack that there is has its template.
    ) as unknown as Deployed['templates'],
  };
}
