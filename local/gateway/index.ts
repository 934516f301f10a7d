export { type Gateway, type GatewayOptions, planRoutes, startGateway } from './gateway.ts';
