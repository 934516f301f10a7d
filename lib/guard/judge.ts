import type { AllowedLoss } from '../environments/allowed-losses.ts';
import type { Loss } from './losses.ts';

/** What becomes of the losses that a deployment would bring. */
export interface Judgement {
  /** Nobody allowed these: the deployment must not begin. */
  readonly refused: readonly Loss[];
  readonly allowed: readonly Loss[];
  /** Of this environment, and nothing of theirs would be lost: they should be taken out. */
  readonly unused: readonly AllowedLoss[];
  /** Their day is over: they allow nothing. */
  readonly expired: readonly AllowedLoss[];
}

/** @param today `YYYY-MM-DD` */
export function judge(options: {
  readonly environment: string;
  readonly losses: readonly Loss[];
  readonly allowances: readonly AllowedLoss[];
  readonly today: string;
}): Judgement {
  const ours = options.allowances.filter(({ environment }) => environment === options.environment);
  const expired = ours.filter(({ until }) => until < options.today);
  const valid = ours.filter((allowance) => !expired.includes(allowance));
  const allows = (allowance: AllowedLoss, loss: Loss): boolean =>
    allowance.loss === loss.kind &&
    allowance.stack === loss.stack &&
    (allowance.resource === loss.logicalId || allowance.resource === loss.path);
  const allowed = options.losses.filter((loss) => valid.some((allowance) => allows(allowance, loss)));
  return {
    refused: options.losses.filter((loss) => !allowed.includes(loss)),
    allowed,
    unused: valid.filter((allowance) => !allowed.some((loss) => allows(allowance, loss))),
    expired,
  };
}
