export { createWebAcl, defaultRequestsPerAddress } from './web-acl.ts';
