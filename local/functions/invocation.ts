/** What Lambda tells of an error that a function threw, or that ended it. */
export interface InvocationError {
  /** The error's name, or one of Lambda's own: `Runtime.ExitError`, `Sandbox.Timedout`, … */
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** The end of one invocation. A failure is an expected outcome, so it is a value and not thrown. */
export type InvocationResult = { readonly requestId: string } & (
  | {
      readonly kind: 'success';
      /** What the handler returned, through JSON and back; `null` when it returned nothing. */
      readonly payload: unknown;
    }
  | { readonly kind: 'failure'; readonly error: InvocationError }
);

/** Invokes a function and waits for its answer. Never throws. */
export type Invoke = (event: unknown) => Promise<InvocationResult>;

/**
 * Lambda's limits on the payloads of a synchronous invocation, in bytes of JSON
 * (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
export const payloadLimits = { request: 6_291_456, response: 6_291_556 } as const;

export function failure(requestId: string, errorType: string, errorMessage: string): InvocationResult {
  return { kind: 'failure', requestId, error: { errorType, errorMessage, trace: [] } };
}
