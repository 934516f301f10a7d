import { type Catalog, functionsOf } from '../../lambda/model/index.ts';
import type { Invoke } from '../../local/functions/index.ts';
import { type ChangeLogTrigger, startChangeLogTrigger } from '../../local/triggers/index.ts';
import type { Account } from './account.ts';

export interface Pollers {
  /** The deployed functions that are fed from the change log, by the names that the model gives them. */
  readonly functions: ReadonlyMap<string, string>;
  /** The failures that functions had so far, each with its function and topic. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/** One invocation at a time: each at the same time as another has a process of its own, as on AWS. */
function inTurn(invoke: Invoke): Invoke {
  let last: Promise<unknown> = Promise.resolve();
  return (event) => {
    const mine = last.then(() => invoke(event));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/**
 * Stands in for Lambda's pollers of MSK, which the emulator does not have: reads the change log and
 * invokes the deployed functions with what is on it, as the runner in `local/` does with its own.
 */
export async function startPollers(options: {
  readonly catalog: Catalog;
  readonly account: Account;
  readonly functionsStack: string;
  readonly brokers: readonly string[];
}): Promise<Pollers> {
  const { catalog, account, brokers } = options;
  const deployed = await account.resources(options.functionsStack, 'AWS::Lambda::Function');
  const functions = new Map<string, string>();
  const failures: string[] = [];
  const triggers: ChangeLogTrigger[] = [];
  for (const { name, trigger } of functionsOf(catalog)) {
    if (trigger.kind !== 'change-log') continue;
    // The construct's path without what is no letter or digit, and a hash.
    const logicalId = new RegExp(`^Functions${name.replaceAll('-', '')}Function[0-9A-F]{8}$`);
    const found = [...deployed].find(([id]) => logicalId.test(id));
    if (found === undefined)
      throw new Error(
        `${options.functionsStack} has no function ${name}, only ${[...deployed.keys()].join(', ')}`,
      );
    functions.set(name, found[1]);
    triggers.push(
      startChangeLogTrigger({
        model: catalog.name,
        function: { name, trigger },
        brokers,
        invoke: inTurn((event) => account.invoke(found[1], event)),
        onNotice: ({ level, trigger: where, message }) => {
          if (level !== 'info') failures.push(`${where}: ${message}`);
        },
      }),
    );
  }
  return {
    functions,
    failures,
    stop: async () => {
      await Promise.all(triggers.map((each) => each.stop()));
    },
  };
}
