export { type Gateway, type GatewayOptions, type GatewayRoute, planRoutes, startGateway } from './gateway.ts';
