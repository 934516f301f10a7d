export { defaultMaximumTasks } from './checks.ts';
export { createRouterRole, RouterService, type RouterServiceProps } from './router-service.ts';
