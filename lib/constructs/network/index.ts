export {
  captureClient,
  captureEdges,
  type Destination,
  type Edge,
  edgesOf,
  ports,
} from './edges.ts';
export { Network, type NetworkProps, type Server } from './network.ts';
