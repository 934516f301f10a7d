export type { CaptureOptions } from './capture-stack.ts';
export { createDeployment, type DeploymentOptions } from './deployment.ts';
export type { Deployment } from './stacks.ts';
