import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CodeBuildStep, type IFileSetProducer, ManualApprovalStep, type Step } from 'aws-cdk-lib/pipelines';
import { assemblyOf, lookUpCommands, type MadeStage, mayLookUp } from './stages.ts';

/**
 * What comes before a stage's stacks: a review of what changes, and the check that stops what would remove or replace
 * what holds data, unless it is allowed by name. Where somebody approves, it is checked once more behind that: what is
 * deployed may have changed while the approval was waited for.
 */
export function guardSteps(
  made: MadeStage,
  options: {
    readonly source: IFileSetProducer;
    readonly synth: IFileSetProducer;
    readonly install: readonly string[];
    readonly notify: ITopic;
  },
): Step[] {
  const { environment } = made;
  const step = (id: string, commands: readonly ('review' | 'check')[]): CodeBuildStep => {
    const runs = commands.map((name) =>
      lookUpCommands(made, `npx polystore deploy ${name} --assembly ${assemblyOf(made, 'cdk.out')}`),
    );
    return new CodeBuildStep(id, {
      input: options.source,
      additionalInputs: { 'cdk.out': options.synth },
      installCommands: [...options.install],
      env: Object.assign({}, ...runs.map(({ env }) => env)),
      commands: [...new Set(runs.flatMap((run) => run.commands))],
      rolePolicyStatements: [mayLookUp([made])],
    });
  };
  const check = step(`Check-${environment}`, ['review', 'check']);
  if (made.approval !== true) return [check];
  const approval = new ManualApprovalStep(`Approve-${environment}`, {
    comment: `Read the review in the log of Check-${environment} first.`,
    notificationTopic: options.notify,
  });
  const again = step(`CheckAgain-${environment}`, ['check']);
  approval.addStepDependency(check);
  again.addStepDependency(approval);
  return [check, approval, again];
}
