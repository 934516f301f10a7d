import type { InvocationError } from './invocation.ts';

/** From the host to the function's process. Payloads are JSON text, as on AWS. */
export type ToFunction =
  | {
      readonly kind: 'invoke';
      readonly requestId: string;
      readonly payload: string;
      /** Milliseconds since the epoch; both processes read the same clock. */
      readonly deadline: number;
    }
  /** Take no more, and end once what runs has ended. */
  | { readonly kind: 'shutdown' };

/** From the function's process to the host. */
export type FromFunction =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: InvocationError }
  | { readonly kind: 'succeeded'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'failed'; readonly requestId: string; readonly error: InvocationError };
