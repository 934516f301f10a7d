export { renderDifferences } from './differences.ts';
export { type Judgement, judge } from './judge.ts';
export { findLosses, type Loss } from './losses.ts';
export { renderJudgement } from './render.ts';
export { notCounted, runbooks, statefulTypes } from './stateful-types.ts';
export { type CloudFormationTemplate, pathOf, type Resource } from './template.ts';
