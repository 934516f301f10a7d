import { Stack } from 'aws-cdk-lib';
import { RouterService } from '../../lib/index.ts';
import type { Example } from './example.ts';
import { createFunctions } from './functions.ts';

/** The router as a service beside the functions of a model with all stores. */
export const example: Example = (app, built) => {
  const stack = new Stack(app, 'OrdersRouter');
  const {
    searchReaders: [role],
    ...made
  } = createFunctions(stack, built, { service: true });
  const { catalog, functions, network, stores } = made;
  if (role === undefined) throw new TypeError('a service has a role');
  new RouterService(stack, 'Router', {
    catalog,
    serviceName: 'orders',
    codeFolder: built.codeFolder,
    network,
    stores,
    tokenSecret: functions.tokenSecret,
    encryptionKey: functions.encryptionKey,
    role,
    functionOf: (name) => functions.get(name),
    identity: {
      issuer: 'https://issuer.test/',
      audience: 'orders',
      keys: { kind: 'url', url: 'https://issuer.test/jwks' },
    },
    generation: 0,
    certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
  });
  return stack;
};
