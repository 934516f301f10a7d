/** Consent to lose one thing that holds data, in one environment. */
export interface AllowedLoss {
  readonly environment: string;
  /** The stack's name: `Flights-Dev-Table`. */
  readonly stack: string;
  /** The logical id, or the path of the construct: `Flights-Dev-Table/Table/Entities`. */
  readonly resource: string;
  readonly loss: 'removed' | 'replaced';
  /** Why, and that its runbook was followed. */
  readonly reason: string;
  /** The last day on which it holds, `YYYY-MM-DD`: what is not taken out must not allow the next one. */
  readonly until: string;
}

/**
 * What `polystore deploy check` lets pass, reviewed with the code. It prints the line to put here when it
 * refuses; take the line out once every environment has had the deployment.
 */
export const allowedLosses: readonly AllowedLoss[] = [];
