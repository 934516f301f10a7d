import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { RelationalStore, type RelationalStoreProps } from '../../../../lib/index.ts';
import { foreignVpc, newApp } from '../../deploy.ts';

/** A stack with nothing of Polystore but what `build` puts into it, in a VPC of three zones that is there. */
export function stackAlone(build: (stack: Stack, vpc: IVpc) => void): Stack {
  const stack = new Stack(newApp(), 'Alone');
  build(stack, foreignVpc(stack, 3));
  return stack;
}

/** A stack with one `RelationalStore`. */
export const storeAlone = (props: Partial<RelationalStoreProps>): Stack =>
  stackAlone((stack, vpc) => new RelationalStore(stack, 'Relational', { vpc, ...props }));

/** The template of a stack with one `RelationalStore`. */
export const templateAlone = (props: Partial<RelationalStoreProps>): Template =>
  Template.fromStack(storeAlone(props));

/** What synth warns of in a stack. */
export const warningsOf = (stack: Stack): readonly string[] =>
  Annotations.fromStack(stack)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data));
