import { Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import { RestApi } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** A REST API with a web ACL before functions of your own, one of which streams and one of which knows JWTs. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersRestApi');
  const create = (id: string, code: string) =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(code),
    });
  const query = create(
    'Query',
    'exports.handler = awslambda.streamifyResponse(async (event, out) => { out = awslambda.HttpResponseStream.from(out, { statusCode: 200 }); out.write("first"); out.end(); });',
  );
  const authorize = create(
    'Authorize',
    'exports.handler = async () => { throw new Error("Unauthorized"); };',
  );
  new RestApi(stack, 'Api', {
    apiName: 'orders',
    specs: functionsOf(compile(flights)).filter(({ name }) => name === 'query'),
    functionOf: () => query,
    authorizer: authorize,
    requestsPerAddress: 1_000,
    encryptionKey: new kms.Key(stack, 'Key', { enableKeyRotation: true }),
  });
  return stack;
};
