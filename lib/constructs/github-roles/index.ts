export { GithubRoles, type GithubRolesProps } from './github-roles.ts';
