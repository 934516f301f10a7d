import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type ErrorCode, errorCatalog, PolystoreError } from '../../lambda/errors.ts';
import { requireRun } from '../../local/deployment/run-file.ts';

/** Where the function `project` is: on this machine, or, by its name, in an account. */
export interface ProjectTarget {
  readonly stateDir: string;
  readonly function?: string | undefined;
  readonly region?: string | undefined;
}

/** Sends the function `project` a command and gives its answer. */
export type InvokeProject = (request: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** Longer than the function may take. */
const timeoutMs = 320_000;

const failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
});

/** @throws PolystoreError what the function answers, or `not_running`. */
export async function openProject(target: ProjectTarget): Promise<InvokeProject> {
  const name = target.function ?? 'project';
  const client = new LambdaClient({
    // A command may begin a job: sent twice it would begin two.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: timeoutMs },
    ...(target.function === undefined
      ? {
          endpoint: (await requireRun(target.stateDir)).lambda,
          region: 'eu-west-1',
          credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        }
      : target.region === undefined
        ? {}
        : { region: target.region }),
  });
  return async (request) => {
    const { FunctionError, Payload } = await client
      .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(request) }))
      .catch((cause: unknown) => {
        throw new PolystoreError(
          'not_running',
          `The function ${name} cannot be invoked: ${cause instanceof Error ? cause.message : String(cause)}. ${target.function === undefined ? 'See "npx polystore status".' : 'Its full name is among the outputs of the stack; --region says where it is.'}`,
          { cause },
        );
      });
    const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
    if (FunctionError !== undefined)
      throw new PolystoreError(
        'internal',
        `The function ${name} failed: ${JSON.stringify(answer).slice(0, 500)}. A job goes on where it was: "polystore jobs".`,
      );
    const failed = failure.safeParse(answer);
    if (!failed.success) return answer;
    const { code, message, details } = failed.data.error;
    // `in` has just shown that it is a code.
    throw new PolystoreError(code in errorCatalog ? (code as ErrorCode) : 'internal', message, { details });
  };
}
