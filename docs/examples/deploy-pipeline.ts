import { Stack } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { AlarmTopic, DeployPipeline, Network } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** A pipeline that deploys a network to two accounts, to the second one after somebody approved. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersPipeline', { env: { account: '111111111111', region: 'eu-west-1' } });
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new DeployPipeline(stack, 'Pipeline', {
    connectionArn: 'arn:aws:codeconnections:eu-west-1:111111111111:connection/example',
    repository: 'example/orders',
    stages: [
      { environment: 'dev', account: '222222222222' },
      { environment: 'prod', account: '333333333333', approval: true },
    ].map((each) => ({
      ...each,
      region: 'eu-west-1',
      createStacks: (stage) => {
        const network = new Stack(stage, 'Network', { stackName: `Orders-${each.environment}-Network` });
        new Network(network, 'Network', { edges: [] });
      },
    })),
    install: ['npm ci'],
    test: ['npm test'],
    synth: ['npx cdk synth'],
    notify: topic as ITopic,
  });
  return stack;
};
