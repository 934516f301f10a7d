import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { PolystoreError } from '../errors.ts';
import type { Caller } from '../stores/store.ts';

/**
 * The answer of a REST API's authorizer about a JWT: whom it is of, and that he may ask here or not. The API
 * keeps it for a while by the credential, so it is about all of the stage's methods, not the one that was asked;
 * those for IAM take no JWT whatever it says. The functions behind verify the credential again: this one keeps
 * strangers from starting them.
 *
 * @returns a function that throws `Unauthorized`, which API Gateway answers with 401
 * (docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html), or whatever kept
 * it from knowing, which it answers with 500
 */
export function createAuthorizer(
  authenticate: (headers: Headers) => Promise<Caller>,
): (event: APIGatewayTokenAuthorizerEvent) => Promise<APIGatewayAuthorizerResult> {
  return async ({ authorizationToken, methodArn }) => {
    const answer = (Effect: 'Allow' | 'Deny', principalId: string): APIGatewayAuthorizerResult => ({
      principalId,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: stageOf(methodArn) }],
      },
    });
    try {
      const caller = await authenticate(headersOf(authorizationToken));
      return answer('Allow', caller.subject);
    } catch (error) {
      const code = error instanceof PolystoreError ? error.code : 'internal';
      if (code === 'forbidden') return answer('Deny', 'unknown');
      if (code === 'unauthenticated') throw new Error('Unauthorized', { cause: error });
      throw error;
    }
  };
}

/** What no header can hold is no credential. */
function headersOf(authorization: string): Headers {
  try {
    return new Headers({ authorization });
  } catch {
    return new Headers();
  }
}

/** `arn:…:<api>/<stage>/<method>/<path>` → `arn:…:<api>/<stage>/*`. */
const stageOf = (methodArn: string): string => `${methodArn.split('/').slice(0, 2).join('/')}/*`;
