import type { IKey } from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import type { FunctionName, FunctionSpec } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import type { WatchedApi } from '../alarms/index.ts';
import type { LogProps } from '../log-group.ts';

/** What stands before the functions, whatever kind it is. */
export interface ApiFront extends IConstruct {
  /** Ends with a slash. */
  readonly url: string;
  /** By what its alarms find its metrics. */
  readonly watched: WatchedApi;
}

/** What every front takes. */
export interface FrontProps extends LogProps {
  readonly apiName: string;
  /** Those with an HTTP trigger get their routes; others are left alone. */
  readonly specs: readonly FunctionSpec[];
  readonly functionOf: (name: FunctionName) => lambda.IFunction;
  /**
   * Steady rate of all callers together; above it API Gateway answers 429.
   * @default 100
   */
  readonly requestsPerSecond?: number;
  /**
   * How many requests may come at once above the steady rate.
   * @default - twice the rate
   */
  readonly burst?: number;
  /** Of the access logs; CloudWatch Logs is let use it. */
  readonly encryptionKey: IKey;
}

interface ApiRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly spec: FunctionSpec;
  /** Answers whoever probes it, with nothing but whether it is well. */
  readonly isPublic: boolean;
  readonly streams: boolean;
}

const publicPaths: readonly string[] = ['/health'];

/** The routes of the functions that have an HTTP trigger. */
export const routesOf = (specs: readonly FunctionSpec[]): readonly ApiRoute[] =>
  specs.flatMap((spec) => {
    const { trigger } = spec;
    if (trigger.kind !== 'http') return [];
    return trigger.routes.map(({ method, path }) => ({
      ...{ method, path, spec },
      isPublic: publicPaths.includes(path),
      streams: trigger.streams === true,
    }));
  });

/** What a front lets through: twice the rate may come at once, unless it is said. */
export function ratesOf({ requestsPerSecond = 100, burst = 2 * requestsPerSecond }: FrontProps) {
  return { requestsPerSecond, burst };
}

export function checkRates(props: FrontProps, problems: Problems): void {
  const { requestsPerSecond, burst } = ratesOf(props);
  if (!(requestsPerSecond > 0) || !Number.isInteger(burst) || burst < 1)
    problems.add('requestsPerSecond and burst', `are ${requestsPerSecond} and ${burst}`, 'use more than 0');
}

/** Why a probe of health asks for no credential. */
export const publicReason = 'It answers whoever probes it, and with nothing but whether it is well.';
