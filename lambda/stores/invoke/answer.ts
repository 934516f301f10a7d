import * as z from 'zod/mini';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../errors.ts';

/** A refusal goes as an answer: of an error that a function throws only name and message would arrive. */
export interface Refusal {
  readonly error: Pick<PolystoreError, 'code' | 'message' | 'details' | 'told'>;
}

/** What an invocation may answer, in bytes of JSON (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const maxAnswerBytes = 6_291_556;

const bytesOf = (answer: object): number => Buffer.byteLength(JSON.stringify(answer));

export const fitsAnswer = (answer: object): boolean => bytesOf(answer) <= maxAnswerBytes;

/**
 * Does what a function was invoked for. What is refused is an answer too, and so is an answer that Lambda would drop
 * and say less of (`result_too_large`); a defect fails the invocation.
 *
 * @param remedy what to do about an answer that is too large
 */
export async function answerOrRefuse<A extends object>(
  work: () => Promise<A>,
  remedy: string,
): Promise<A | Refusal> {
  try {
    return checkSize(await work(), remedy);
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    const { code, message, details, told } = error;
    return { error: { code, message, details, told } };
  }
}

function checkSize<A extends object>(answer: A, remedy: string): A {
  const bytes = bytesOf(answer);
  if (bytes <= maxAnswerBytes) return answer;
  throw new PolystoreError(
    'result_too_large',
    `The answer between two functions has ${bytes} bytes; ${maxAnswerBytes} are allowed. ${remedy}`,
    { details: { bytes, maxAnswerBytes } },
  );
}

const said = { message: z.string(), details: z.record(z.string(), z.unknown()) };
const refusalShape = z.object({
  error: z.object({ code: z.string(), ...said, told: z.optional(z.object(said)) }),
});

/** @throws PolystoreError the other side's own, or `store_rejected` for what is none of its answers. */
export function parseAnswer<S extends z.ZodMiniType>(shape: S, answer: unknown): z.infer<S> {
  const parsed = z.safeParse(shape, answer);
  // The schema's own type.
  if (parsed.success) return parsed.data as z.infer<S>;
  const failed = z.safeParse(refusalShape, answer);
  if (failed.success && failed.data.error.code in errorCatalog) {
    const { code, message, details, told } = failed.data.error;
    throw new PolystoreError(
      // `in` has just shown that it is a code.
      code as ErrorCode,
      message,
      told === undefined ? { details } : { details: told.details, told: told.message },
    );
  }
  throw new PolystoreError(
    'store_rejected',
    `A function answered what is not understood here: ${JSON.stringify(answer)?.slice(0, 200)}. Both must be of the same deployment.`,
  );
}
