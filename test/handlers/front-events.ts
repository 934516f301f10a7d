/**
 * Events of both fronts for one request, with the members that AWS's documentation shows and made-up values:
 * docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html (format 2.0) and
 * …/set-up-lambda-proxy-integrations.html (REST API).
 */
export interface FrontRequest {
  readonly path: string;
  readonly body: string;
  /** A JWT. */
  readonly bearer?: string;
  /** Whose signature a REST API has verified. */
  readonly userArn?: string;
}

const host = 'a1b2c3.execute-api.eu-west-1.amazonaws.com';
const headersOf = ({ bearer, userArn }: FrontRequest): Record<string, string> => ({
  ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  ...(userArn !== undefined && {
    authorization: 'AWS4-HMAC-SHA256 Credential=AKIAMADEUP/20261126/eu-west-1/execute-api/aws4_request',
  }),
  'content-type': 'application/json',
  host,
  'user-agent': 'test',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'https',
});

/** As the function of an HTTP API gets it. */
export const httpApiEvent = (request: FrontRequest) => ({
  version: '2.0',
  routeKey: `POST ${request.path}`,
  rawPath: request.path,
  rawQueryString: '',
  headers: headersOf(request),
  requestContext: {
    accountId: '000000000000',
    apiId: 'a1b2c3',
    authorizer: { jwt: { claims: { iss: 'https://issuer.test', sub: 'u' }, scopes: null } },
    domainName: host,
    domainPrefix: 'a1b2c3',
    http: {
      method: 'POST',
      path: request.path,
      protocol: 'HTTP/1.1',
      sourceIp: '192.0.2.1',
      userAgent: 'test',
    },
    requestId: 'JKJaXmPLvHcESHA=',
    routeKey: `POST ${request.path}`,
    stage: '$default',
    time: '26/Nov/2026:18:00:00 +0000',
    timeEpoch: 1_795_716_000_000,
  },
  body: request.body,
  isBase64Encoded: false,
});

/** As the function of a REST API gets it, streaming or not. */
export const restApiEvent = (request: FrontRequest) => {
  const headers = headersOf(request);
  return {
    resource: request.path,
    path: request.path,
    httpMethod: 'POST',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      resourceId: 'q1w2e3',
      ...(request.userArn === undefined && { authorizer: { principalId: 'u', integrationLatency: 12 } }),
      resourcePath: request.path,
      httpMethod: 'POST',
      extendedRequestId: 'U1XgyEL3DoEFqbQ=',
      requestTime: '26/Nov/2026:18:00:00 +0000',
      path: `/v1${request.path}`,
      accountId: '000000000000',
      protocol: 'HTTP/1.1',
      stage: 'v1',
      domainPrefix: 'a1b2c3',
      requestTimeEpoch: 1_795_716_000_000,
      requestId: '5a8e6c1e-0000-4000-8000-000000000000',
      identity: {
        cognitoIdentityPoolId: null,
        accountId: request.userArn === undefined ? null : '000000000000',
        cognitoIdentityId: null,
        caller: request.userArn === undefined ? null : 'AROAMADEUP:s',
        sourceIp: '192.0.2.1',
        principalOrgId: null,
        accessKey: request.userArn === undefined ? null : 'AKIAMADEUP',
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: request.userArn ?? null,
        userAgent: 'test',
        user: request.userArn === undefined ? null : 'AROAMADEUP:s',
      },
      domainName: host,
      deploymentId: 'd1e2p3',
      apiId: 'a1b2c3',
    },
    body: request.body,
    isBase64Encoded: false,
  };
};
