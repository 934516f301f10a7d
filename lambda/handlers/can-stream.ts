/**
 * Whether this is a runtime that takes an answer as it is made: Lambda's has `awslambda.streamifyResponse` before it
 * loads a function (docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html). Packages put an empty
 * `awslambda` there as well.
 */
export function canStream(): boolean {
  const { awslambda } = globalThis as { awslambda?: { streamifyResponse?: unknown } };
  return typeof awslambda?.streamifyResponse === 'function';
}
