// The CDK app of the pipeline that deploys every environment from inside AWS (docs/ci.md). Accounts and regions come by
// context, and the pipeline's own synth says the same context again:
// `npx cdk deploy --app "node_modules/.bin/node bin/pipeline.ts" -c repository=owner/name -c connection=arn:… -c pipeline=<account>/<region> -c dev=<account>/<region> …`
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import * as z from 'zod';
import { PolystoreError } from '../lambda/errors.ts';
import { AlarmTopic, createDeployment, DeployPipeline, environments } from '../lib/index.ts';
import { prepareDeployments } from './deployment-options.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = 'node_modules/.bin/node bin/pipeline.ts';

/** `<account>/<region>` */
const place = z.string().transform((text) => {
  const [account = '', region = ''] = text.split('/');
  return { account, region };
});
const contextShape = z.object({
  repository: z.string(),
  connection: z.string(),
  branch: z.string().default('main'),
  emails: z.string().default(''),
  qualifier: z.string().optional(),
  pipeline: place,
  ...Object.fromEntries(Object.keys(environments).map((name) => [name, place])),
});

/** Everything that was said, for the synth inside the pipeline to say it again. */
const sayAgain = (given: Readonly<Record<string, unknown>>): string =>
  Object.keys(contextShape.shape)
    .filter((name) => given[name] !== undefined)
    .map((name) => ` -c ${quoted(`${name}=${String(given[name])}`)}`)
    .join('');
/** One word to a shell, whatever is in it. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** @throws PolystoreError `invalid_configuration` that tells each value that is missing. */
function readContext(given: unknown) {
  const parsed = contextShape.safeParse(given);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues.map(({ path }) => String(path[0]));
  throw new PolystoreError(
    'invalid_configuration',
    `Context is missing: ${missing.join(', ')}. Say -c repository=owner/name -c connection=<ARN of the connection>, and <account>/<region> for the pipeline and each environment, as in -c pipeline=<account>/eu-west-1.`,
    { details: { missing } },
  );
}

/** The version that package.json pins. */
const cliVersion = (): string =>
  z
    .object({ devDependencies: z.object({ 'aws-cdk': z.string() }) })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).devDependencies['aws-cdk'];

try {
  const tree = new App();
  const given = tree.node.getAllContext();
  const said = readContext(given);
  const prepared = await prepareDeployments(root, Object.values(environments));
  const stack = new Stack(tree, 'Polystore-Pipeline', {
    description: 'Polystore: the pipeline that deploys every environment',
    env: said.pipeline,
    terminationProtection: true,
  });
  const { topic } = new AlarmTopic(stack, 'Told', {
    displayName: 'Polystore pipeline',
    emails: said.emails.split(',').filter((email) => email !== ''),
  });
  new DeployPipeline(stack, 'Deployment', {
    repository: said.repository,
    branch: said.branch,
    connectionArn: said.connection,
    ...(said.qualifier !== undefined && { qualifier: said.qualifier }),
    stages: prepared.map((each) => ({
      environment: each.environment.name,
      ...place.parse(given[each.environment.name]),
      // As GitHub's environments ask for.
      approval: each.environment.name !== 'dev',
      createStacks: (stage) =>
        void createDeployment(stage, { ...each, destroyConsent: undefined, context: {} }),
    })),
    install: ['npm ci'],
    test: [
      'npm run check:types',
      'npm run check:style',
      'npm run check:architecture',
      'npm test -- --project unit',
      'npm test -- --project cdk',
    ],
    synth: [`npx cdk synth --quiet --no-notices --app ${quoted(command)}${sayAgain(given)}`],
    cliVersion: cliVersion(),
    // Not a package of ours: the pipeline installs it where it publishes.
    assetsVersion: '4.7.3',
    notify: topic as ITopic,
    logRetention: RetentionDays.THREE_MONTHS,
  });
  tree.synth();
} catch (error) {
  console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
