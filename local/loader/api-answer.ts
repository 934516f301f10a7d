import * as z from 'zod';
import { type ErrorCode, errorCatalog } from '../../lambda/errors.ts';

const failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean().optional() }),
});

/** What became of one request: an answer, or a refusal and whether trying again can help. */
export type ApiAnswer =
  | { readonly kind: 'answered'; readonly body: unknown }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryable: boolean;
    };

/**
 * Reads a response. A refusal in our own form says itself whether it can be tried again; any other
 * one comes from what stands before the function (API Gateway, or its stand-in, while a function
 * starts, is throttled or dies), and 429 and every 5xx of those pass.
 */
export function readAnswer(status: number, text: string): ApiAnswer {
  const body = parseJson(text);
  if (status >= 200 && status < 300 && body !== undefined) return { kind: 'answered', body };
  const ours = failure.safeParse(body);
  if (!ours.success) {
    return {
      kind: 'refused',
      code: 'internal',
      message: `it answered ${status}: ${text.slice(0, 200)}`,
      retryable: status === 429 || status >= 500,
    };
  }
  const { code, message, retryable } = ours.data.error;
  // `hasOwn` has just shown that it is one of our codes.
  const known = Object.hasOwn(errorCatalog, code) ? (code as ErrorCode) : 'internal';
  return {
    kind: 'refused',
    code: known,
    message: `${code}: ${message}`,
    retryable: retryable ?? errorCatalog[known].retryable,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
