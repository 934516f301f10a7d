export { DeployPipeline, type DeployPipelineProps } from './deploy-pipeline.ts';
export type { PipelineStage } from './stages.ts';
