import { Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import { Api } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** The HTTP API before a function of your own. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersApi');
  const query = new lambda.Function(stack, 'Query', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });'),
  });
  new Api(stack, 'Api', {
    apiName: 'orders',
    specs: functionsOf(compile(flights)).filter(({ name }) => name === 'query'),
    functionOf: () => query,
    issuer: 'https://issuer.test/',
    audience: 'orders',
    encryptionKey: new kms.Key(stack, 'Key', { enableKeyRotation: true }),
  });
  return stack;
};
