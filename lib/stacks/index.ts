export type { CaptureOptions } from './capture-stack.ts';
export { createDeployment, type Deployment, type DeploymentOptions } from './deployment.ts';
